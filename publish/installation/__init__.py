"""A whole installation: its backup, its state, what a run would do.

Belongs here: what concerns ``CCHC_HOME`` as a whole. Does not: one release.
"""
