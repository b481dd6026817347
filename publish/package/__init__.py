"""The files of a release: formats, workbook, descriptor, signature.

``formats`` are CSV, JSON and Parquet, ``workbook`` is Excel, ``descriptor`` the texts beside them,
``signature`` their seal.

Belongs here: from tables to bytes, and back. Does not: which rows are published
(``publish.release``), or where the files lie (``publish.store``).
"""
