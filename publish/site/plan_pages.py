"""The pages of the plan, planned: one for each year that has a plan, and their list.

Belongs here: the rows that each is made from. Does not: what a page shows (``plan_year``), words,
HTML.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.period import Month
from publish.site.attachments import rows_attached
from publish.site.extract import Extract, Figures
from publish.site.month_pages import of_year
from publish.site.month_plan import plan_facts
from publish.site.plan_charts import attainment_chart, attainment_finding
from publish.site.plan_year import gap, outlook, plan_year
from publish.site.planned import Material, PlannedPage

PLANS_PAGE = "ke-hoach/index.html"
_ATTACHED = ("plan_indicators", "plan_tasks")


def plan_page(year: int) -> str:
    """The name of the page of a plan's year."""
    return f"ke-hoach/{year}.html"


def plan_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PlannedPage]:
    """A page for each year that has a plan and periods, and their list."""
    extracts = [_extract(figures, year) for year in planned_years(figures)]
    for extract in extracts:
        name = plan_page(extract.more["year"])
        yield PlannedPage(name, "plan.html", extract, plan_material)
    years = sorted({month.year for month in figures.months})
    tables = {
        name: figures.whole(name).filter(
            pc.is_in(figures.whole(name)["period"], value_set=_newest(extracts))
        )
        for name in _ATTACHED
    }
    tables |= {"indicators": figures.whole("indicators"), "obs_status": figures.whole("obs_status")}
    listed = figures.extract(
        tables, years=years, newest=[extract.more["months"][-1] for extract in extracts]
    )
    yield PlannedPage(PLANS_PAGE, "plans.html", listed, plans_material)


def _newest(extracts: list[Extract]) -> pa.Array:
    return pa.array([extract.more["months"][-1] for extract in extracts], pa.string())


def planned_years(figures: Figures) -> tuple[int, ...]:
    """The years that have both targets and periods."""
    years = set(figures.whole("indicators").column("year").to_pylist())
    return tuple(sorted(years & {month.year for month in figures.months}))


def _extract(figures: Figures, year: int) -> Extract:
    months = [month for month in figures.months if month.year == year]
    tables = {
        "plan_indicators": figures.of_months("plan_indicators", *months),
        "plan_tasks": figures.of_months("plan_tasks", months[-1]),
        "indicators": of_year(figures.whole("indicators"), year),
        "obs_status": figures.whole("obs_status"),
    }
    return figures.extract(tables, year=year, months=[str(month) for month in months])


def plan_material(extract: Extract) -> Material:
    """What the template of a plan's year needs."""
    page = plan_page(extract.more["year"])
    attached = {name: rows_attached(page, name, extract.tables[name]) for name in _ATTACHED}
    values = {
        "facts": plan_year(extract),
        "attached": attached,
        "gap": gap,
        "outlook": outlook,
        "attainment_chart": attainment_chart,
        "attainment_finding": attainment_finding,
    }
    return Material(values, {file.name: file.content for file in attached.values()})


def plans_material(extract: Extract) -> Material:
    """What the list of plans needs: each year of periods, with its plan or None."""
    newest = {text[:4]: Month.parse(text) for text in extract.more["newest"]}
    years = [
        (year, newest.get(str(year)), plan_facts(extract, newest[str(year)]))
        if str(year) in newest
        else (year, None, None)
        for year in reversed(extract.more["years"])
    ]
    return Material({"years": years, "is_sample_release": extract.is_sample})
