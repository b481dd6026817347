"""Dagster: thin assets by layer, their checks, and how they are run.

The layers of a month, in the order of the data: ``raw``, ``validated``, ``computed``,
``published``. What is run: ``jobs`` (selections), ``runner`` (in process; read it first),
``automation`` (by itself). What is checked: ``checks``, ``month_checks``. What is current:
``staleness``. What steps share is ``resources``, the Dagster instance ``instance``; ``alerting``
tells, ``recomputation`` makes a release again.

Belongs here: the graph. Does not: what a number means or how a file looks; an asset loads, calls
one function of ``cchc_pipeline`` or ``publish``, stores, and returns metadata.
"""
