"""Where figures come from: one module per source, and the raw archive that keeps their bytes.

Belongs here: fetching and receiving, archiving before parsing, and reading what a source said. Does
not: judging figures against the law (``methodology``), or storing tables
(``cchc_pipeline.storage.lake``).
"""
