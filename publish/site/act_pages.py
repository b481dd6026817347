"""Pages that every act renews: the calendar, the changelog, accessibility and contact.

Belongs here: choosing what they show of an edition. Does not: the list of releases
(``publish.directory``), words, HTML.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from cchc_pipeline.period import TIMEZONE
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.release_calendar import ReleaseCalendar, ReleaseDate, load_calendar
from publish.edition import Edition
from publish.release import Published
from publish.site.page import Imprint, Page, in_each_language, render

CALENDAR_PAGE, CHANGES_PAGE, ACCESS_PAGE = "lich-cong-bo.html", "thay-doi.html", "tiep-can.html"


@dataclass(frozen=True)
class Kept:
    """A publication against the calendar: when a month was due, and first published."""

    due: ReleaseDate
    release: Published

    @property
    def published_on(self) -> date:
        """The day of publication in the city's time."""
        return datetime.fromisoformat(self.release.published_at).astimezone(TIMEZONE).date()

    @property
    def days_late(self) -> int:
        """Whole days after the date; 0 if in time."""
        return max((self.published_on - self.due.moment.date()).days, 0)


def act_pages(edition: Edition, imprint: Imprint) -> Iterable[tuple[Page, bytes]]:
    """The pages in both languages."""
    calendar = load_calendar()
    contents = {
        CALENDAR_PAGE: ("calendar.html", _calendar(edition, calendar)),
        CHANGES_PAGE: ("changelog.html", {"edition": edition, "schema_changes": _changes()}),
        ACCESS_PAGE: ("access.html", {}),
    }
    for name, (template, content) in contents.items():
        for page in in_each_language(name, edition.identity):
            yield page, render(template, page, imprint, content)


def _calendar(edition: Edition, calendar: ReleaseCalendar) -> dict[str, object]:
    after = datetime.fromisoformat(edition.updated_at)
    return {
        "upcoming": calendar.upcoming(after),
        "rule": calendar.rule,
        "moved": calendar.changes,
        "kept": tuple(reversed(list(_kept(edition, calendar)))),
    }


def _kept(edition: Edition, calendar: ReleaseCalendar) -> Iterable[Kept]:
    """Each month with the release that first had it."""
    seen = set()
    for release in edition.readable:
        for month in release.periods:
            if month not in seen:
                seen.add(month)
                yield Kept(calendar.release_date(month), release)


def _changes() -> list[dict[str, object]]:
    """Changes of columns and meanings, the newest first."""
    changes: list[dict[str, object]] = read_yaml("pages/data-changelog.yaml")["changes"]
    return changes
