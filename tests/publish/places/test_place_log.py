"""The journal of places: what each shows, and which months became public with it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cchc_pipeline.core.period import Month
from cchc_pipeline.plan import Publication, PublicationLog, months_on_time
from publish.model import Published, ReleaseId
from publish.release.publication_log import read_publications
from publish.store.place_log import (
    PLACE_LOG,
    PlaceLine,
    PlaceLog,
    confirmed_months,
    last_of,
    new_months,
    release_seen,
    shown_since,
)
from publish.store.store import Portal

JANUARY, FEBRUARY, MARCH, APRIL = (Month(2024, number) for number in range(1, 5))
PLACE = "city_portal"


def line(release: str, day: int, **more: object) -> PlaceLine:
    made = PlaceLine(
        f"2024-04-{day:02d}T01:00:00Z", PLACE, "confirmed", release, f"site of {release}",
        "https://example.org/", counts=True,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def release(name: str, *months: Month) -> Published:
    return Published(ReleaseId.parse(name), "1.0.0", "", "official", months, {}, Path(), "")


FIRST = release("2024-02.r1", JANUARY, FEBRUARY)
SECOND = release("2024-03.r1", JANUARY, FEBRUARY, MARCH)
THIRD = release("2024-04.r1", JANUARY, FEBRUARY, MARCH, APRIL)
OUT = (FIRST, SECOND, THIRD)


def test_a_place_shows_a_site_since_the_first_line_that_says_so_without_a_break() -> None:
    lines = [line("a", 1), line("b", 2), line("b", 3, act="failed"), line("b", 4)]
    assert shown_since(lines, PLACE) == lines[1]
    assert last_of(lines, PLACE) == lines[3]
    assert shown_since(lines, "one_stop") is None


def test_who_showed_the_first_release_of_a_month_does_not_show_its_correction_for_that() -> None:
    lines = [line("2024-03.r1", 1, months=("2024-03",)), line("2024-03.r1", 2, act="failed")]
    assert release_seen(lines, "2024-03") == "2024-03.r1"
    assert release_seen(lines, "2024-04") == ""
    corrected = [*lines, line("2024-03.r2", 3, months=("2024-03",))]
    assert release_seen(corrected, "2024-03") == "2024-03.r2"
    gone = [*corrected, line("2024-03.r2", 4, act="gone", months=("2024-03",))]
    assert release_seen(gone, "2024-03") == ""


def test_a_month_becomes_public_at_a_place_with_the_first_release_that_has_it_there() -> None:
    lines = [line("2024-02.r1", 1)]
    assert new_months(SECOND, OUT, lines, PLACE) == ("2024-03",)


def test_a_release_that_never_arrived_leaves_its_months_to_the_next() -> None:
    lines = [line("2024-03.r1", 1, act="failed")]
    assert new_months(THIRD, OUT, lines, PLACE) == ("2024-03", "2024-04")


def test_of_a_new_place_old_months_say_nothing_of_when_they_became_public() -> None:
    assert new_months(THIRD, OUT, [], PLACE) == ("2024-04",)
    assert new_months(FIRST, OUT, [], PLACE) == ("2024-01", "2024-02"), "the very first release"


def test_of_a_place_that_others_fill_the_newest_release_is_told_not_the_first() -> None:
    lines = [line("a", 1, site="", months=("2024-03",)), line("b", 9, site="", months=("2024-04",))]
    assert shown_since(lines, PLACE) == lines[1]


def test_what_was_seen_to_be_gone_is_shown_only_since_it_came_back() -> None:
    lines = [line("a", 1), line("b", 2), line("b", 3, act="gone"), line("b", 4)]
    assert shown_since(lines, PLACE) == lines[3]
    assert shown_since(lines[:3], PLACE) is None


def test_a_month_that_others_took_away_does_not_count_until_it_is_back() -> None:
    lines = [
        line("2024-02.r1", 1, site="", months=("2024-02",)),
        line("2024-03.r1", 2, site="", months=("2024-03",)),
        line("2024-03.r1", 3, site="", months=("2024-03",), act="gone"),
    ]
    back = line("2024-03.r1", 4, site="", months=("2024-03",))
    assert [month for month, _, _ in confirmed_months(lines, ())] == [FEBRUARY]
    assert shown_since(lines, PLACE) == lines[0]
    counted = [(month, at.day) for month, _, at in confirmed_months([*lines, back], ())]
    assert counted == [(FEBRUARY, 1), (MARCH, 2), (MARCH, 4)], "in time if it first was"
    assert shown_since([*lines, back], PLACE) == back


def test_only_what_a_real_place_showed_counts_and_nothing_that_was_retracted() -> None:
    lines = [
        line("2024-02.r1", 1, months=("2024-02",)),
        line("2024-03.r1", 2, months=("2024-03",), counts=False),
        line("2024-03.r2", 3, months=("2024-03",), act="failed"),
        line("2024-04.r1", 4, months=("2024-04",)),
    ]
    gone = [ReleaseId(APRIL, 1)]
    assert [month for month, _, _ in confirmed_months(lines, gone)] == [FEBRUARY]


def test_a_line_that_a_crash_cut_off_is_passed_over(tmp_path: Path) -> None:
    log = PlaceLog(tmp_path / PLACE_LOG)
    log.write(line("2024-02.r1", 1))
    with log.path.open("ab") as file:
        file.write(b'{"at": "2024-04-0')
    log.write(line("2024-03.r1", 2))
    assert [one.release for one in log.lines()] == ["2024-02.r1", "2024-03.r1"]


def test_the_log_of_publications_counts_what_places_were_seen_to_show(
    stages: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "portal").symlink_to(stages / "published" / "portal")
    log = PlaceLog(home / PLACE_LOG)
    log.write(line("2024-03.r1", 5, months=("2024-03",)))
    log.write(line("2024-03.r1", 6, place="one_stop", months=("2024-03",), site=""))
    read = read_publications(
        Portal(home / "portal"), tmp_path, month=APRIL, now=datetime(2024, 5, 2, tzinfo=UTC),
        production=True,
    )  # fmt: skip
    of_march = {(one.place, one.published_at.day) for one in read.entries if one.month == MARCH}
    assert of_march == {("city_portal", 5), ("one_stop", 6)}, "not our own moment, the 10th of May"
    assert months_on_time(read, [MARCH], ("one_stop", "city_portal")) == (1, True)


def test_what_came_to_a_place_after_the_deadline_is_late() -> None:
    late = Publication(MARCH, PLACE, datetime(2024, 5, 2, tzinfo=UTC))
    assert months_on_time(PublicationLog((late,)), [MARCH], (PLACE,)) == (0, False)
