"""The list of periods, planned: every month with its total and what data it has.

Belongs here: the one page. Does not: the page of a month (``month_pages``), words, HTML.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from cchc_pipeline.period import Basis, Month
from publish.site.extract import Extract, Figures, Row
from publish.site.naming import TOTAL
from publish.site.planned import Material, PlannedPage

PERIODS_PAGE = "thang/index.html"


@dataclass(frozen=True)
class Period:
    """A month: the publishing unit's total, or None, and what data of it there are."""

    month: Month
    total: Row | None
    dossiers: Row | None


def period_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PlannedPage]:
    """The one page."""
    scores = figures.part("scores", "unit_code", figures.root)
    statistics = figures.part("dossier_statistics", "unit_code", figures.root)
    extract = figures.extract(
        {
            "scores": scores.filter(pc.equal(scores["metric_code"], TOTAL)),
            "dossier_statistics": statistics.filter(pc.equal(statistics["field_code"], "ALL")),
            "obs_status": figures.whole("obs_status"),
        },
        months=[str(month) for month in figures.months],
    )
    yield PlannedPage(PERIODS_PAGE, "periods.html", extract, period_material)


def period_material(extract: Extract) -> Material:
    """What the template needs: the periods by year, newest first."""
    totals: dict[str, dict[str, Row]] = {}
    for row in extract.rows("scores"):
        if row["score"] is not None:
            totals.setdefault(row["period"], {})[row["basis"]] = row
    flows = {
        row["period"]: row
        for row in extract.rows("dossier_statistics")
        if row["received"] is not None
    }
    years: dict[int, list[Period]] = {}
    for text in reversed(extract.more["months"]):
        found = totals.get(text, {})
        total = next((found[basis.value] for basis in Basis if basis.value in found), None)
        month = Month.parse(text)
        years.setdefault(month.year, []).append(Period(month, total, flows.get(text)))
    return Material({"years": years, "is_sample_release": extract.is_sample})
