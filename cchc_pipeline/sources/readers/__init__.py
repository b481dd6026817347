"""Files of records, read as their upload schema says: CSV, workbooks, JSON, Parquet.

``reading`` is the one way in: ``unpacking``, then the reader of the kind (``csv_files``,
``json_files``, ``parquet_files``, ``xlsx``), which gives a ``text_relation``. All share
``upload_schema`` (which fields a record has), ``headings`` and ``passed_over`` (lines that are no
records). ``text_inspection``, ``csv_lines``, ``json_relation``, ``json_lists`` and ``staged_rows``
are steps of single readers.

Belongs here: from bytes to named columns of text, with nothing lost unsaid. Does not: what values
mean.
"""
