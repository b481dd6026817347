"""Dossiers of the city's one-stop system: from texts to accepted, quarantined and duplicate rows.

Belongs here: values, rules, duplicates, accounts. Does not: opening files, or counting.
"""
