"""Small records: the catalogue, petitions, corrections, and what judging them shares.

Belongs here: rows that Python judges one by one. Does not: dossiers, which are too many.
"""
