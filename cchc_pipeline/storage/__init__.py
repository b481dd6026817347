"""Storage: the Parquet lake, and the engine that counts in it.

Belongs here: where tables lie, and SQL's engine. Does not: what is asked of them.
"""
