"""Whether two published scores were measured alike, so that a movement can be told.

Belongs here: that one rule. Does not: scores (``scores``), or what is said of a movement.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.registers.unit_lists import last_day_of_set

Row = Mapping[str, Any]


def is_comparable(before: Row, after: Row) -> bool:
    """Whether two scores were measured alike: by one methodology, source and set of units.

    The set of units is another one from 1 July 2025 on (``schemas/units/units.yaml``). What counts
    since a day is compared with what counts since the same day only.
    """
    return likeness(before) == likeness(after)


def likeness(row: Row) -> tuple[object, ...]:
    """By what a score was measured: equal for two exactly if they can be compared."""
    return row["methodology"], row["source_system"], *_span(row), _set_of_units(row)


def _span(row: Row) -> tuple[int, ...]:
    """What a figure counts since: nothing for a month, the quarter, the year."""
    month = Month.parse(row["period"])
    spans = {Basis.QUARTER: (month.year, month.quarter), Basis.YTD: (month.year,)}
    return spans.get(Basis(row["basis"]), ())


def _set_of_units(row: Row) -> date | None:
    return last_day_of_set(Month.parse(row["period"]))
