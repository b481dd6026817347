"""Names of fields, lists and leaves meet as headings do, in every format that has names."""

import json
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cchc_pipeline.core.errors import SourceError
from tests.builders.records import NAMES, RECORDS, objects, read, rows_of, write_jsonl

LISTS = {
    "DanhSachLePhi": [{"Gia": "50000"}],
    "DanhSachGiayToKetQua": [{"DuongDanTepTinKetQua": "a.pdf"}],
    "DanhSachHoSoBoSung": [
        {"NgayBoSung": "16/01/2024", "NgayTiepNhanBoSung": None, "NgayHenTraMoi": "25/01/2024"}
    ],
}
HEADINGS = {
    "MaHoSo": "Mã hồ sơ", "MaTTHC": "ma tthc", "TenTTHC": "TÊN  TTHC", "NgayTiepNhan":
    "Ngày tiếp nhận", "DanhSachLePhi": "Danh sách lệ phí", "Gia": "Giá", "NgayHenTraMoi":
    unicodedata.normalize("NFD", "Ngày hẹn trả mới"),
}  # fmt: skip
SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "usual": str,
    "lower": str.lower,
    "upper": str.upper,
    "camel": lambda name: name[0].lower() + name[1:],
    "snake": lambda name: "".join(f"_{c.lower()}" if c.isupper() else c for c in name).strip("_"),
    "words": lambda name: HEADINGS.get(name, name),
}
FORMATS = ("jsonl", "json", "parquet")


def respelt(value: Any, spell: Callable[[str], str]) -> Any:
    """A value with every name in it spelt anew."""
    if isinstance(value, dict):
        return {spell(key): respelt(held, spell) for key, held in value.items()}
    return [respelt(held, spell) for held in value] if isinstance(value, list) else value


def write(folder: Path, kind: str, records: list[dict[str, Any]]) -> Path:
    """Records as a file of a format that has names."""
    path = folder / f"ho-so.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(records), path)
    elif kind == "json":
        path.write_text(json.dumps({"data": records}), encoding="utf-8")
    else:
        write_jsonl(path, records)
    return path


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("kind", FORMATS)
def test_names_meet_whatever_their_spelling_and_order(
    tmp_path: Path, kind: str, spelling: str
) -> None:
    records = [dict(reversed(list((item | LISTS).items()))) for item in objects()]
    spelt = [respelt(item, SPELLINGS[spelling]) for item in records]
    (relation,) = read(write(tmp_path, kind, spelt))
    assert rows_of(relation, *NAMES, *LISTS) == [
        (number, *texts, *LISTS.values()) for number, texts in enumerate(RECORDS, start=1)
    ]
    assert relation.dropped == ()


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ({"ma_ho_so": "x"}, '"MaHoSo" and "ma_ho_so"|"ma_ho_so" and "MaHoSo"'),
        ({"Mã TTHC": "x"}, '"Mã TTHC"'),
        ({"danhsachlephi": [{"Gia": 1}]}, "(DanhSachLePhi)"),
        ({"DanhSachLePhi": [{"Gia": 1, "gia": 2}]}, r"(DanhSachLePhi\.Gia)"),
    ],
)
def test_two_names_for_one_refuse_the_file_and_are_named(
    tmp_path: Path, kind: str, extra: dict[str, Any], told: str
) -> None:
    records = [item | LISTS | extra for item in objects()]
    with pytest.raises(SourceError, match=told):
        read(write(tmp_path, kind, records))


@pytest.mark.parametrize("late", [{"mahoso": "x"}, {"DanhSachLePhi": [{"GIA": 1}]}])
def test_a_second_spelling_is_found_however_late_it_comes(
    tmp_path: Path, late: dict[str, Any]
) -> None:
    many = [objects()[0] | LISTS] * 10_500
    with pytest.raises(SourceError, match="with the same meaning"):
        read(write_jsonl(tmp_path / "ho-so.jsonl", [*many, objects()[1] | late]))


def test_numbers_of_lines_stay_those_of_the_file_when_there_are_many(tmp_path: Path) -> None:
    many = [objects()[0] | {"TenTTHC": str(n), **LISTS} for n in range(1, 30_001)]
    (relation,) = read(write_jsonl(tmp_path / "ho-so.jsonl", many))
    assert all(text == str(number) for number, text in rows_of(relation, "TenTTHC"))


def test_a_file_of_too_many_names_is_refused(tmp_path: Path) -> None:
    many = [objects()[0] | {f"khoa{n}": 1} for n in range(10_001)]
    with pytest.raises(SourceError, match="more than 10000 different names"):
        read(write_jsonl(tmp_path / "ho-so.jsonl", many))
