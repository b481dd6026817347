"""What the list of indicators shows: metrics by group with the newest score, targets by year.

Belongs here: ordering. Does not: which of them have a page (``indicator_pages``), words, HTML.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cchc_pipeline.decision766 import Methodology, load_methodology
from cchc_pipeline.period import Basis
from publish.site.extract import Extract
from publish.site.month_plan import plan_order
from publish.site.naming import Row


@dataclass(frozen=True)
class IndicatorList:
    """Metrics of the newest methodology, and targets by year, the newest first.

    ``scores`` are the publishing unit's newest rows by metric.
    """

    methodology: Methodology
    scores: Mapping[str, Row]
    names: Mapping[str, Row]
    years: tuple[tuple[int, tuple[Row, ...]], ...]


def indicator_list(extract: Extract) -> IndicatorList:
    """Choose and order what the list shows."""
    rows = [row for row in extract.rows("scores") if row["score"] is not None]
    basis = next((b.value for b in Basis if any(r["basis"] == b.value for r in rows)), "")
    targets: dict[int, list[Row]] = {}
    for row in extract.rows("indicators"):
        if row["year"] in extract.more["years"]:
            targets.setdefault(row["year"], []).append(row)
    return IndicatorList(
        load_methodology(extract.more["methodology"]),
        {row["metric_code"]: row for row in rows if row["basis"] == basis},
        {row["metric_code"]: row for row in extract.rows("metrics")},
        tuple(
            (year, tuple(sorted(targets[year], key=lambda row: plan_order(row["indicator_id"]))))
            for year in sorted(targets, reverse=True)
        ),
    )
