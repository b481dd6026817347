"""Where tables lie, and the engine that counts in them.

``lake`` is the folder of Parquet tables. ``engine`` says what an engine can do; ``duckdb_engine``
is the usual one and opens whichever the settings name; ``spark_engine`` is the other.

Belongs here: keeping rows, and running a query within limits. Does not: what is asked of them.
"""
