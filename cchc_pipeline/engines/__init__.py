"""Engines: where the rows of dossiers are judged and counted, on this machine or on a cluster.

Belongs here: the few things that every engine can do, each engine, and choosing one. Does not: any
rule or measure, which are written once, in DuckDB's dialect of SQL or as Ibis expressions.
"""
