"""Which months rest on which: year-to-date figures and continuity.

Belongs here: what a month hands on, and who takes it. Does not: running anything (``execution``).
"""

import hashlib
from collections.abc import Sequence

from cchc_pipeline.period import Month
from cchc_pipeline.store import Lake, content_digest

CARRIED = ("dossier_counts", "dossier_accounts", "agency_reports", "procedure_catalogue")
"""The tables of a month that later months of its year read."""


def carried_digest(lake: Lake, month: Month) -> str:
    """A digest of what later months take from a month."""
    digests = (content_digest(lake.read(table, month)) for table in CARRIED)
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def following_months(lake: Lake, changed: Sequence[Month]) -> list[Month]:
    """The computed months that rest on changed ones: the rest of the year, and the next month."""
    return [
        month
        for month in lake.months("plan_indicators")
        if any(m < month and (m.year == month.year or m.next() == month) for m in changed)
    ]
