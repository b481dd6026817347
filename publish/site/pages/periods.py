"""Which months have a page, the newest as the front page too; and the list of them.

Belongs here: the recipe of each page, with the rows that it is made from, and its neighbours. Does
not: what it shows of them (``month``), words, HTML.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.calendar import load_calendar
from cchc_pipeline.core.period import Basis, Month
from publish.catalogue.dcat import dataset_markup, script_text
from publish.site.blocks.answer import ANSWERS, POINTS
from publish.site.blocks.beside import year_before
from publish.site.blocks.dossiers import Flow, flow_chart, flow_finding
from publish.site.blocks.leagues import has_spread, spread_chart, spread_finding
from publish.site.charts.bars import shade
from publish.site.extract import Extract, Figures, Row
from publish.site.forms import SAMPLE, TOTAL
from publish.site.kept import Attachment, Material, PageRecipe, rows_attached
from publish.site.page import INDEX_PAGE, embed_of
from publish.site.pages.month import group_chart, group_finding, month_facts
from publish.site.pages.month_plan import attainment_chart, attainment_finding
from publish.site.pages.pictures import month_pictures
from publish.site.pages.provinces import national_month
from publish.site.pages.units import SHARE_TARGET, codes

_MONTHLY = ("scores", "plan_indicators", "plan_tasks", "dossier_statistics", "submissions")
_ATTACHED = ("scores", "plan_indicators", "dossier_statistics")
_FLOW_COLUMNS = (
    "carried_over", "received", "finished", "early", "on_time", "late", "open_in_time",
    "open_overdue",
)  # fmt: skip
_LISTS = ("metrics", "obs_status")
_DRAWN = {
    function.__name__: function
    for function in (
        group_chart, group_finding, shade, flow_chart, flow_finding, attainment_chart,
        attainment_finding, has_spread, spread_chart, spread_finding,
    )
}  # fmt: skip
PERIODS_PAGE = "thang/index.html"


def month_page(month: Month | str) -> str:
    """The name of a month's page."""
    return f"thang/{month}.html"


def month_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PageRecipe]:
    """A page for each month, and the front page."""
    for place, month in enumerate(figures.months):
        name = month_page(month)
        extract = month_extract(figures, place)
        yield PageRecipe(name, "month.html", extract, month_material, name, True)
        if month == figures.newest:
            more = {**extract.more, "descriptor": descriptor, "late": _late(figures)}
            front = Extract(extract.tables, extract.identity, more)
            yield PageRecipe(INDEX_PAGE, "month.html", front, month_material, name, True)


def _late(figures: Figures) -> list[tuple[str, str, int]]:
    """The months after the newest that are due and not out: month, due day, days late."""
    at, calendar = figures.draft.published_at, load_calendar()
    return [
        (str(due.month), due.moment.date().isoformat(), due.days_late(at))
        for due in calendar.missed({figures.newest}, at, at)
    ]


def month_extract(figures: Figures, place: int) -> Extract:
    """What the page of the month at a place among the periods is made from."""
    months = figures.months
    month = months[place]
    tables = {name: figures.of_months(name, month) for name in _MONTHLY}
    tables["scores"] = pa.concat_tables([_before(figures, month), tables["scores"]])
    tables |= _own_course(figures, place)
    tables |= {name: figures.whole(name) for name in _LISTS}
    tables["units"] = units_of_month(figures.whole("units"), month)
    tables["indicators"] = of_year(figures.whole("indicators"), month.year)
    return figures.extract(
        tables,
        month=str(month),
        previous=str(months[place - 1]) if place else None,
        next=str(months[place + 1]) if place + 1 < len(months) else None,
        sample_periods=sample_periods(figures),
        listed=_listed(figures, tables["units"]),
        has_provinces=national_month(figures) == month,
    )


def _before(figures: Figures, month: Month) -> pa.Table:
    """What the month is told against: all totals of the one before, the publisher's groups."""
    scores = figures.of_months("scores", year_before(month), month.previous())
    ours = pc.equal(scores["unit_code"], figures.root)
    before = pc.equal(scores["period"], str(month.previous()))
    totals = pc.and_(pc.equal(scores["metric_code"], TOTAL), before)
    return scores.filter(pc.or_(totals, ours))


def _own_course(figures: Figures, place: int) -> dict[str, pa.Table]:
    """The publishing unit's totals and dossiers of the last months, up to this one."""
    months = figures.months[max(place + 1 - POINTS, 0) : place + 1]
    scores = figures.of_months("scores", *months)
    known = dict.fromkeys((year_before(figures.months[place]), *months))
    flows = figures.of_months("dossier_statistics", *known)
    own, ours = (pc.equal(rows["unit_code"], figures.root) for rows in (scores, flows))
    return {
        "course": scores.filter(pc.and_(own, pc.equal(scores["metric_code"], TOTAL))),
        "flows": flows.filter(pc.and_(ours, pc.equal(flows["field_code"], "ALL"))),
    }


def _listed(figures: Figures, units: pa.Table) -> list[str]:
    """The units of a month, below the publishing one, that have a page."""
    valid = set(units.column("unit_code").to_pylist())
    return [code for code in codes(figures) if code in valid and code != figures.root]


def units_of_month(units: pa.Table, month: Month) -> pa.Table:
    """The rows of units that were valid on some day of a month."""
    ended = pc.less(units["valid_to"], pa.scalar(month.first_day))
    begun = pc.less_equal(units["valid_from"], pa.scalar(month.last_day))
    return units.filter(pc.and_(begun, pc.invert(pc.fill_null(ended, False))))


def of_year(indicators: pa.Table, year: int) -> pa.Table:
    """The targets of a year's plan."""
    return indicators.filter(pc.equal(indicators["year"], year))


def sample_periods(figures: Figures) -> list[str]:
    """The periods of which some source is a sample, each once."""
    sources = figures.draft.sources
    return list(dict.fromkeys(s.period for s in sources if s.provenance == SAMPLE))


def month_material(extract: Extract) -> Material:
    """What the template of a month needs."""
    facts = month_facts(extract, Month.parse(extract.more["month"]))
    descriptor = extract.more.get("descriptor")
    attached = _attached(extract)
    pictures = month_pictures(month_page(facts.month), facts, extract.identity)
    values = {
        "picture": pictures.paths,
        "embed": embed_of(INDEX_PAGE) if descriptor else "",
        "facts": facts,
        "previous": _link(extract.more["previous"]),
        "next": _link(extract.more["next"]),
        "markup": _markup(descriptor, extract) if descriptor else "",
        "attached": attached,
        "flow_columns": _FLOW_COLUMNS,
        "share_target": _share_target(extract),
        "late": extract.more.get("late", ()),
        "has_provinces": extract.more["has_provinces"],
        **_DRAWN,
        **ANSWERS,
    }
    files = {file.name: file.content for file in attached.values()} | {**pictures.files}
    return Material(values, {} if descriptor else files)


def _attached(extract: Extract) -> dict[str, Attachment]:
    """The rows of the month, table by table; none of a table that has no rows."""
    month = extract.more["month"]
    found = {}
    for name in _ATTACHED:
        table = extract.tables[name]
        rows = table.filter(pc.equal(table["period"], month))
        if rows.num_rows:
            found[name] = rows_attached(month_page(month), name, rows)
    return found


def _share_target(extract: Extract) -> float | None:
    """The year's target of dossiers in time."""
    rows = extract.rows("indicators")
    return next((row["target"] for row in rows if row["indicator_id"] == SHARE_TARGET), None)


def _link(month: str | None) -> Mapping[str, Any] | None:
    return {"month": Month.parse(month), "path": month_page(month)} if month else None


def _markup(descriptor: Mapping[str, Any], extract: Extract) -> str:
    return script_text(dataset_markup(descriptor, extract.identity))


@dataclass(frozen=True)
class Period:
    """A month: the publishing unit's total, or None, and what data of it there are."""

    month: Month
    total: Row | None
    dossiers: Flow | None


def period_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PageRecipe]:
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
    yield PageRecipe(PERIODS_PAGE, "periods.html", extract, period_material)


def period_material(extract: Extract) -> Material:
    """What the template needs: the periods by year, newest first."""
    totals: dict[str, dict[str, Row]] = {}
    for row in extract.rows("scores"):
        if row["score"] is not None:
            totals.setdefault(row["period"], {})[row["basis"]] = row
    flows = {
        row["period"]: Flow(Month.parse(row["period"]), row)
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
