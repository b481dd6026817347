"""What somebody must act on, told once a cause, and a digest a day.

Belongs here: from facts to alerts (``rules``), to words (``message``), what was told to whom
(``cchc_pipeline.alerts.telling``) and how it is sent (``delivery``). Does not: gathering the facts,
which takes lake, portal and Dagster (``assets.alerting``).
"""
