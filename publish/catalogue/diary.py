"""The announced dates for a diary: ``calendar.ics``, by RFC 5545.

Belongs here: an event for each date that is to come, of releases and of periodic reports, and the
form of the file: folded lines, escaped texts, the same bytes for the same edition. Does not: which
dates there are (``cchc_pipeline.calendar``), the list for programs (``feeds``), or words
(``schemas/pages/catalogue.yaml``).
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from cchc_pipeline.calendar import ReleaseCalendar, ReleaseDate
from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.plan.due_reports import DueReport
from publish.catalogue.dcat import address
from publish.catalogue.feeds import coming_reports
from publish.store.state import Edition

DIARY = "calendar.ics"
MOST_BYTES = 75
"""The most bytes of a line without its end (RFC 5545, 3.1)."""
_LASTS = timedelta(minutes=15)
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


def diary(edition: Edition, calendar: ReleaseCalendar) -> bytes:
    """The announced dates of the next 12 months as a calendar that programs can subscribe to."""
    words = read_yaml("pages/catalogue.yaml")["diary"]
    after = datetime.fromisoformat(edition.updated_at)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//{edition.identity.package}//calendar//VI",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(words['name'])}",
        "REFRESH-INTERVAL;VALUE=DURATION:P1D",
    ]
    for due in calendar.upcoming(after):
        lines += _event(due, edition, after, words["event"])
    for report in coming_reports(edition, calendar):
        lines += _report(report, edition, after, words["report"])
    return "".join(f"{line}\r\n" for line in folded([*lines, "END:VCALENDAR"])).encode()


def _event(due: ReleaseDate, edition: Edition, at: datetime, title: str) -> Iterator[str]:
    """A month's publication; a date that moved keeps its event, by the month that names it."""
    month = f"{due.month.month}/{due.month.year}"
    yield "BEGIN:VEVENT"
    name = f"{edition.identity.package}/calendar/{due.month}"
    yield f"UID:{uuid5(NAMESPACE_URL, name)}"
    yield f"DTSTAMP:{_moment(at)}"
    yield f"DTSTART:{_moment(due.moment)}"
    yield f"DTEND:{_moment(due.moment + _LASTS)}"
    yield f"SUMMARY:{_text(title.format(month=month))}"
    if due.change is not None:
        yield f"DESCRIPTION:{_text(due.change.reason.vi)}"
    if edition.identity.public_url:
        yield f"URL:{address(edition, 'lich-cong-bo.html')}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _report(due: DueReport, edition: Edition, at: datetime, title: str) -> Iterator[str]:
    """The last day on which a periodic report is in time."""
    yield "BEGIN:VEVENT"
    yield f"UID:{uuid5(NAMESPACE_URL, f'{edition.identity.package}/report/{due.key}')}"
    yield f"DTSTAMP:{_moment(at)}"
    yield f"DTSTART;VALUE=DATE:{due.due:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{due.due + timedelta(days=1):%Y%m%d}"
    text = title.format(title=due.title.vi, month=f"{due.month.month}/{due.month.year}",
                        addressee=due.addressee)  # fmt: skip
    yield f"SUMMARY:{_text(text)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    return text.translate(_ESCAPED)


def folded(lines: Iterable[str]) -> Iterator[str]:
    """Long lines broken between letters, each further part after a blank."""
    for line in lines:
        part, size = "", 0
        for letter in line:
            width = len(letter.encode())
            if size + width > MOST_BYTES:
                yield part
                part, size = " ", 1
            part, size = part + letter, size + width
        yield part
