"""Spark as the engine: loaded by its setting only.

``engine`` is what the protocol asks, ``session`` starts and ends Spark, ``dialect`` translates.

Belongs here: all that knows Spark. Does not: what is asked of it.
"""
