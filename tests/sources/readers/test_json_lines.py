"""Each line of JSON is a record, or tells in its own words why it is none."""

import json
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.core.errors import SourceError
from tests.builders.dossier_export import GOOD, MARCH, read_files, register
from tests.builders.records import faults_of, objects, read, rows_of

FIRST, SECOND, THIRD = (json.dumps(item, ensure_ascii=False) for item in objects())
NOT_WHOLE, NOT_OBJECT = "không phải JSON trọn vẹn", "không phải một đối tượng JSON"
TWICE = "có hai lần trong cùng một đối tượng JSON"
FEES, NO_SINGLE = "DanhSachLePhi", "không phải là một giá trị đơn"


def written(folder: Path, text: str) -> Path:
    """A file of lines."""
    path = folder / "ho-so.jsonl"
    path.write_bytes(text.encode())
    return path


def with_(changes: str) -> str:
    """The second record with more members, as they are written."""
    return SECOND[:-1] + ", " + changes + "}"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('{"MaHoSo": "x"', NOT_WHOLE),
        (f"{SECOND}{THIRD}", NOT_WHOLE),
        (f"{SECOND},{THIRD}", NOT_WHOLE),
        ("ho-so", NOT_WHOLE),
        ('{"TenTTHC": "\\ud800"}', NOT_WHOLE),
        (f"[{SECOND}]", NOT_OBJECT),
        ("5", NOT_OBJECT),
        ("null", NOT_OBJECT),
        (with_('"MaHoSo": "y"'), f"trường MaHoSo {TWICE}"),
        (with_('"M\\u0061HoSo": "y"'), f"trường MaHoSo {TWICE}"),
        (with_('"ChuHoSo": 1, "ChuHoSo": 1'), f"một trường {TWICE}"),
        (with_('"DanhSachLePhi": [{"Gia": 1, "Gia": 2}]'), f"một trường trong {FEES} {TWICE}"),
        (with_('"DanhSachLePhi": {"Gia": 1}'), f"{FEES} không phải là danh sách"),
        (with_('"DanhSachLePhi": "x"'), f"{FEES} không phải là danh sách"),
        (with_('"DanhSachLePhi": 5'), f"{FEES} không phải là danh sách"),
        (with_('"DanhSachLePhi": true'), f"{FEES} không phải là danh sách"),
        (with_('"DanhSachLePhi": ["x"]'), f"{FEES} có phần tử không phải là đối tượng JSON"),
        (with_('"DanhSachLePhi": [{"Gia": [1]}]'), f"{FEES}.Gia {NO_SINGLE}"),
        (with_('"DanhSachLePhi": [{"Gia": {}}]'), f"{FEES}.Gia {NO_SINGLE}"),
        (with_('"MucDo": [4]'), f"MucDo {NO_SINGLE}"),
        (with_('"MucDo": {"ma": 4}'), f"MucDo {NO_SINGLE}"),
        (with_('"TenLinhVuc": "a\\u0000b"'), "có ký tự NUL (\\u0000), không phải văn bản"),
    ],
)
def test_a_line_that_is_no_record_says_why(tmp_path: Path, line: str, fault: str) -> None:
    (relation,) = read(written(tmp_path, f"{FIRST}\n{line}\n{THIRD}\n"))
    assert faults_of(relation) == [(2, fault)]
    assert [row[1] for row in rows_of(relation, "MaHoSo")][::2] == [
        objects()[0]["MaHoSo"],
        objects()[2]["MaHoSo"],
    ]


@pytest.mark.parametrize("empty", ["[]", "null", '""', '" "', "[null]", '"[]"', '"null"'])
def test_an_empty_list_is_one_however_it_is_written(tmp_path: Path, empty: str) -> None:
    (relation,) = read(written(tmp_path, with_(f'"DanhSachLePhi": {empty}') + f"\n{FIRST}\n"))
    assert faults_of(relation) == []
    assert [row[1] for row in rows_of(relation, "DanhSachLePhi")] == [[], []]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("50000", "50000"),
        ('"50,000"', "50,000"),
        ("1.5", "1.5e0"),
        ("1E5", "100000"),
        ("9007199254740993", "9007199254740993"),
        ("9223372036854775809123", "9223372036854775809123"),
        ("1e400", "inf"),
        ("NaN", "NaN"),
        ("true", "TRUE"),
        ("null", None),
        ('" "', None),
        ('"[Mẫu] {x}"', "[Mẫu] {x}"),
    ],
)
def test_a_value_is_its_text_at_any_depth(tmp_path: Path, value: str, text: str | None) -> None:
    line = with_(f'"TongLePhi": {value}, "DanhSachLePhi": [{{"Gia": {value}}}]')
    (relation,) = read(written(tmp_path, line + "\n"))
    assert faults_of(relation) == []
    assert rows_of(relation, "TongLePhi", "DanhSachLePhi") == [(1, text, [{"Gia": text}])]


def test_a_list_written_as_json_text_is_the_list(tmp_path: Path) -> None:
    line = with_('"DanhSachLePhi": "[{\\"GIA\\": 1.5}, null]"')
    (relation,) = read(written(tmp_path, line + "\n"))
    assert rows_of(relation, "DanhSachLePhi") == [(1, [{"Gia": "1.5e0"}])]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (f"{FIRST},\n{SECOND},\n{THIRD},\n", [1, 2, 3]),
        (f"{FIRST} ,\r\n{SECOND},\r\n{THIRD}", [1, 2, 3]),
        (f"[\n{FIRST},\n{SECOND},\n{THIRD}\n]\n", [2, 3, 4]),
        (f"[{FIRST},\n{SECOND},\n{THIRD}]", [1, 2, 3]),
        (f"[\n  {FIRST}\n, {SECOND}\n, {THIRD}\n]", [2, 3, 4]),
    ],
)
def test_an_array_printed_one_object_a_line_is_read(
    tmp_path: Path, text: str, numbers: list[int]
) -> None:
    (relation,) = read(written(tmp_path, text))
    assert faults_of(relation) == []
    assert rows_of(relation, "MaHoSo") == [
        (number, item["MaHoSo"]) for number, item in zip(numbers, objects(), strict=True)
    ]
    assert any("array" in note for note in relation.notes) == text.startswith("[")


@pytest.mark.parametrize(
    "text",
    [
        f"{FIRST}\n{SECOND[:50]}",
        f"{FIRST}\n{SECOND[:-1]}",
        f"[\n{FIRST},\n{SECOND},\n",
        f"{FIRST},\n{SECOND}\n]\n",
        f"[{FIRST},\n{SECOND},\n",
    ],
)
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError, match="cut off"):
        read(written(tmp_path, text))


@pytest.mark.parametrize("end", ["", "\n", "\r\n", " ", "\n\n"])
def test_a_last_line_that_is_whole_needs_no_line_end(tmp_path: Path, end: str) -> None:
    (relation,) = read(written(tmp_path, f"\ufeff{FIRST}\n{SECOND}{end}"))
    assert [row[0] for row in rows_of(relation, "MaHoSo")] == [1, 2]


def test_a_document_keeps_doubled_names_numbers_and_refuses_what_is_too_deep(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ho-so.json"
    twice = with_('"MaHoSo": "y", "DanhSachLePhi": [{"Gia": 1, "Gia": 2}]')
    big = with_('"TongLePhi": 9007199254740993')
    path.write_text(f'{{"data": {{"items": [{twice}, {big}, 5]}}}}', encoding="utf-8")
    (relation,) = read(path)
    assert faults_of(relation) == [(1, f"trường MaHoSo {TWICE}"), (3, NOT_OBJECT)]
    assert rows_of(relation, "TongLePhi")[1] == (2, "9007199254740993")
    path.write_text("[" * 200_000, encoding="utf-8")
    with pytest.raises(SourceError, match="no whole JSON"):
        read(path)


@pytest.mark.parametrize("kind", ["jsonl", "json"])
def test_records_that_differ_by_an_absent_or_empty_list_are_one(tmp_path: Path, kind: str) -> None:
    record: dict[str, Any] = {k: v for k, v in GOOD.items() if k != "SoLanBoSung"}
    lists: tuple[dict[str, Any], ...] = (
        {}, *({"DanhSachHoSoBoSung": empty} for empty in ([], None, "", [None]))
    )  # fmt: skip
    records = [record | extra for extra in lists]
    lines = "".join(json.dumps(item) + "\n" for item in records)
    content = (lines if kind == "jsonl" else json.dumps(records)).encode()
    outcome = read_files(tmp_path, {f"ho-so.{kind}": content}, MARCH, register())
    assert [row["supplements"] for row in outcome.accepted] == [0]
    assert outcome.refused == []
