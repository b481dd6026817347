"""Units in time: which exist when, by which names, and who follows one that ended.

``units`` is the register, and matches a free text to a unit, once for every source; ``unit_lists``
reads the lists that it is made of.

Belongs here: who exists, and who is meant. Does not: figures.
"""
