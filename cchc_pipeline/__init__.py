"""The domain of the open-data pipeline: periods, units, Decision 766, the plan, tables, sources.

What belongs here: pure Python that knows what the numbers mean. What does not: Dagster
(``assets``), the shape of a release (``publish``), words, thresholds and code lists (``schemas``).
"""

__version__ = "0.1.0"
