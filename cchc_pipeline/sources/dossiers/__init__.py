"""Dossiers of the city's one-stop system: from texts to accepted, quarantined and duplicate rows.

``collection`` takes them in, from the inbox or out of the city's ``database`` (by its ``view``).
``month`` reads them: ``staging`` makes values of texts (``values``) and finds the faults of
``rules``, ``judging`` gives every row one fate, ``quarantine`` says why.

Belongs here: values, rules, duplicates, accounts. Does not: opening files (``readers``), or
counting (``indicators``).
"""
