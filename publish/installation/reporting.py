"""The periodic reports around a day: which are due, which were made, of which release.

Belongs here: holding the plan's dates against the record of papers. Does not: the dates
(``cchc_pipeline.plan.due_reports``), the record (``cchc_pipeline.reports.made``), or words.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cchc_pipeline.calendar import CalendarWords, load_calendar
from cchc_pipeline.core.data import load
from cchc_pipeline.core.errors import CchcError
from cchc_pipeline.core.period import TIMEZONE
from cchc_pipeline.core.written import Language, date_text, day_of
from cchc_pipeline.plan.due_reports import DueReport, carried_rule, due_reports, stage_of
from cchc_pipeline.reports.made import MadeReport, made_reports
from cchc_pipeline.reports.span import ReportKind, ReportSpan
from cchc_pipeline.settings import Settings
from publish.store.store import Portal

AHEAD = 100
"""Days: at least one report of each quarter is in sight."""
_KINDS = {"quarter": ReportKind.QUARTER, "half_year": ReportKind.HALF, "year": ReportKind.YEAR}


@dataclass(frozen=True)
class KeptReport:
    """A report that is due, and the paper that was made for it last; None if none was."""

    due: DueReport
    made: MadeReport | None


def first_publication(portal: Portal) -> date | None:
    """The day of the first release; None where there is none, or the portal cannot be read."""
    try:
        return min((day_of(one.published_at) for one in portal.published()), default=None)
    except CchcError:  # it is told where the portal is looked at
        return None


def reports_around(
    home: Path, begun: date | None, root: str, today: date
) -> tuple[KeptReport, ...]:
    """The reports that are due about a day.

    Args:
        home: Has the record of papers.
        begun: The day of the first release: what was due before it is not asked for.
        root: The unit whose plan it is.
        today: The day.
    """
    if begun is None:
        return ()
    first = max(begun, today - timedelta(days=carried_rule().late_days))
    due = due_reports(root, first, today + timedelta(days=AHEAD), load_calendar())
    made = made_reports(home)
    return tuple(KeptReport(report, _made(report, made)) for report in due)


def _made(report: DueReport, made: Iterable[MadeReport]) -> MadeReport | None:
    wanted = ReportSpan(_KINDS[report.kind], report.month)
    found = [
        one for one in made
        if not one.unit and one.span.kind is wanted.kind and one.span.first == wanted.first
    ]  # fmt: skip
    return found[-1] if found else None


def report_state(settings: Settings, begun: date | None, moment: datetime) -> dict[str, Any]:
    """For ``cchc status``: the reports that are due about now, and every paper that was made."""
    today = moment.astimezone(TIMEZONE).date()
    return {
        "due": [
            _as_dict(kept, today, settings.alert_days_before)
            for kept in reports_around(settings.home, begun, settings.root_unit, today)
        ],
        "made": [vars(made) for made in made_reports(settings.home)],
    }


def _as_dict(kept: KeptReport, today: date, days_before: int) -> dict[str, Any]:
    due, made = kept.due, kept.made
    return {
        "kind": due.kind,
        "title": vars(due.title),
        "month": str(due.month),
        "due": due.due.isoformat(),
        "addressee": due.addressee,
        "status": due.status,
        "state": "made" if made else stage_of(due, today, days_before),
        "release": made.release if made else None,
        "made_at": made.at if made else None,
        "command": due.command,
    }


def report_lines(seen: Mapping[str, Any], lang: Language) -> Iterator[str]:
    """The same for people."""
    words = _words()
    for one in seen["due"]:
        yield getattr(words[one["state"]], lang).format(
            report=f"{one['title'][lang]} {one['month']}", due=_day(one["due"], lang),
            day=_day(one["made_at"], lang) if one["made_at"] else "", release=one["release"],
            command=one["command"],
        )  # fmt: skip
    if seen["made"]:
        last = seen["made"][-1]
        yield getattr(words["papers"], lang).format(
            count=len(seen["made"]), day=_day(last["at"], lang), release=last["release"],
            paper=next(iter(last["files"]), last["period"]),
        )  # fmt: skip


def _day(stated: str, lang: Language) -> str:
    return date_text(day_of(stated), lang)


@cache
def _words() -> Mapping[str, CalendarWords]:
    return load(dict[str, CalendarWords], "commands/reports.yaml")
