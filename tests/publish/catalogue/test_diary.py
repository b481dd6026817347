"""The calendar for diaries: what RFC 5545 asks, the same bytes for the same edition."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

import pytest

from cchc_pipeline.calendar import CalendarWords, DateChange, ReleaseCalendar, load_calendar
from publish.catalogue.diary import MOST_BYTES, diary, folded
from publish.catalogue.feeds import robots
from publish.store.state import Act, Edition
from tests.publish.small_release import FIRST_RELEASE, IDENTITY

CALENDAR = load_calendar()
OUT = Act("2024-05-10T01:00:00Z", "published", FIRST_RELEASE.id)
EDITION = Edition((FIRST_RELEASE,), (OUT,), IDENTITY, {"unit_code": "Z00"})


def unfolded(content: bytes) -> list[str]:
    """The lines as a diary reads them."""
    return content.decode().replace("\r\n ", "").split("\r\n")


def values(lines: Iterable[str], name: str) -> list[str]:
    """What stands after a name, event by event."""
    return [line.partition(":")[2] for line in lines if line.partition(":")[0] == name]


def test_each_date_to_come_is_an_event_in_utc_with_a_lasting_name() -> None:
    lines = unfolded(diary(EDITION, CALENDAR))
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    starts, names = values(lines, "DTSTART"), values(lines, "UID")
    assert len(starts) == 12
    assert all(start.endswith("Z") for start in starts)
    assert len(set(names)) == len(names) == lines.count("BEGIN:VEVENT")
    assert values(lines, "SUMMARY")[0].startswith("Công bố số liệu tháng ")


def test_periodic_reports_stand_on_the_last_working_day_before_the_day_of_the_plan() -> None:
    lines = unfolded(diary(EDITION, CALENDAR))
    told = dict(zip(values(lines, "SUMMARY")[12:], values(lines, "DTSTART;VALUE=DATE"),
                    strict=True))  # fmt: skip
    assert (
        told["Hạn gửi Báo cáo 6 tháng (kỳ 6/2024) về Sở Nội vụ"] == "20240607"
    )  # the 10th: Monday
    assert told["Hạn gửi Báo cáo năm (kỳ 12/2024) về Sở Nội vụ"] == "20241209"


def test_the_same_edition_gives_the_same_bytes() -> None:
    assert diary(EDITION, CALENDAR) == diary(EDITION, CALENDAR)


def test_no_line_is_longer_than_allowed_and_no_letter_is_cut() -> None:
    text = "Công bố số liệu, chất lượng phục vụ; " * 8
    parts = list(folded([text]))
    assert all(len(part.encode()) <= MOST_BYTES for part in parts)
    assert parts[0] + "".join(part[1:] for part in parts[1:]) == text
    assert all(part.startswith(" ") for part in parts[1:])


def test_what_has_a_meaning_in_the_form_is_escaped_and_a_moved_date_keeps_its_event() -> None:
    due = CALENDAR.upcoming(datetime.fromisoformat(OUT.at))[0]
    moved = DateChange(
        str(due.month), due.moment.date(), date(due.moment.year, due.moment.month, 25),
        date(2024, 1, 2), CalendarWords("Nghỉ lễ, bù; sau", "A holiday"),
    )  # fmt: skip
    plain = unfolded(diary(EDITION, CALENDAR))
    told = unfolded(diary(EDITION, ReleaseCalendar(CALENDAR.rule, (moved,))))
    assert "DESCRIPTION:Nghỉ lễ\\, bù\\; sau" in told
    assert values(plain, "UID") == values(told, "UID")


@pytest.mark.parametrize(
    ("public", "lines"),
    [
        ("", ["User-agent: *", "Disallow:"]),
        (
            "https://du-lieu.example/",
            ["User-agent: *", "Disallow:", "Sitemap: https://du-lieu.example/sitemap.xml"],
        ),
    ],
)
def test_programs_may_read_everything_and_are_told_where_the_sitemap_is(
    public: str, lines: list[str]
) -> None:
    edition = replace(EDITION, identity=replace(IDENTITY, public_url=public))
    assert robots(edition).decode().splitlines() == lines
