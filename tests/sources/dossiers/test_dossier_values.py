"""How the texts of a dossier are read: times, amounts, codes and words, units, due dates."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.sources.dossiers import values as read
from cchc_pipeline.sources.dossiers.rules import dossier_faults
from cchc_pipeline.sources.records.values import read_moment, value_words
from tests.builders.dossier_export import dossier, read_files, read_rows


def _read(expression: str, *texts: str | None) -> list[Any]:
    """What the expression makes of each text."""
    with duckdb.connect() as connection:
        query = f"SELECT {expression} FROM (SELECT unnest(CAST(? AS VARCHAR[])) AS t)"  # noqa: S608
        return [value for (value,) in connection.execute(query, [texts]).fetchall()]


@settings(max_examples=60, deadline=None)
@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2099, 12, 31)))
def test_a_moment_is_the_same_in_every_form(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    forms = ("%Y%m%d%H%M%S", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S+07:00")
    serial = (whole - datetime(1899, 12, 30)) / timedelta(days=1)
    texts = [*(whole.strftime(form) for form in forms), *(f"{serial:.{n}f}" for n in range(6, 12))]
    assert _read(read.moment("t"), *texts) == [whole] * len(texts)
    assert {read_moment(text).at for text in texts} == {whole}


@pytest.mark.parametrize(("field", "code"), [("KenhThucHien", 1), ("MucDo", None)])
def test_an_empty_channel_is_direct_and_no_other_code_is_taken_for_empty(
    field: str, code: int | None
) -> None:
    assert _read(read.code(field, "t"), None) == [code]


def test_every_word_of_the_code_map_is_read_as_its_code() -> None:
    for field, known in value_words().codes.items():
        for code, words in known.words.items():
            said = [str(code), *words]
            assert _read(read.code(field, "t"), *said) == [code] * len(said)


def test_an_empty_field_code_is_unknown(tmp_path: Path) -> None:
    assert read_rows(tmp_path, dossier(MaLinhVuc="")).accepted[0]["field_code"] == "UNKNOWN"


def test_a_procedure_with_and_without_its_suffix_is_one(tmp_path: Path) -> None:
    rows = [dossier(1), dossier(2, MaTTHC="2.000815.000.00.00.H24")]
    assert {row["procedure_code"] for row in read_rows(tmp_path, *rows).accepted} == {"2.000815"}


def test_a_due_day_without_a_time_ends_with_its_last_second(tmp_path: Path) -> None:
    (row,) = read_rows(tmp_path, dossier(NgayHenTra="12/03/2024")).accepted
    assert row["due_at"] == datetime(2024, 3, 12, 23, 59, 59)
    assert row["due_timed"] is False


def test_a_finish_without_a_time_begins_with_its_first_second(tmp_path: Path) -> None:
    (row,) = read_rows(tmp_path, dossier(NgayKetThucXuLy="11/03/2024")).accepted
    assert row["finished_at"] == datetime(2024, 3, 11)


def test_the_finish_is_the_end_of_work_else_the_return(tmp_path: Path) -> None:
    rows = read_rows(tmp_path, dossier(1), dossier(2, NgayKetThucXuLy="")).accepted
    assert [row["finished_at"].hour for row in rows] == [9, 10]


def test_a_finish_on_the_day_of_reception_is_no_contradiction_without_times(tmp_path: Path) -> None:
    outcome = read_rows(tmp_path, dossier(NgayKetThucXuLy="05/03/2024", NgayHenTra="05/03/2024"))
    assert outcome.account == (1, 1, 0, 0)


def test_the_new_due_date_of_a_flat_file_is_the_due_date(tmp_path: Path) -> None:
    (row,) = read_rows(tmp_path, dossier(NgayHenTraMoi="20/03/2024")).accepted
    assert row["due_at"] == datetime(2024, 3, 20, 23, 59, 59)


def _native(supplements: list[dict[str, str]], **changes: Any) -> bytes:
    flat = {"NgayHenTraMoi", "TongLePhi", "SoLanBoSung", "CoKetQuaDienTu"}
    record = {name: value for name, value in dossier().items() if name not in flat and value}
    record |= {"DanhSachHoSoBoSung": supplements} | changes  # type: ignore[dict-item]
    return (json.dumps(record, ensure_ascii=False) + "\n").encode()


@pytest.mark.parametrize(
    ("supplements", "due"),
    [
        (
            [
                {"NgayTiepNhanBoSung": "20240309080000", "NgayHenTraMoi": "20240320170000"},
                {"NgayTiepNhanBoSung": "20240307080000", "NgayHenTraMoi": "20240325170000"},
            ],
            20,
        ),
        (
            [
                {"NgayBoSung": "20240306080000", "NgayHenTraMoi": "20240320170000"},
                {"NgayTiepNhanBoSung": "20240307080000", "NgayHenTraMoi": "20240325170000"},
            ],
            25,
        ),
        (
            [
                {"NgayTiepNhanBoSung": "20240307080000", "NgayHenTraMoi": "20240320170000"},
                {"NgayHenTraMoi": "20240325170000"},
            ],
            20,
        ),
        ([{"NgayHenTraMoi": "20240320170000"}, {"NgayHenTraMoi": "20240325170000"}], 25),
        ([{"NgayTiepNhanBoSung": "20240307080000"}], 12),
    ],
    ids=["by reception", "else by request", "undated first", "else by order", "none new"],
)
def test_due_is_the_last_new_due_date_among_the_supplements(
    tmp_path: Path, supplements: list[dict[str, str]], due: int
) -> None:
    (row,) = read_files(tmp_path, {"ho-so.jsonl": _native(supplements)}).accepted
    assert row["due_at"].day == due
    assert row["supplements"] == len(supplements)


def test_an_unreadable_date_among_the_supplements_is_a_fault(tmp_path: Path) -> None:
    content = _native([{"NgayHenTraMoi": "sang tuần"}])
    outcome = read_files(tmp_path, {"ho-so.jsonl": content})
    assert outcome.rules == [(1, "SUPPLEMENT_UNREADABLE")]


def test_native_fees_are_added_and_a_file_of_the_result_is_an_electronic_result(
    tmp_path: Path,
) -> None:
    content = _native(
        [],
        DanhSachLePhi=[{"Gia": 30000}, {"Gia": "12.500,5"}],
        DanhSachGiayToKetQua=[{"DuongDanTepTinKetQua": ""}, {"DuongDanTepTinKetQua": "a.pdf"}],
    )
    (row,) = read_files(tmp_path, {"ho-so.jsonl": content}).accepted
    assert row["fee"] == 42500.5
    assert row["has_e_result"] is True


def test_one_negative_fee_among_several_is_a_fault(tmp_path: Path) -> None:
    content = _native([], DanhSachLePhi=[{"Gia": 30000}, {"Gia": -1}])
    outcome = read_files(tmp_path, {"ho-so.jsonl": content})
    assert outcome.rules == [(1, "FEE_NEGATIVE")]
    assert "30000 + -1" in outcome.refused[0]["message_vi"]


def test_every_fault_has_its_field_in_the_record_and_its_own_bit() -> None:
    form = read_yaml("records/dossiers.yaml")
    names = {entry["name"] for entry in (*form["fields"], *form["nested"])} | {""}
    faults = dossier_faults().values()
    assert {fault.field for fault in faults} <= names
    assert len({fault.bit for fault in faults}) == len(faults)
    assert all(fault.expected for fault in faults)
