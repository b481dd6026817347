"""What the list of units shows: every unit that has a page, by level.

Belongs here: ordering units and their newest totals. Does not: which units have a page
(``unit_pages``), words, HTML.
"""

from dataclasses import dataclass

from cchc_pipeline.period import Basis, Month
from publish.site.extract import Extract, Row
from publish.site.naming import names_of
from publish.vietnamese import collation_key

_LEVELS = ("city", "agency", "district", "commune")


@dataclass(frozen=True)
class ListedUnit:
    """A unit with its newest total, or None."""

    unit: Row
    total: Row | None


@dataclass(frozen=True)
class UnitList:
    """Units by level; ``period`` and ``basis`` are those of their totals, empty without any."""

    period: str
    basis: str
    levels: tuple[tuple[str, tuple[ListedUnit, ...]], ...]


def unit_list(extract: Extract) -> UnitList:
    """The units by level, in the order of names."""
    names = names_of(extract, Month.parse(extract.more["month"]))
    rows = [row for row in extract.rows("scores") if row["score"] is not None]
    basis = next((b.value for b in Basis if any(r["basis"] == b.value for r in rows)), "")
    totals = {row["unit_code"]: row for row in rows if row["basis"] == basis}
    latest = {row["unit_code"]: row for row in extract.rows("units")} | dict(names.units)
    listed = [ListedUnit(unit, totals.get(code)) for code, unit in latest.items()]
    listed.sort(key=lambda item: collation_key(item.unit["name_vi"]))
    levels = [*_LEVELS, *sorted({item.unit["level"] for item in listed} - {*_LEVELS})]
    by_level = ((level, tuple(i for i in listed if i.unit["level"] == level)) for level in levels)
    period = rows[0]["period"] if rows else ""
    return UnitList(period, basis, tuple((level, found) for level, found in by_level if found))
