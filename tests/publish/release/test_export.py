"""The data as they stood on a date."""

from datetime import timedelta
from pathlib import Path

import pytest

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import utc_text
from publish.model import PUBLISHED_TABLES, ReleaseId
from publish.release.export import export_files, release_as_of, write_out
from publish.store.state import Act, ActKind
from publish.store.store import Portal
from tests.publish.crash_worker import go_out
from tests.publish.small_release import APRIL, MARCH, MOMENT, small_draft

FIRST, SECOND = ReleaseId(MARCH, 1), ReleaseId(APRIL, 1)


def on_day(day: int, kind: ActKind, release: ReleaseId) -> Act:
    return Act(utc_text(MOMENT + timedelta(days=day)), kind, release, "Sai số")


ACTS = (
    on_day(0, "published", FIRST), on_day(10, "published", SECOND), on_day(20, "rolled_back", FIRST)
)  # fmt: skip


@pytest.mark.parametrize(
    ("day", "release"),
    [(0, FIRST), (9, FIRST), (10, SECOND), (19, SECOND), (20, FIRST), (99, FIRST)],
)
def test_the_release_of_a_date_is_the_one_that_readers_were_shown(
    day: int, release: ReleaseId
) -> None:
    assert release_as_of(ACTS, MOMENT + timedelta(days=day)) == release


def test_before_the_first_publication_there_is_nothing() -> None:
    with pytest.raises(UsageError, match=r"nothing was shown at .* first publication: 2024-05-10"):
        release_as_of(ACTS, MOMENT - timedelta(days=1))
    with pytest.raises(UsageError, match="first publication: never"):
        release_as_of((), MOMENT)


def test_what_was_retracted_since_is_not_given_out() -> None:
    acts = (*ACTS, on_day(30, "retracted", SECOND))
    with pytest.raises(UsageError, match=r"2024-04\.r1, shown at .* was retracted .*: Sai số"):
        release_as_of(acts, MOMENT + timedelta(days=15))
    assert release_as_of(acts, MOMENT + timedelta(days=25)) == FIRST


def test_a_whole_release_is_copied_byte_for_byte(portal: Portal, tmp_path: Path) -> None:
    go_out(portal, small_draft())
    release = portal.read(FIRST)
    files = export_files(release, (), "")
    write_out(files, tmp_path / "out")
    assert len(files) >= 4 * len(PUBLISHED_TABLES) + 5
    for name in files:
        assert (tmp_path / "out" / name).read_bytes() == (release.folder / name).read_bytes()


def test_tables_and_forms_can_be_chosen(portal: Portal) -> None:
    go_out(portal, small_draft())
    release = portal.read(FIRST)
    assert export_files(release, ("scores",), "csv").keys() == {"data/scores.csv"}
    assert len(export_files(release, ("scores", "units"), "")) == 8
    assert len(export_files(release, (), "xlsx")) == len(PUBLISHED_TABLES)
    with pytest.raises(UsageError, match="no table prices"):
        export_files(release, ("prices",), "")
    with pytest.raises(UsageError, match="no files of the form 'pdf'"):
        export_files(release, (), "pdf")


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(UsageError, match="not empty"):
        write_out({"a": b""}, tmp_path)
