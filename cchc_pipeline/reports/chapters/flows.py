"""Counts of dossiers and petitions over the months of a span: flows add up, stocks are the last.

Belongs here: that arithmetic on released rows, and which months it lacks. Does not: words.

A count that one of the months does not know is not known of the span.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.indicators.dossier_statistics import NOT_MEASURES
from cchc_pipeline.reports.chapters.trend import Trend, course_months, course_of, trend_of
from cchc_pipeline.reports.released import Row
from cchc_pipeline.reports.span import ReportSpan
from cchc_pipeline.reports.wording import share

STOCKS = frozenset({"open_in_time", "open_overdue"})
OPENING = "carried_over"


@dataclass(frozen=True)
class FlowSum:
    """What was counted of a unit over a span.

    Args:
        counts: By the name of the column; None where it is not known.
        rows: The released rows that it is of, one a month.
        lacking: The months of the span without any.
        absent: The rows that say why, where there are such.
    """

    counts: Mapping[str, int | None]
    rows: tuple[Row, ...]
    lacking: tuple[Month, ...]
    absent: tuple[Row, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was counted at all."""
        return all(value is None for value in self.counts.values())

    def share(self, part: Sequence[str], whole: Sequence[str]) -> Decimal | None:
        """Per cent that some counts are of others."""
        return share(self.total(part), self.total(whole))

    def total(self, names: Iterable[str]) -> int | None:
        """The sum of some counts; a name after ``-`` is taken off."""
        total = 0
        for name in names:
            value = self.counts.get(name.removeprefix("-"))
            if value is None:
                return None
            total += -value if name.startswith("-") else value
        return total


def sum_of(rows: Iterable[Row], months: Sequence[Month]) -> FlowSum:
    """The counts of one unit (and field) over some months, one after the other.

    Args:
        rows: Its rows.
        months: The months, oldest first.
    """
    own = tuple(rows)
    by_month = {row["period"]: row for row in own if _has_counts(row)}
    found = [by_month[str(month)] for month in months if str(month) in by_month]
    lacking = tuple(month for month in months if str(month) not in by_month)
    names = [name for name in found[0] if _is_count(name, found)] if found else []
    counts = {name: _count(name, found, months) for name in names}
    return FlowSum(counts, tuple(found), lacking, tuple(r for r in own if not _has_counts(r)))


def _has_counts(row: Row) -> bool:
    return row["obs_status"] not in ("L", "M", "O", "Q")


def _is_count(name: str, rows: Iterable[Row]) -> bool:
    """Whether a column holds counts, known or not; texts say something of the row."""
    return name not in NOT_MEASURES and all(isinstance(r[name], int | None) for r in rows)


def _count(name: str, rows: Sequence[Row], months: Sequence[Month]) -> int | None:
    if name in STOCKS:
        last = rows[-1]
        return last[name] if last["period"] == str(months[-1]) else None
    if name == OPENING:
        first = rows[0]
        return first[name] if first["period"] == str(months[0]) else None
    values = [row[name] for row in rows]
    return None if None in values else sum(values)


def share_trend(
    rows: Iterable[Row], span: ReportSpan, part: Sequence[str], whole: Sequence[str]
) -> Trend | None:
    """What became of a share since the month before; of a longer span nothing is said.

    A month is compared with one; spans of unlike length are not compared.
    """
    if len(span.months) > 1 or span.kind.months > 1:
        return None
    kept = tuple(rows)
    first = min((Month.parse(row["period"]) for row in kept), default=span.last)
    months = course_months(min(first, span.last), span.last, Basis.MONTH)
    broken = {row["period"] for row in kept if row["obs_status"] == "B"}
    return trend_of(
        course_of(
            months,
            lambda month: (sum_of(kept, (month,)).share(part, whole), str(month) in broken),
        )
    )
