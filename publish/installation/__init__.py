"""A whole installation: its backup, its state, what a run would do and what it did.

``status`` is what is there of each month, ``health`` whether it is in order at a glance,
``dry_run`` what would follow, ``month_summary`` and ``release_summary`` what came of it; ``backup``
copies it all.

Belongs here: what concerns ``CCHC_HOME`` as a whole, read for the command line. Does not: words and
lines of a run (``cchc_pipeline.cli``), or changing a release.
"""
