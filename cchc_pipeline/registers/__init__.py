"""Registers: units in time, and the one matcher of their names.

Belongs here: who exists when, and by which names. Does not: figures.
"""
