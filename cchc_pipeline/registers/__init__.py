"""Units in time: which exist when, by which names, and who follows one that ended.

``units`` is the register, ``unit_lists`` reads the lists it is made of, ``unit_names`` matches a
free text to a unit, once for every source.

Belongs here: who exists, and who is meant. Does not: figures.
"""
