"""The archive as it stood: nothing that came later, and of several the one that stood then."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Basis, Month, utc_text
from cchc_pipeline.sources.raw.archive import Answer, Exchange, RawArchive, Snapshot
from cchc_pipeline.sources.raw.deliveries import Delivery, take_in
from cchc_pipeline.sources.raw.withdrawals import archive_as_of
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema

MONTH = Month(2024, 3)
RECORD = "petitions"
Place = Path


@pytest.fixture
def archive(tmp_path: Path) -> RawArchive:
    """An empty archive."""
    return RawArchive(tmp_path / "raw")


@pytest.fixture
def then(tmp_path: Path) -> RawArchive:
    """The archive to be filled."""
    return RawArchive(tmp_path / "then")


def day(number: int) -> datetime:
    return datetime(2024, 4, number, 8, 30, tzinfo=UTC)


def capture(archive: RawArchive, content: bytes, on: int, **other: Any) -> Snapshot:
    """Hand in an answer on a day of April, as a drop of files does."""
    sha256, at = archive.put(content), utc_text(day(on))
    archive.record(Exchange("file", "portal/x.json", {}, at, sha256=sha256, size=len(content)))
    answer = Answer("x", None, {}, None, at, sha256, len(content))
    stated: dict[str, Any] = {
        "month": MONTH, "basis": Basis.MONTH, "root_code": "H24", "captured_at": "2024-04-02",
        "source": "Nguồn thử", "provenance": "sample", "channel": "file", "answers": (answer,),
    } | other  # fmt: skip
    return archive.save(Snapshot(**stated))


def deliver(archive: RawArchive, inbox: Path, content: bytes, on: int) -> Delivery:
    """Hand in petitions on a day of April."""
    inbox.mkdir(exist_ok=True)
    (inbox / "phan-anh.csv").write_bytes(content)
    delivery = take_in(inbox, load_upload_schema(RECORD), MONTH, day(on), archive)
    assert delivery is not None
    return delivery


def standing(archive: RawArchive, nowhere: Path) -> Delivery | None:
    """What is replayed where the inbox holds nothing."""
    return take_in(nowhere, load_upload_schema(RECORD), MONTH, day(30), archive)


def test_a_snapshot_that_came_later_is_not_there(archive: RawArchive, then: RawArchive) -> None:
    early = capture(archive, b"1", 5)
    capture(archive, b"2", 9, captured_at="2024-04-08")
    archive_as_of(archive, day(5), then)
    assert then.snapshots(MONTH) == (early,)
    assert then.get(early.answers[0].sha256) == b"1"


def test_nothing_is_copied(archive: RawArchive, then: RawArchive) -> None:
    kept = capture(archive, b"1", 5)
    archive_as_of(archive, day(5), then)
    assert then.path_of(kept.answers[0].sha256).is_symlink()


def test_of_two_drops_of_one_capture_the_last_one_stood(
    archive: RawArchive, then: RawArchive
) -> None:
    capture(archive, b"1", 5)
    second = capture(archive, b"2", 6)
    archive_as_of(archive, day(9), then)
    assert then.snapshots(MONTH) == (second,)


def test_a_drop_that_was_mended_by_the_one_before_it_did_not_stand(
    archive: RawArchive, then: RawArchive
) -> None:
    first = capture(archive, b"1", 5)
    capture(archive, b"2", 6)
    capture(archive, b"1", 7)
    archive_as_of(archive, day(9), then)
    assert then.snapshots(MONTH) == (first,)


def test_it_stood_until_it_was_mended(archive: RawArchive, then: RawArchive) -> None:
    capture(archive, b"1", 5)
    second = capture(archive, b"2", 6)
    capture(archive, b"1", 9)
    archive_as_of(archive, day(8), then)
    assert then.snapshots(MONTH) == (second,)


def test_captures_of_two_times_both_stood(archive: RawArchive, then: RawArchive) -> None:
    capture(archive, b"1", 5)
    capture(archive, b"2", 6, captured_at="2024-04-04")
    archive_as_of(archive, day(9), then)
    assert len(then.snapshots(MONTH)) == 2


def test_a_line_that_a_crash_cut_off_is_passed_over(archive: RawArchive, then: RawArchive) -> None:
    kept = capture(archive, b"1", 5)
    with (archive.root / "exchanges" / "2024-04.jsonl").open("a") as log:
        log.write('{"sha256": "')
    archive_as_of(archive, day(9), then)
    assert then.snapshots(MONTH) == (kept,)


def test_the_last_delivery_that_had_come_by_then_is_replayed(
    archive: RawArchive, then: RawArchive, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    deliver(archive, inbox, b"a\n1\n", 3)
    second = deliver(archive, inbox, b"a\n2\n", 5)
    deliver(archive, inbox, b"a\n3\n", 9)
    archive_as_of(archive, day(5), then)
    assert standing(then, tmp_path / "nowhere") == second


def test_a_delivery_that_was_dropped_again_is_known_by_what_the_release_says(
    archive: RawArchive, then: RawArchive, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    first = deliver(archive, inbox, b"a\n1\n", 3)
    deliver(archive, inbox, b"a\n2\n", 5)
    deliver(archive, inbox, b"a\n1\n", 7)
    archive_as_of(archive, day(9), then, {(RECORD, "2024-03"): first.received_at})
    assert standing(then, tmp_path / "nowhere") == first


def test_nothing_had_come_by_then(archive: RawArchive, then: RawArchive, tmp_path: Path) -> None:
    deliver(archive, tmp_path / "inbox", b"a\n1\n", 5)
    archive_as_of(archive, day(4), then)
    assert standing(then, tmp_path / "nowhere") is None


@pytest.mark.parametrize("damage", ["altered", "missing"])
def test_bytes_that_are_not_what_was_kept_are_refused_by_their_place(
    damage: str, archive: RawArchive, then: RawArchive
) -> None:
    path = archive.path_of(capture(archive, b"1", 5).answers[0].sha256)
    if damage == "altered":
        path.write_bytes(b"3")
    else:
        path.unlink()
    with pytest.raises(SourceError, match=damage) as refused:
        archive_as_of(archive, day(9), then)
    assert str(path) in str(refused.value)
