"""Computed tables: pure functions from validated rows to rows of the published tables.

Scores of the national portal: ``observations`` (corrected, compared), ``scores``. Dossiers:
``dossier_measures`` (what counts), ``dossier_statistics`` (counted), ``dossier_targets`` (the
plan's targets). Other records: ``records`` (the catalogue, petitions). The plan:
``plan_indicators``, ``task_progress``, ``year_to_date``. And ``code_lists``,
``quarantine_summary``.

Belongs here: one module a topic. Does not: reading files or the network, Dagster, formats.
"""
