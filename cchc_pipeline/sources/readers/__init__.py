"""Files of records, read as their form says: CSV, workbooks, JSON, Parquet.

Belongs here: from bytes to named columns of text, with nothing lost unsaid. Does not: what values
mean.
"""
