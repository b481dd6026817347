"""Small records: the catalogue, petitions, corrections, and what judging them shares.

``procedures``, ``petitions`` and ``corrections`` judge a record each, with ``values`` (what a text
means) and ``rows`` (accepted, or set aside); ``other_inputs`` finds the module of a declared
source.

Belongs here: rows that Python judges one by one. Does not: dossiers, which are too many
(``sources.dossiers``).
"""
