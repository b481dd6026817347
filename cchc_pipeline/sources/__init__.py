"""Where figures come from: one room a source, and the raw archive that keeps their bytes.

``inbox`` says what lies there, ``raw`` keeps what is taken in, ``readers`` make columns of text of
any file. A source's own room says what its texts mean: ``national_portal``, ``dossiers``,
``records`` (catalogue, petitions, corrections), ``agency_forms``.

Belongs here: fetching and receiving, archiving before parsing, and reading what a source said. Does
not: judging figures against the law (``methodology``), or storing tables
(``cchc_pipeline.storage.lake``).
"""
