"""Which metrics, groups and targets have a page, and the list of them.

Belongs here: the recipe of each page, with the rows that it is made from, and their order.
Does not: what a page shows (``indicator``), words, HTML.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.core.period import Basis
from cchc_pipeline.methodology import Methodology, load_methodology
from publish.site.extract import Extract, Figures
from publish.site.forms import TOTAL, Row
from publish.site.kept import Material, PageRecipe, rows_attached
from publish.site.pages.indicator import (
    SERIES,
    has_places,
    metric_facts,
    newest_methodology,
    places_chart,
    places_finding,
    series_chart,
    series_finding,
    target_chart,
    target_facts,
    target_finding,
)
from publish.site.pages.month_plan import plan_order

INDICATORS_PAGE = "chi-so/index.html"


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


def indicator_page(code: str) -> str:
    """The name of the page of a metric or group; of a target, ``<year>-<id>``."""
    return f"chi-so/{code}.html"


def indicator_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PageRecipe]:
    """A page for each metric, group and target, and their list."""
    newest = _newest(figures)
    methodology = _methodology(figures)
    yield PageRecipe(
        INDICATORS_PAGE, "indicators.html", _list_extract(figures, newest, methodology),
        indicators_material,
    )  # fmt: skip
    for code in (TOTAL, *_codes(figures)):
        extract = _metric_extract(figures, code, newest, _knowing(figures, code, methodology))
        yield PageRecipe(
            indicator_page(code), "metric.html", extract, metric_material, keeps_charts=True
        )
    for row in figures.whole("indicators").to_pylist():
        if any(month.year == row["year"] for month in figures.months):
            page = indicator_page(f"{row['year']}-{row['indicator_id']}")
            yield PageRecipe(
                page, "target.html", _target_extract(figures, row), target_material,
                keeps_charts=True,
            )  # fmt: skip


def _codes(figures: Figures) -> tuple[str, ...]:
    codes = figures.whole("metrics").column("metric_code").to_pylist()
    return tuple(dict.fromkeys(code for code in codes if code != TOTAL))


def _newest(figures: Figures) -> str:
    """The newest period that has any score."""
    scores = figures.whole("scores")
    return pc.max(scores.filter(pc.is_valid(scores["score"]))["period"]).as_py() or ""


def _methodology(figures: Figures) -> str:
    """The methodology of the newest scores, else the first that is listed."""
    own = figures.part("scores", "unit_code", figures.root).select(["period", "methodology"])
    listed = figures.whole("metrics").column("methodology").to_pylist()
    return newest_methodology(own.to_pylist(), listed[0] if listed else "")


def _knowing(figures: Figures, code: str, methodology: str) -> str:
    """The methodology, or the latest that lists a code where this one does not."""
    metrics = figures.whole("metrics")
    listed = metrics.filter(pc.equal(metrics["metric_code"], code))["methodology"].to_pylist()
    return methodology if methodology in listed else str(max(listed, default=methodology))


def _lists(figures: Figures) -> dict[str, pa.Table]:
    return {name: figures.whole(name) for name in ("units", "metrics", "indicators", "obs_status")}


def _list_extract(figures: Figures, newest: str, methodology: str) -> Extract:
    own = figures.part("scores", "unit_code", figures.root)
    tables = {**_lists(figures), "scores": own.filter(pc.equal(own["period"], newest))}
    years = sorted({month.year for month in figures.months})
    return figures.extract(tables, methodology=methodology, years=years, period=newest)


def _metric_extract(figures: Figures, code: str, newest: str, methodology: str) -> Extract:
    rows = figures.part("scores", "metric_code", code)
    first = str(figures.months[-SERIES:][0])
    own = pc.and_(
        pc.equal(rows["unit_code"], figures.root), pc.greater_equal(rows["period"], first)
    )
    tables = {
        **_lists(figures),
        "series": rows.filter(own),
        "newest": rows.filter(pc.equal(rows["period"], newest)),
    }
    months = [str(month) for month in figures.months[-SERIES:]]
    return figures.extract(tables, metric=code, months=months, methodology=methodology)


def _target_extract(figures: Figures, row: Mapping[str, Any]) -> Extract:
    indicators = figures.whole("indicators")
    one = pc.and_(
        pc.equal(indicators["year"], row["year"]),
        pc.equal(indicators["indicator_id"], row["indicator_id"]),
    )
    months = [month for month in figures.months if month.year == row["year"]]
    rows = figures.part("plan_indicators", "indicator_id", row["indicator_id"])
    wanted = pa.array([str(month) for month in months])
    tables = {
        **_lists(figures),
        "indicators": indicators.filter(one),
        "plan_indicators": rows.filter(pc.is_in(rows["period"], value_set=wanted)),
    }
    return figures.extract(tables, months=[str(month) for month in months])


def metric_material(extract: Extract) -> Material:
    """What the template of a metric needs."""
    page = indicator_page(extract.more["metric"])
    rows = pa.concat_tables([extract.tables["series"], extract.tables["newest"]])
    attached = rows_attached(page, "scores", _distinct(rows))
    values = {
        "facts": metric_facts(extract),
        "attached": attached,
        "is_sample_release": extract.is_sample,
        "series_chart": series_chart,
        "series_finding": series_finding,
        "has_places": has_places,
        "places_chart": places_chart,
        "places_finding": places_finding,
    }
    return Material(values, {attached.name: attached.content})


def _distinct(rows: pa.Table) -> pa.Table:
    """Each row once, in the order of its key; a newest row of the publishing unit came twice."""
    keys = ["period", "basis", "unit_code"]
    ordered = rows.take(pc.sort_indices(rows, [(key, "ascending") for key in keys]))
    seen, kept = set(), []
    for place, key in enumerate(zip(*(ordered[k].to_pylist() for k in keys), strict=True)):
        if key not in seen:
            seen.add(key)
            kept.append(place)
    return ordered.take(pa.array(kept, pa.int64()))


def target_material(extract: Extract) -> Material:
    """What the template of a target needs."""
    values = {
        "facts": target_facts(extract),
        "is_sample_release": extract.is_sample,
        "target_chart": target_chart,
        "target_finding": target_finding,
    }
    return Material(values)


def indicators_material(extract: Extract) -> Material:
    """What the list of indicators needs."""
    return Material({"list": indicator_list(extract), "is_sample_release": extract.is_sample})
