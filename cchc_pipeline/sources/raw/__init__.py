"""The raw archive: what was received, byte for byte, and what was taken back.

``archive`` keeps bytes by their digest, with the records of snapshots; ``deliveries`` are the files
of a month, ``withdrawals`` what was taken back, and so what stood at a moment.

Belongs here: keeping and finding bytes. Does not: reading them (``readers``).
"""
