"""The raw archive: what was received, byte for byte, and what was taken back.

Belongs here: keeping and finding bytes. Does not: reading them.
"""
