"""What the raw archive promises: bytes unaltered, nothing overwritten, order of captures."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Basis, Month, utc_text
from cchc_pipeline.sources.raw.archive import (
    Answer,
    Exchange,
    RawArchive,
    Snapshot,
    capture_moment,
    normal_capture_time,
)

SEPTEMBER = Month(2026, 9)


@pytest.fixture
def archive(tmp_path: Path) -> RawArchive:
    return RawArchive(tmp_path / "raw")


def a_snapshot(
    archive: RawArchive, captured_at: str = "2026-10-02", body: bytes = b"{}"
) -> Snapshot:
    sha256 = archive.put(body)
    answer = Answer(
        "transparency", "H24", {"year": 2026, "month": 9}, 201, "2026-10-02T01:00:00Z", sha256, 2
    )
    return Snapshot(
        SEPTEMBER, Basis.MONTH, "H24", captured_at, "a test", "published", "api", (answer,)
    )


def test_bytes_come_back_as_they_were(archive: RawArchive) -> None:
    content = "số liệu".encode() + b"\x00\xff\r\n"
    assert archive.get(archive.put(content)) == content


def test_a_blob_lies_under_its_digest_and_no_unfinished_file_stays(
    archive: RawArchive, tmp_path: Path
) -> None:
    digest = archive.put(b"answer")
    assert digest == hashlib.sha256(b"answer").hexdigest()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [
        tmp_path / "raw" / "blobs" / digest[:2] / digest
    ]


def test_the_same_bytes_are_kept_once(archive: RawArchive, tmp_path: Path) -> None:
    path = tmp_path / "raw" / "blobs" / (digest := archive.put(b"answer"))[:2] / digest
    before = path.stat().st_mtime_ns
    assert archive.put(b"answer") == digest
    assert path.stat().st_mtime_ns == before


def test_altered_bytes_are_refused(archive: RawArchive, tmp_path: Path) -> None:
    digest = archive.put(b"score 66.75")
    (tmp_path / "raw" / "blobs" / digest[:2] / digest).write_bytes(b"score 99.99")
    with pytest.raises(SourceError, match="altered after it was kept"):
        archive.get(digest)


def test_missing_bytes_are_named(archive: RawArchive) -> None:
    with pytest.raises(SourceError, match="missing"):
        archive.get("0" * 64)


def test_exchanges_are_logged_by_the_month_in_which_they_happened(
    archive: RawArchive, tmp_path: Path
) -> None:
    for at in ("2026-09-30T23:59:59Z", "2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z"):
        archive.record(Exchange("api", "/a", {"year": 2026}, at, note="đủ"))
    logs = {path.name: path.read_text("utf-8") for path in (tmp_path / "raw/exchanges").iterdir()}
    assert {name: text.count("\n") for name, text in logs.items()} == {
        "2026-09.jsonl": 1,
        "2026-10.jsonl": 2,
    }
    assert json.loads(logs["2026-09.jsonl"])["note"] == "đủ"


def test_half_a_line_left_by_a_crash_does_not_take_the_next_record_with_it(
    archive: RawArchive, tmp_path: Path
) -> None:
    log = tmp_path / "raw" / "exchanges" / "2026-10.jsonl"
    log.parent.mkdir(parents=True)
    log.write_bytes(b'{"channel":"ap')
    archive.record(Exchange("api", "/a", {}, "2026-10-01T00:00:00Z"))
    assert json.loads(log.read_text("utf-8").splitlines()[1])["path"] == "/a"


def test_a_saved_snapshot_is_read_back_equal(archive: RawArchive, tmp_path: Path) -> None:
    snapshot = archive.save(a_snapshot(archive))
    assert RawArchive(tmp_path / "raw").snapshots(SEPTEMBER) == (snapshot,)
    assert (tmp_path / f"raw/portal/2026-09/month/{snapshot.snapshot_id}.json").is_file()


def test_a_snapshot_without_its_bytes_is_not_recorded(archive: RawArchive) -> None:
    snapshot = a_snapshot(archive)
    lost = replace(snapshot, answers=(replace(snapshot.answers[0], sha256="0" * 64),))
    with pytest.raises(SourceError, match="transparency: raw answer was not kept"):
        archive.save(lost)
    assert archive.snapshots(SEPTEMBER) == ()


def test_a_time_of_receipt_makes_no_new_snapshot_and_the_first_one_stands(
    archive: RawArchive,
) -> None:
    first = replace(a_snapshot(archive, "2026-10-02T01:00:00Z"), dated_by="receipt")
    again = replace(first, captured_at="2026-11-05T01:00:00Z")
    assert archive.save(first) == archive.save(again) == first
    assert archive.snapshots(SEPTEMBER) == (first,)


def test_the_same_answers_captured_later_are_a_new_snapshot(archive: RawArchive) -> None:
    early = archive.save(a_snapshot(archive, "2026-10-02"))
    late = archive.save(a_snapshot(archive, "2026-10-06"))
    assert archive.snapshots(SEPTEMBER) == (early, late)
    assert archive.latest(SEPTEMBER, Basis.MONTH) == late
    assert archive.latest(SEPTEMBER, Basis.YTD) is None


def test_a_bare_date_comes_before_the_instants_of_that_day_in_the_city(archive: RawArchive) -> None:
    in_order = ["2026-10-09", "2026-10-10", "2026-10-09T21:00:44Z", "2026-10-10T07:00:40Z"]
    for at in reversed(in_order):
        archive.save(a_snapshot(archive, at))
    assert [item.captured_at for item in archive.snapshots(SEPTEMBER)] == in_order


def test_an_altered_record_is_refused(archive: RawArchive, tmp_path: Path) -> None:
    snapshot = archive.save(a_snapshot(archive))
    path = tmp_path / f"raw/portal/2026-09/month/{snapshot.snapshot_id}.json"
    path.write_text(path.read_text("utf-8").replace("a test", "another"), "utf-8")
    with pytest.raises(SourceError, match="record of a snapshot was altered"):
        archive.snapshots(SEPTEMBER)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("2026-10-02", "2026-10-02"),
        ("2026-10-02T04:00:00+07:00", "2026-10-01T21:00:00Z"),
        ("2026-10-09T21:00:44Z", "2026-10-09T21:00:44Z"),
    ],
)
def test_capture_times_get_one_form(written: str, normal: str) -> None:
    assert normal_capture_time(written) == normal


@pytest.mark.parametrize("written", ["02/10/2026", "2026-10-02T04:00:00", "2026-13-01", ""])
def test_a_doubtful_capture_time_is_no_capture_time(written: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        normal_capture_time(written)


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1)))
def test_an_instant_survives_being_written(moment: datetime) -> None:
    written = utc_text(moment)
    assert normal_capture_time(written) == written
    assert capture_moment(written) == moment.replace(microsecond=0)
