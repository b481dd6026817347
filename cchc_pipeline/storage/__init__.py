"""Where tables lie, and the engine that counts in them.

``lake`` is the folder of Parquet tables. ``engine`` says what an engine can do; ``duckdb_engine``
and ``spark`` are the two there are, and ``opening`` picks one by the settings.

Belongs here: keeping rows, and running a query within limits. Does not: what is asked of them.
"""
