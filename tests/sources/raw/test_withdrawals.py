"""A delivered file can be taken back: what it came with stands without it, and nothing is lost."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cchc_pipeline.core.errors import CchcError, SourceError, UsageError
from cchc_pipeline.core.period import Month
from cchc_pipeline.sources.inbox.account import account_of
from cchc_pipeline.sources.inbox.files import FORMS_FOLDER
from cchc_pipeline.sources.national_portal.drop import read_drop
from cchc_pipeline.sources.raw.archive import RawArchive, Snapshot
from cchc_pipeline.sources.raw.deliveries import last_delivery, take_in
from cchc_pipeline.sources.raw.withdrawals import (
    Said,
    archive_as_of,
    replay_lines,
    withdraw,
    withdrawals,
)
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema
from tests.command_line import SAMPLE_INBOX

MONTH = Month(2024, 3)
CAME = datetime(2024, 4, 3, tzinfo=UTC)
SAID = Said("2024-04-09T00:00:00Z", "Sở Mẫu", "gửi nhầm")
RECORDS = {
    "dossiers": "ho-so.csv", "petitions": "phan-anh.csv", "procedures": "tthc.json",
    "corrections": "corrections.yaml", "agency_forms": "H24.M01.xlsx",
}  # fmt: skip


@pytest.fixture
def archive(tmp_path: Path) -> RawArchive:
    return RawArchive(tmp_path / "raw")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "inbox" / str(MONTH)
    (place / FORMS_FOLDER).mkdir(parents=True)
    return place


def deliver(folder: Path, archive: RawArchive, record: str, *names: str) -> None:
    """Drop files of a record, take them in, and remove them."""
    place = folder / FORMS_FOLDER if record == "agency_forms" else folder
    for name in names:
        (place / name).write_text(name)
    take_in(place, load_upload_schema(record), MONTH, CAME, archive)
    for name in names:
        (place / name).unlink()


@pytest.mark.parametrize(("record", "name"), RECORDS.items())
def test_the_only_file_of_any_record_leaves_nothing_behind_that_stands(
    folder: Path, archive: RawArchive, record: str, name: str
) -> None:
    deliver(folder, archive, record, name)
    before = last_delivery(archive, record, MONTH)
    assert before is not None
    act = withdraw(archive, MONTH, name, folder, SAID)
    assert (act.record, act.withdrawn, act.left) == (record, before.delivery_id, "")
    assert last_delivery(archive, record, MONTH) is None
    place = folder / FORMS_FOLDER if record == "agency_forms" else folder
    assert take_in(place, load_upload_schema(record), MONTH, CAME, archive) is None
    assert archive.get(before.files[0].sha256) == name.encode(), "its bytes stay"
    assert withdrawals(archive, MONTH) == (act,)
    assert "gửi nhầm" in act.line()


def test_of_several_files_the_others_stand(folder: Path, archive: RawArchive) -> None:
    deliver(folder, archive, "dossiers", "ho-so-1.csv", "ho-so-2.csv")
    act = withdraw(archive, MONTH, "ho-so-2.csv", folder, SAID)
    rest = last_delivery(archive, "dossiers", MONTH)
    assert rest is not None
    assert (rest.delivery_id, [file.name for file in rest.files]) == (act.left, ["ho-so-1.csv"])


def test_dropped_again_it_stands_again(folder: Path, archive: RawArchive) -> None:
    deliver(folder, archive, "dossiers", "ho-so.csv")
    withdraw(archive, MONTH, "ho-so.csv", folder, SAID)
    deliver(folder, archive, "dossiers", "ho-so.csv")
    assert last_delivery(archive, "dossiers", MONTH) is not None


def test_it_is_refused_while_the_file_lies_in_the_inbox(folder: Path, archive: RawArchive) -> None:
    deliver(folder, archive, "dossiers", "ho-so.csv")
    (folder / "ho-so.csv").write_text("x")
    with pytest.raises(SourceError, match="remove it first"):
        withdraw(archive, MONTH, "ho-so.csv", folder, SAID)
    assert last_delivery(archive, "dossiers", MONTH) is not None


@pytest.mark.parametrize(
    "name", ["ho-so-2.csv", "portal/ho-so.csv", "bao-cao/ho-so.csv", "", "\x1b"]
)
def test_what_does_not_stand_is_refused_with_what_does(
    folder: Path, archive: RawArchive, name: str
) -> None:
    deliver(folder, archive, "dossiers", "ho-so.csv")
    with pytest.raises(UsageError, match=r"what stands: ho-so\.csv") as caught:
        withdraw(archive, MONTH, name, folder, SAID)
    assert str(caught.value).isprintable()
    with pytest.raises(UsageError, match="nothing was delivered"):
        withdraw(archive, MONTH.next(), "ho-so.csv", folder, SAID)


def test_a_form_named_as_an_export_is_told_by_its_folder(folder: Path, archive: RawArchive) -> None:
    deliver(folder, archive, "dossiers", "ho-so.xlsx")
    deliver(folder, archive, "agency_forms", "ho-so.xlsx")
    with pytest.raises(UsageError, match=r"bao-cao/ho-so\.xlsx"):
        withdraw(archive, MONTH, "ho-so.xlsx", folder, SAID)
    assert withdraw(archive, MONTH, "bao-cao/ho-so.xlsx", folder, SAID).record == "agency_forms"


def captured(archive: RawArchive) -> Snapshot:
    drop = read_drop(
        SAMPLE_INBOX / "2026-09/portal", Month(2026, 9), "H24", datetime(2026, 11, 1, tzinfo=UTC),
        archive,
    )  # fmt: skip
    return drop.snapshots[0]


@pytest.mark.parametrize(
    "name", ["transparency.H24.year.json", "portal/service-results.year.json", ""]
)
def test_a_capture_is_set_aside_until_it_is_dropped_again(
    archive: RawArchive, folder: Path, name: str
) -> None:
    snapshot = captured(archive)
    act = withdraw(archive, Month(2026, 9), name or snapshot.snapshot_id, folder, SAID)
    assert (act.record, act.withdrawn) == ("scores", snapshot.snapshot_id)
    assert archive.snapshots(Month(2026, 9)) == ()
    assert archive.snapshots(Month(2026, 9), set_aside=True) == (snapshot,)
    assert captured(archive).snapshot_id == snapshot.snapshot_id
    assert len(archive.snapshots(Month(2026, 9))) == 1


def test_a_capture_that_lies_in_the_inbox_is_refused(archive: RawArchive) -> None:
    captured(archive)
    with pytest.raises(CchcError, match="remove it first"):
        withdraw(
            archive, Month(2026, 9), "transparency.H24.year.json", SAMPLE_INBOX / "2026-09", SAID
        )


def test_what_is_gone_from_the_inbox_is_said_to_be_replayed(
    folder: Path, archive: RawArchive
) -> None:
    deliver(folder, archive, "dossiers", "ho-so-1.csv", "ho-so-2.csv")
    told = list(replay_lines(archive, MONTH, folder, account_of(folder)))
    assert len(told) == 2
    assert all("cchc withdraw 2024-03" in line for line in told)
    (folder / "ho-so-1.csv").write_text("x")
    (line,) = replay_lines(archive, MONTH, folder, account_of(folder))
    assert "ho-so-2.csv of 2024-03 is no longer in the inbox" in line
    captured(archive)
    (line,) = replay_lines(archive, Month(2026, 9), folder, ())
    assert "no longer in the inbox" in line
    there = SAMPLE_INBOX / "2026-09"
    assert not list(replay_lines(archive, Month(2026, 9), there, account_of(there)))


def test_the_archive_of_a_day_knows_what_stood_before_and_after(
    folder: Path, archive: RawArchive, tmp_path: Path
) -> None:
    deliver(folder, archive, "dossiers", "ho-so-1.csv", "ho-so-2.csv")
    withdraw(archive, MONTH, "ho-so-2.csv", folder, SAID)
    for day, names in ((5, ["ho-so-1.csv", "ho-so-2.csv"]), (20, ["ho-so-1.csv"])):
        then = RawArchive(tmp_path / f"then-{day}")
        archive_as_of(archive, datetime(2024, 4, day, tzinfo=UTC), then)
        stood = last_delivery(then, "dossiers", MONTH)
        assert stood is not None
        assert [file.name for file in stood.files] == names
