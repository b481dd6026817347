"""Small sources whose files cannot be read: told, not handed in, and no end of a month."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cchc_pipeline.sources.agency_forms.forms import read_agency_forms
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.sources.raw.deliveries import take_in
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema
from cchc_pipeline.sources.records.other_inputs import Circumstances
from cchc_pipeline.sources.records.petitions import read_petitions
from cchc_pipeline.sources.records.procedures import read_procedures
from cchc_pipeline.sources.records.rows import Reading
from cchc_pipeline.storage.duckdb_engine import Means
from tests.builders.agency_form import EVERYONE, MARCH, filled, workbook

PETITION = (
    "Mã phản ánh,Đơn vị xử lý,Ngày tiếp nhận,Hạn xử lý,Ngày trả lời\nMAU-1,H24.M04,05/03/2024,,\n"
)
DAMAGED = workbook([["Mã"]])[:-300]


def _circumstances(folder: Path, record: str, files: dict[str, bytes]) -> Circumstances:
    inbox, archive = folder / "inbox", RawArchive(folder / "raw")
    inbox.mkdir()
    for name, content in files.items():
        (inbox / name).write_bytes(content)
    received = datetime(2024, 4, 2, tzinfo=UTC)
    delivery = take_in(inbox, load_upload_schema(record), MARCH, received, archive)
    means = Means(folder / "scratch", "500MB")
    return Circumstances(MARCH, "H24", EVERYONE, archive, means, {record: delivery})


def _petitions(folder: Path, files: dict[str, bytes]) -> Reading:
    return read_petitions(_circumstances(folder, "petitions", files))


@pytest.mark.parametrize("content", [DAMAGED, b"PK\x03\x04", b"", b"<html>", b"PK" + bytes(99)])
def test_a_damaged_file_is_not_handed_in_and_its_words_are_kept(
    tmp_path: Path, content: bytes
) -> None:
    reading = _petitions(tmp_path, {"phan-anh.xlsx": content})
    assert reading.tables["petitions"] == []
    (account,) = reading.tables["submissions"]
    assert (account["status"], account["rows"], account["received_at"]) == ("missing", None, None)
    (line,) = reading.refused
    assert line.startswith("phan-anh.xlsx: ") and " -> " in line


def test_beside_a_damaged_file_the_others_count_and_the_whole_is_partial(tmp_path: Path) -> None:
    reading = _petitions(tmp_path, {"phan-anh.xlsx": DAMAGED, "phan-anh-2.csv": PETITION.encode()})
    (account,) = reading.tables["submissions"]
    assert (account["status"], account["rows"], account["accepted"]) == ("partial", 1, 1)
    assert len(reading.refused) == 1


@pytest.mark.parametrize("name", ["tthc.xlsx", "tthc.json", "tthc.csv"])
def test_a_damaged_catalogue_is_not_handed_in(tmp_path: Path, name: str) -> None:
    about = _circumstances(tmp_path, "procedures", {name: b"PK\x03\x04?"})
    reading = read_procedures(about)
    assert [row["status"] for row in reading.tables["submissions"]] == ["missing"]
    assert len(reading.refused) == 1 and name in reading.refused[0]


def test_of_a_damaged_form_the_unit_is_missing_and_the_others_count(tmp_path: Path) -> None:
    good = filled("H24.M03", {"43": {"status": "Đang thực hiện"}})
    files = {"noi-vu.xlsx": DAMAGED, "tai-chinh.xlsx": good}
    reading = read_agency_forms(_circumstances(tmp_path, "agency_forms", files))
    status = {row["unit_code"]: row["status"] for row in reading.tables["submissions"]}
    assert (status["H24.M02"], status["H24.M03"]) == ("missing", "received")
    assert [line.partition(":")[0] for line in reading.refused] == ["noi-vu.xlsx"]
