"""Spark as the engine: loaded by its setting only.

Belongs here: the session, the dialect. Does not: what is asked.
"""
