"""Dagster: thin assets, checks, partitions, resources.

Belongs here: the graph. Does not: what a number means or how a file looks; an asset loads, calls
one function of ``cchc_pipeline`` or ``publish``, stores, and returns metadata.
"""
