"""Released figures as they are handed to a report: rows of tables, and which release they are of.

Belongs here: finding rows and names in them, whether any is a sample. Does not: reading a release
(``publish.release.reported``), or words.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from cchc_pipeline.core.period import Month

Row: TypeAlias = Mapping[str, Any]
TOTAL, ALL = "TOTAL", "ALL"
SAMPLE = "sample"
NULL_METRIC = "NULL_METRIC"
"""The flag of a group that lacks a metric's score, and cannot be compared between units."""
_OF_FIGURES = (
    "scores", "plan_indicators", "plan_tasks", "dossier_statistics", "petition_statistics",
    "submissions",
)  # fmt: skip


@dataclass(frozen=True)
class Released:
    """What a report is made of.

    Args:
        release: The release, as ``2024-03.r1``.
        published_at: When it was published, ISO 8601.
        root: The unit that stands for the whole.
        months: The months that the release has.
        tables: Rows of published tables by their names.
    """

    release: str
    published_at: str
    root: str
    months: tuple[Month, ...]
    tables: Mapping[str, Sequence[Row]]

    def rows(self, name: str, months: Iterable[Month], /, **equal: object) -> tuple[Row, ...]:
        """The rows of some months in a table whose columns have these values."""
        periods = {str(month) for month in months}
        return tuple(
            row
            for row in self.tables.get(name, ())
            if row["period"] in periods and all(row[key] == equal[key] for key in equal)
        )

    def units(self, month: Month) -> dict[str, Row]:
        """The units of a month by code, by their latest span in it."""
        found: dict[str, Row] = {}
        for row in sorted(self.tables.get("units", ()), key=lambda row: row["valid_from"]):
            ended = row["valid_to"] is not None and row["valid_to"] < month.first_day
            if row["valid_from"] <= month.last_day and not ended:
                found[row["unit_code"]] = row
        return found

    @cached_property
    def metrics(self) -> Mapping[tuple[str, str], Row]:
        """Groups and metrics by methodology and code."""
        rows = self.tables.get("metrics", ())
        return {(row["methodology"], row["metric_code"]): row for row in rows}

    @cached_property
    def fields(self) -> Mapping[str, str]:
        """The names of fields by their codes, as the catalogue of procedures has them."""
        rows = self.tables.get("procedures", ())
        return {row["field_code"]: row["field_name"] for row in rows if row["field_name"]}

    def name(self, unit: str, month: Month) -> str:
        """A unit's name in a month; a code that stands in no list names itself."""
        known = self.units(month).get(unit)
        return str(known["name_vi"]) if known else unit

    def has_sample(self, months: Iterable[Month]) -> bool:
        """Whether sample data went into any figure of these months."""
        periods = tuple(months)
        return any(is_of_sample(self.rows(table, periods)) for table in _OF_FIGURES)


def is_of_sample(rows: Iterable[Row]) -> bool:
    """Whether any of these rows is a sample."""
    return any(row.get("provenance") == SAMPLE for row in rows)
