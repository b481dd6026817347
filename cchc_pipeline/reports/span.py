"""The time that a report tells of: a month, or a quarter, half-year or year up to a month.

Belongs here: its months, its names, which windows of scores belong to it. Does not: when a report
is due (``cchc_pipeline.plan.due_reports``).
"""

from dataclasses import dataclass
from enum import StrEnum

from cchc_pipeline.core.period import Basis, Month


class ReportKind(StrEnum):
    """How long the time is."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"

    @property
    def months(self) -> int:
        """How many months it has."""
        return {"month": 1, "quarter": 3, "half": 6, "year": 12}[self.value]


@dataclass(frozen=True)
class ReportSpan:
    """The month, quarter, half-year or year that a month lies in, up to that month.

    A report is due before its time is over (V.1.c of the plan), so it may tell of a part of it.
    """

    kind: ReportKind
    last: Month

    @property
    def number(self) -> int:
        """Which one of its year: the first half-year is 1."""
        return (self.last.month - 1) // self.kind.months + 1

    @property
    def first(self) -> Month:
        """Its first month."""
        return Month(self.last.year, (self.number - 1) * self.kind.months + 1)

    @property
    def months(self) -> tuple[Month, ...]:
        """The months that are told of."""
        return tuple(self.first.to(self.last))

    @property
    def is_whole(self) -> bool:
        """Whether it is told of to its end."""
        return len(self.months) == self.kind.months

    @property
    def bases(self) -> tuple[Basis, ...]:
        """The windows whose scores may stand in its report, the best first."""
        if self.kind is ReportKind.MONTH:
            return (Basis.MONTH, Basis.QUARTER, Basis.YTD)
        if self.kind is ReportKind.QUARTER:
            return (Basis.QUARTER, Basis.YTD)
        return (Basis.YTD,)

    @property
    def slug(self) -> str:
        """Its name in files."""
        year = self.last.year
        return {
            ReportKind.MONTH: f"thang-{self.last}",
            ReportKind.QUARTER: f"quy-{self.number}-{year}",
            ReportKind.HALF: f"6-thang-{self.number}-{year}",
            ReportKind.YEAR: f"nam-{year}",
        }[self.kind]
