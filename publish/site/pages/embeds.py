"""Pages to embed elsewhere: the newest month, each unit, each plan, without a script or a frame.

Belongs here: which there are, and what they need of the page that each leads to. Does not: what is
chosen of the figures (``month``, ``unit``, ``plans``), or HTML (``templates/embed.html``).

Their addresses always give the newest figures; the page that a reader is led to says since when.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from cchc_pipeline.core.period import Month
from publish.site.extract import Extract, Figures
from publish.site.forms import is_sample
from publish.site.kept import Material, PageRecipe
from publish.site.page import INDEX_PAGE, embed_of
from publish.site.pages.month import group_chart, group_finding, month_facts
from publish.site.pages.month_plan import attainment_chart, attainment_finding
from publish.site.pages.periods import month_extract, month_page
from publish.site.pages.plans import plan_extract, plan_page, plan_year, planned_years
from publish.site.pages.unit import unit_facts
from publish.site.pages.units import unit_extracts, unit_page

_TEMPLATE = "embed.html"


def embed_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PageRecipe]:
    """One for the newest month, one a unit, one a plan."""
    month = month_extract(figures, figures.months.index(figures.newest))
    yield PageRecipe(embed_of(INDEX_PAGE), _TEMPLATE, month, month_embed)
    for extract in unit_extracts(figures):
        name = embed_of(unit_page(extract.more["unit"]))
        yield PageRecipe(name, _TEMPLATE, extract, unit_embed)
    for year in planned_years(figures):
        extract = plan_extract(figures, year)
        yield PageRecipe(embed_of(plan_page(year)), _TEMPLATE, extract, plan_embed)


def month_embed(extract: Extract) -> Material:
    """The publishing unit's newest month."""
    facts = month_facts(extract, Month.parse(extract.more["month"]))
    values = {"unit": facts.root, "peers": None, "page_of": month_page(facts.month)}
    return _scored("month", facts.headline, facts.names, **values)


def unit_embed(extract: Extract) -> Material:
    """A unit's newest scores."""
    facts = unit_facts(extract)
    values = {"unit": facts.unit, "peers": facts.peers}
    page = unit_page(extract.more["unit"])
    return _scored("unit", facts.window, facts.names, page_of=page, **values)


def _scored(kind: str, window: Any, names: Any, **values: Any) -> Material:
    """A total and its groups; under the banner if one of them, or the unit, is a sample."""
    drawn = {"group_chart": group_chart, "group_finding": group_finding}
    rows = [window.total, *(block.group for block in window.blocks)] if window else []
    sample = is_sample([*rows, values["unit"]])
    return Material(
        {"kind": kind, "window": window, "names": names, "sample": sample} | drawn | values
    )


def plan_embed(extract: Extract) -> Material:
    """A plan's attainment."""
    drawn = {"attainment_chart": attainment_chart, "attainment_finding": attainment_finding}
    page = plan_page(extract.more["year"])
    facts = plan_year(extract)
    sample = is_sample(line.judged for line in facts.facts.targets)
    values = {"kind": "plan", "facts": facts, "page_of": page, "sample": sample}
    return Material(values | drawn)
