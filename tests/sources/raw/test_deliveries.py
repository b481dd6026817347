"""What was dropped is kept first, is the same delivery when dropped again, and can be replayed."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Month
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.sources.raw.deliveries import Delivery, take_in
from cchc_pipeline.sources.readers.reading import read_plain
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema
from tests.builders.records import HEADINGS, RECORDS, csv_text

MONTH = Month(2024, 1)
FORM = load_upload_schema("dossiers")
FIRST = datetime(2024, 2, 3, 1, 2, 3, tzinfo=UTC)
LATER = datetime(2024, 2, 9, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path: Path) -> RawArchive:
    return RawArchive(tmp_path / "raw")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox" / "2024-01"
    folder.mkdir(parents=True)
    return folder


def take(inbox: Path, archive: RawArchive, at: datetime = FIRST) -> Delivery | None:
    return take_in(inbox, FORM, MONTH, at, archive)


def test_the_files_of_a_month_are_one_delivery(inbox: Path, archive: RawArchive) -> None:
    for name in ("ho-so-2.CSV", "Ho-So.jsonl.gz", "ho-so.parquet.zst", "tthc.csv", ".ho-so.csv",
                 "~$ho-so.xlsx", "ho-so.manifest.json"):  # fmt: skip
        (inbox / name).write_bytes(name.encode())
    delivery = take(inbox, archive)
    assert delivery is not None
    assert [file.name for file in delivery.files] == [
        "Ho-So.jsonl.gz", "ho-so-2.CSV", "ho-so.parquet.zst",
    ]  # fmt: skip
    file = delivery.files[0]
    assert file.sha256 == hashlib.sha256(b"Ho-So.jsonl.gz").hexdigest()
    assert (file.size, file.received_at) == (14, "2024-02-03T01:02:03Z")
    assert archive.get(file.sha256) == b"Ho-So.jsonl.gz"


def test_the_same_files_again_are_the_same_delivery(inbox: Path, archive: RawArchive) -> None:
    (inbox / "ho-so.csv").write_text("x")
    first = take(inbox, archive)
    assert take(inbox, archive, LATER) == first


def test_another_content_or_name_is_another_delivery(inbox: Path, archive: RawArchive) -> None:
    ids = set()
    for name, text in (("ho-so.csv", "x"), ("ho-so.csv", "y"), ("ho-so-1.csv", "y")):
        for path in inbox.iterdir():
            path.unlink()
        (inbox / name).write_text(text)
        delivery = take(inbox, archive)
        assert delivery is not None
        ids.add(delivery.delivery_id)
    assert len(ids) == 3


def test_without_files_the_last_delivery_is_replayed(inbox: Path, archive: RawArchive) -> None:
    assert take(inbox, archive) is None
    path = inbox / "ho-so.csv"
    path.write_text("x")
    first = take(inbox, archive)
    path.write_text("y")
    assert take(inbox, archive, LATER) != first
    path.write_text("x")
    assert take(inbox, archive, LATER) == first, "dropped again, it is the last"
    path.unlink()
    assert take(inbox, archive, LATER) == first
    assert take(inbox.parent / "absent", archive, LATER) == first
    assert take_in(inbox, FORM, MONTH.next(), LATER, archive) is None


def test_a_replay_refuses_altered_bytes(inbox: Path, archive: RawArchive) -> None:
    (inbox / "ho-so.csv").write_text("x")
    delivery = take(inbox, archive)
    assert delivery is not None
    (inbox / "ho-so.csv").unlink()
    blob = archive.path_of(delivery.files[0].sha256)
    blob.write_text("y")
    with pytest.raises(SourceError, match="raw answer was altered"):
        take(inbox, archive)
    blob.unlink()
    with pytest.raises(SourceError, match="raw answer is missing"):
        take(inbox, archive)


@pytest.mark.parametrize("damage", ["{", '{"files": []}', None])
def test_a_replay_refuses_an_altered_record(
    inbox: Path, archive: RawArchive, damage: str | None
) -> None:
    (inbox / "ho-so.csv").write_text("x")
    take(inbox, archive)
    (inbox / "ho-so.csv").unlink()
    (record,) = (archive.root / "deliveries/dossiers/2024-01").glob("*.json")
    content = json.loads(record.read_text())
    content["files"][0]["name"] = "ho-so-khac.csv"
    record.write_text(json.dumps(content) if damage is None else damage)
    with pytest.raises(SourceError, match="record of a delivery is missing or altered"):
        take(inbox, archive)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ho-so.xls", "save it as XLSX"),
        ("ho-so.doc", "XLSX or CSV"),
        ("ho-so.zip", "unpack it"),
        ("ho-so.rar", "unpack it"),
        ("ho-so.7z", "unpack it"),
        ("ho-so", "save it as jsonl"),
        ("ho-so.csv.bz2", "save it as jsonl"),
    ],
)
def test_a_name_that_cannot_be_read_is_refused(
    inbox: Path, archive: RawArchive, name: str, told: str
) -> None:
    (inbox / name).write_text("x")
    (inbox / "ho-so-2.csv").write_text("x")
    with pytest.raises(SourceError, match=f"{name} cannot be read: .*{told}"):
        take(inbox, archive)


def test_all_bad_names_are_told_at_once(inbox: Path, archive: RawArchive) -> None:
    (inbox / "ho-so.xls").write_text("x")
    (inbox / "ho-so-cu").mkdir()
    with pytest.raises(SourceError, match=r"ho-so-cu is no file.* \| ho-so\.xls cannot"):
        take(inbox, archive)


def test_a_file_is_copied_and_never_linked(inbox: Path, archive: RawArchive) -> None:
    path = inbox / "ho-so.csv"
    path.write_text("x")
    digest, size = archive.put_file(path)
    assert size == 1
    assert archive.path_of(digest).stat().st_ino != path.stat().st_ino
    path.write_text("changed later")
    archive.check(digest)
    assert archive.put_file(archive.path_of(digest)) == (digest, 1)
    assert list((archive.root / "blobs").glob(".*")) == []


def test_a_delivered_file_is_read_from_the_archive(
    inbox: Path, archive: RawArchive, tmp_path: Path
) -> None:
    (inbox / "ho-so.csv").write_text(csv_text([HEADINGS, *RECORDS]), encoding="utf-8")
    delivery = take(inbox, archive)
    assert delivery is not None
    (inbox / "ho-so.csv").unlink()
    with duckdb.connect() as connection:
        kept = archive.path_of(delivery.files[0].sha256)
        (relation,) = read_plain("ho-so.csv", kept, FORM, tmp_path / "scratch", connection)
        query = f"SELECT {relation.columns['MaHoSo']} FROM {relation.source}"  # noqa: S608
        assert connection.execute(query).fetchall() == [(row[0],) for row in RECORDS]
    assert relation.file == "ho-so.csv"
