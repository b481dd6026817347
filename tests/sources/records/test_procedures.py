"""The procedure catalogue: what is taken, what is set aside, and the targets taken from it."""

import json
from pathlib import Path

import duckdb
import pytest

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.checks import blocking_lines, check_table
from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.indicators.code_lists import procedure_list
from cchc_pipeline.indicators.records import catalogue_shares, procedure_values
from cchc_pipeline.sources.readers.reading import read_plain
from cchc_pipeline.sources.readers.staged_rows import rows_of_relation
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema
from cchc_pipeline.sources.records.procedures import (
    Procedure,
    judge_procedures,
    procedures_from_rows,
)
from cchc_pipeline.sources.records.rows import Judged, RecordRow
from cchc_pipeline.storage.lake import table_from_rows

MARCH = Month(2024, 3)
SHARED = Path(__file__).parents[4] / "shared"
GOOD = {
    "MaTTHC": "9.900001", "TenTTHC": "Thủ tục mẫu 1 (DỮ LIỆU MẪU)", "MaLinhVuc": "MAU-LV01",
    "CapThucHien": "Cấp huyện; Cấp tỉnh", "MucDo": "Toàn trình", "DuDieuKienToanTrinh": "1",
    "TichHopDVCQG": "Có", "ChuanHoa": "x", "CongKhai": "TRUE",
}  # fmt: skip


def _judge(*changes: dict[str, str | None]) -> Judged[Procedure]:
    return judge_procedures(
        RecordRow("tthc-mau.csv", number, GOOD | change)
        for number, change in enumerate(changes, start=2)
    )


def _catalogue(*changes: dict[str, str | None]) -> tuple[Procedure, ...]:
    rows = ({"MaTTHC": f"9.90000{n}"} | change for n, change in enumerate(changes))
    judged = _judge(*rows)
    assert judged.quarantined == ()
    return judged.accepted


def test_words_become_codes_and_flags() -> None:
    (procedure,) = _judge({}).accepted
    assert (procedure.level, procedure.service_level, procedure.fully_online) == (
        "province;district",
        4,
        True,
    )
    assert procedure.eligible and procedure.integrated and procedure.standardised
    assert procedure.in_force


def test_codes_with_and_without_their_local_suffix_are_one() -> None:
    judged = _judge({}, {"MaTTHC": "9.900001.000.00.00.H24"})
    assert (judged.rows, len(judged.accepted), judged.duplicates) == (2, 1, 1)


def test_rows_of_one_code_that_differ_are_all_set_aside() -> None:
    judged = _judge({}, {"MucDo": "Một phần"})
    assert judged.accepted == () and judged.quarantined_rows == 2
    assert {entry.rule for entry in judged.quarantined} == {"CODE_CONTRADICTS"}
    assert judged.quarantined[0].column == "Mã TTHC"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"MaTTHC": None}, "CODE_MISSING"),
        ({"MaTTHC": "2.81"}, "CODE_MALFORMED"),
        ({"TenTTHC": None}, "NAME_MISSING"),
        ({"TenTTHC": "=1+1"}, "TEXT_LIKE_FORMULA"),
        ({"ChuanHoa": "có lẽ"}, "FLAG_UNREADABLE"),
        ({"CapThucHien": "Cấp tổ"}, "LEVEL_UNKNOWN"),
        ({"MucDo": "9"}, "SERVICE_LEVEL_UNKNOWN"),
        ({"TrangThai": "?"}, "STATE_UNKNOWN"),
    ],
)
def test_each_broken_rule_sets_the_row_aside(change: dict[str, str | None], rule: str) -> None:
    judged = _judge(change, {"MaTTHC": "9.900002"})
    assert [entry.rule for entry in judged.quarantined] == [rule]
    assert judged.rows == len(judged.accepted) + judged.quarantined_rows == 2


def test_a_line_that_could_not_be_read_is_not_lost() -> None:
    judged = judge_procedures([RecordRow("tthc.csv", 3, {}, "too few cells")])
    assert [entry.rule for entry in judged.quarantined] == ["LINE_UNREADABLE"]


def test_the_targets_count_procedures_in_force() -> None:
    catalogue = _catalogue(
        {}, {"MucDo": "3"}, {"TichHopDVCQG": "0"}, {"DuDieuKienToanTrinh": "0"},
        {"ChuanHoa": "0", "TrangThai": "Hết hiệu lực"}, {"CongKhai": "0"},
    )  # fmt: skip
    values = procedure_values(catalogue_shares(catalogue, MARCH), MARCH, "H24")
    online = values["H24", "25a", Basis.MONTH]
    assert (online.numerator, online.denominator, online.status) == (2, 4, "A")
    public = values["H24", "26", Basis.YTD]
    assert (public.numerator, public.denominator) == (4, 5)


def test_a_flag_that_the_source_leaves_open_is_neither_zero_nor_met() -> None:
    some = procedure_values(
        catalogue_shares(_catalogue({}, {"ChuanHoa": None}), MARCH), MARCH, "H24"
    )
    assert (some["H24", "26", Basis.YTD].numerator, some["H24", "26", Basis.YTD].status) == (1, "P")
    nowhere = _catalogue({"ChuanHoa": None}, {"ChuanHoa": None})
    assert ("H24", "26", Basis.YTD) not in procedure_values(
        catalogue_shares(nowhere, MARCH), MARCH, "H24"
    )


def test_without_its_own_catalogue_the_month_is_missing_and_the_year_to_date_provisional() -> None:
    values = procedure_values(catalogue_shares(_catalogue({}), Month(2024, 2)), MARCH, "H24")
    assert ("H24", "25a", Basis.MONTH) not in values
    assert values["H24", "25a", Basis.YTD].status == "P"
    assert procedure_values(catalogue_shares(_catalogue({}), Month(2023, 12)), MARCH, "H24") == {}
    assert (
        procedure_values(catalogue_shares(_catalogue({}), Month(2026, 1)), Month(2026, 1), "H24")
        == {}
    )


def test_the_code_list_has_each_procedure_as_its_latest_catalogue_and_its_months() -> None:
    february = _catalogue({"TenTTHC": "Tên cũ"}, {})
    rows = procedure_list({Month(2024, 2): february, MARCH: _catalogue({})})
    assert [(r["procedure_code"], r["first_period"], r["last_period"]) for r in rows] == [
        ("9.900000", "2024-02", "2024-03"),
        ("9.900001", "2024-02", "2024-02"),
    ]
    assert rows[0]["name_vi"].startswith("Thủ tục mẫu")
    contract = load_contract("procedures")
    assert blocking_lines(check_table(table_from_rows(contract, rows), contract)) == []


def test_a_catalogue_keeps_to_its_contract_and_comes_back_the_same() -> None:
    catalogue = _catalogue({}, {"MaLinhVuc": None, "MucDo": None})
    contract = load_contract("procedure_catalogue")
    table = table_from_rows(contract, [procedure.as_row(MARCH) for procedure in catalogue])
    assert blocking_lines(check_table(table, contract)) == []
    values = procedure_values(
        catalogue_shares(procedures_from_rows(table.to_pylist()), MARCH), MARCH, "H24"
    )
    assert values == procedure_values(catalogue_shares(catalogue, MARCH), MARCH, "H24")


def test_json_is_a_list_or_an_object_with_data_under_field_names_or_headings(
    tmp_path: Path,
) -> None:
    item = {"MaTTHC": "9.900001", "Tên TTHC": "Mẫu", "CHUANHOA": True, "ChuHoSo": "TOKEN7"}
    for content in ([item], {"data": [item]}, {"data": {"items": [item]}}):
        (row,) = _rows_of_json(tmp_path, json.dumps(content).encode())
        assert row.texts == {"MaTTHC": "9.900001", "TenTTHC": "Mẫu", "ChuanHoa": "TRUE"}


def test_an_entry_of_json_with_a_doubled_name_or_a_list_is_set_aside(tmp_path: Path) -> None:
    good = '{"MaTTHC": "9.900001", "TenTTHC": "Mẫu"}'
    twice = '{"MaTTHC": "9.900002", "MaTTHC": "9.900003", "TenTTHC": "Mẫu"}'
    listed = '{"MaTTHC": ["9.900004"], "TenTTHC": "Mẫu"}'
    content = f"[{good}, {twice}, {listed}, 5]".encode()
    judged = judge_procedures(_rows_of_json(tmp_path, content))
    assert [procedure.code for procedure in judged.accepted] == ["9.900001"]
    assert [entry.row for entry in judged.quarantined] == [2, 3, 4]


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"data": 3}', b"\xff"])
def test_json_that_is_no_catalogue_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SourceError, match=r"tthc\.json"):
        _rows_of_json(tmp_path, content)


def _rows_of_json(folder: Path, content: bytes) -> list[RecordRow]:
    """The rows of a catalogue in JSON, as a month reads them."""
    path = folder / "tthc.json"
    path.write_bytes(content)
    with duckdb.connect() as connection:
        (relation,) = read_plain(
            path.name, path, load_upload_schema("procedures"), folder / "scratch", connection
        )
        return list(rows_of_relation(relation, connection))


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared is absent")
def test_the_national_portal_s_own_answer_is_read(tmp_path: Path) -> None:
    content = (SHARED / "portal-data" / "formalities.page-575.json").read_bytes()
    judged = judge_procedures(_rows_of_json(tmp_path, content))
    assert [procedure.code for procedure in judged.accepted] == ["6.006776"]
    assert procedure_values(catalogue_shares(judged.accepted, MARCH), MARCH, "H24") == {}
