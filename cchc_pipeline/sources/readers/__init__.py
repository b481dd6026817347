"""Files of records, read as their form says: CSV, workbooks, JSON, Parquet.

``reading`` is the one way in: ``unpacking``, then the reader of the kind (``csv_files``,
``json_files``, ``parquet_files``, ``xlsx``). They share ``upload_schema`` (what a record's form
says), ``headings``, ``passed_over`` (lines that are no records) and give a ``text_relation``.
``text_inspection``, ``csv_lines``, ``json_relation``, ``json_lists`` and ``staged_rows`` are steps
of single readers.

Belongs here: from bytes to named columns of text, with nothing lost unsaid. Does not: what values
mean.
"""
