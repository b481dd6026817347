"""Names and marks of figures: units and metrics by their codes, flags, what is a sample.

Belongs here: what several kinds of pages ask of a row. Does not: what a page shows, words, HTML.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cchc_pipeline.period import Month
from cchc_pipeline.units import last_day_of_set
from publish.site.extract import Extract

Row = Mapping[str, Any]
TOTAL = "TOTAL"
SAMPLE = "sample"
LEVELS = ("province", "agency", "district", "commune", "other")
_LEAGUE_OF = {"city": "province"}


@dataclass(frozen=True)
class Names:
    """The code lists that give figures their names in a month."""

    units: Mapping[str, Row]
    metrics: Mapping[str, Row]

    def unit(self, code: str) -> Row:
        """A unit's row; a code that stands in no list names itself."""
        return self.units.get(code) or {
            "unit_code": code, "name_vi": code, "name_en": code, "level": "", "provenance": "",
        }  # fmt: skip

    def metric(self, code: str) -> Row:
        """A metric's or group's row; a code that stands in no list names itself."""
        return self.metrics.get(code) or {
            "metric_code": code, "number": "", "name_vi": code, "name_en": code,
        }  # fmt: skip

    def league(self, code: str) -> str:
        """The league that a unit is ranked in; the city stands among the provinces."""
        level = self.unit(code)["level"]
        level = _LEAGUE_OF.get(level, level)
        return level if level in LEVELS else "other"


def names_of(extract: Extract, month: Month) -> Names:
    """Units by their latest span in the month; metrics by code."""
    units: dict[str, Row] = {}
    for row in sorted(extract.rows("units"), key=lambda row: row["valid_from"]):
        ended = row["valid_to"] is not None and row["valid_to"] < month.first_day
        if row["valid_from"] <= month.last_day and not ended:
            units[row["unit_code"]] = row
    metrics = {row["metric_code"]: row for row in extract.rows("metrics")}
    return Names(units, metrics)


def flags_of(row: Row | None) -> tuple[str, ...]:
    """The quality flags of a row of ``scores``."""
    joined = row["quality_flag"] if row is not None else None
    return tuple(joined.split(";")) if joined else ()


def is_comparable(before: Row, after: Row) -> bool:
    """Whether two scores were measured alike: by one methodology, source and set of units.

    The set of units is another one from 1 July 2025 on (``schemas/units/units.yaml``).
    """
    alike = all(before[name] == after[name] for name in ("methodology", "source_system"))
    return alike and _set_of_units(before) == _set_of_units(after)


def _set_of_units(row: Row) -> date | None:
    return last_day_of_set(Month.parse(row["period"]))
