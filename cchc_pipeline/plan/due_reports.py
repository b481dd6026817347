"""When periodic reports are due: by the plan's rule, on the last working day before its day.

Belongs here: the dates of a year, by rule and working day. Does not: which reports were made
(``cchc_pipeline.reports.made``), or telling of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.calendar import CalendarWords, ReleaseCalendar
from cchc_pipeline.core.data import NO_EXTRAS, load
from cchc_pipeline.core.period import Month
from cchc_pipeline.plan.model import Report, Reporting, plan_of

Held = Literal["decided", "believed"]
Stage = Literal["later", "soon", "late", "past"]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class CarriedRule:
    """What ``schemas/calendar/reporting.yaml`` says of years without a plan.

    Attributes:
        carried_from: The year whose rule they keep.
        status: Whether that is decided.
        basis: Why.
        late_days: For how many days a report that was not made is told as late.
    """

    carried_from: int
    status: Held
    basis: CalendarWords
    late_days: Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class DueReport:
    """A report that is due.

    Args:
        kind: ``quarter``, ``half_year`` or ``year``.
        title: What it is called.
        month: The month in which it is due, the last of its time.
        due: The last day on which it is in time.
        before: The day of the rule, which is too late.
        addressee: Who receives it.
        status: ``decided`` by the year's own plan, or ``believed``.
    """

    kind: str
    title: CalendarWords
    month: Month
    due: date
    before: date
    addressee: str
    status: Held

    @property
    def told_until(self) -> Month:
        """The last month that is over when it is due, and that it can tell of."""
        return self.month.previous()

    @property
    def command(self) -> str:
        """What makes it."""
        return f"cchc report {self.told_until} --{self.kind.removesuffix('_year')}"

    @property
    def key(self) -> str:
        """Its name, the same for as long as it is due."""
        return f"{self.kind}:{self.month}"


@cache
def carried_rule() -> CarriedRule:
    """The shipped rule for years without a plan."""
    return load(CarriedRule, "calendar/reporting.yaml")


def due_reports(
    root: str, first: date, last: date, calendar: ReleaseCalendar
) -> tuple[DueReport, ...]:
    """The reports that are due in a span of days, in order; none where no plan is known.

    Args:
        root: The unit whose plan it is.
        first: The first day.
        last: The last day, included.
        calendar: Knows working days.
    """
    found = [
        report
        for year in range(first.year, last.year + 1)
        for report in _of_year(root, year, calendar)
        if first <= report.due <= last
    ]
    return tuple(sorted(found, key=lambda report: (report.due, report.kind)))


def _of_year(root: str, year: int, calendar: ReleaseCalendar) -> Iterator[DueReport]:
    own, carried = plan_of(root, year), plan_of(root, carried_rule().carried_from)
    plan = own or (carried if year > carried_rule().carried_from else None)
    if plan is None:
        return
    status: Held = "decided" if own else carried_rule().status
    for report in plan.reporting.reports:
        for number in report.months:
            yield _due(report, Month(year, number), plan.reporting, status, calendar)


def _due(
    report: Report, month: Month, rule: Reporting, status: Held, calendar: ReleaseCalendar
) -> DueReport:
    before = date(month.year, month.month, report.before_day)
    day = before - timedelta(days=1)
    while not calendar.is_working_day(day):
        day -= timedelta(days=1)
    title = CalendarWords(report.title.vi, report.title.en)
    return DueReport(report.kind, title, month, day, before, rule.addressee, status)


def stage_of(report: DueReport, today: date, days_before: int) -> Stage:
    """How near a report is that was not made.

    Args:
        report: The report.
        today: The day.
        days_before: From how many days before its date it is due soon.
    """
    late = (today - report.due).days
    if late > carried_rule().late_days:
        return "past"
    if late > 0:
        return "late"
    return "soon" if -late <= days_before else "later"
