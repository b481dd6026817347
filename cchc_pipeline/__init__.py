"""The domain of the open-data pipeline: from files and answers to the figures of a month.

Read ``cli`` first: what is asked of a run. Then follow a figure: ``sources`` receive, keep and read
it, ``indicators`` count it, ``storage`` holds the tables. These rest on ``contracts`` (what a table
is), ``registers`` (units), ``methodology`` (Decision 766), ``plan`` (a year's reform plan),
``calendar`` (announced dates), ``settings`` and ``core``. Beside the way stand ``reports`` (sheets
for units), ``alerts`` (for operators) and ``simulation`` (sample dossiers).

Belongs here: pure Python that knows what the numbers mean. Does not: Dagster (``assets``), the
shape of a release (``publish``), words, thresholds and code lists (``schemas``).
"""

__version__ = "0.1.0"
