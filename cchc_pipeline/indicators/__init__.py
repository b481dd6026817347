"""Computed tables: pure functions from validated rows to rows of the published tables.

Belongs here: one module a topic. Does not: reading files or the network, Dagster, formats.
"""
