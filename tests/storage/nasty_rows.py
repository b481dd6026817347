"""Dossiers as no office should write them, and a month in which they stand (DỮ LIỆU MẪU).

Belongs here: rows, and files that hold them. Does not: what becomes of them, which engines must
agree on.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.registers.units import Unit, UnitRegister
from cchc_pipeline.simulation import Options, write_sample
from cchc_pipeline.sources.readers.upload_schema import fold_heading, load_upload_schema
from tests.builders.dossier_export import GOOD, OPEN, csv_bytes, dossier
from tests.command_line import SAMPLE_INBOX
from tests.sources import value_examples as examples

MARCH = Month(2024, 3)
ROOT, UNIT, OTHER_UNIT, ENDED_UNIT = "H24", "H24.M01", "H24.M02", "H24.M90"

MOMENTS = (
    "2024-03-05", "2024-3-5", "2024-03-05T08:30:00", "2024-03-05 8:3", "2024-03-05 08:",
    "2024-03-05T08:30:00.75+0700", "2024-03-05T01:30:00Z", "2024-03-05T08:30:00-05:30",
    "2024-03-05 08:30 PM", "2024-03-05 24:00", "2024-03-05 24:01", "2024-03-05 23:59:60",
    "2024-03-05T", "2024-03-05 ::30", "2024-02-30", "2024-13-01", "0024-03-05", "9999-12-31",
    "05/03/2024", "5/3/2024", "05/03/24", "31/02/2024", "05/03/2024 08:30:15", "05/03/2024 8:3",
    "05/03/2024  08:30", "05/03/2024 24:00", "05/03/2024 08:30 x", "45356", "45356.5e0", "45356,5",
    "45356.354166666664e0", "99999", "20240305083000", "20240230083000", "20240305083060",
    "20240305", "19891231235959", "21000101000000", "infinity", "hôm nay", "1", "٢٠٢٤-03-05",
    *(text for text, _, _ in examples.MOMENTS),
)  # fmt: skip
AMOUNTS = (
    "50000", "1.234.567", "1.234", "12500,5", "1.234.567,89", "12.5", "1.5e0", "-5", "-0", "1e5",
    "1.005e0", "-1.005e0", "1e20e0", "1,234,567", "12.34.5", "năm mươi", "50 000", "e0",
    "12345678901234567890", *(text for text, _ in examples.NUMBERS),
)  # fmt: skip
WORDS = {
    "TrangThaiHoSo": ("ĐÃ TRẢ KẾT QUẢ", "da tra ket qua", "Dang-xu-ly", "07", "3", "1"),
    "KenhThucHien": ("Trực  tuyến", "BƯU CHÍNH", "Bưu điện"),
    "MucDo": ("toàn trình", "Mot phan", "Mọt phần", "1"),
    "DuocThanhToanTrucTuyen": ("Cổng bộ, ngành, địa phương", "khong", "3"),
    "HoSoCoThanhPhanSoHoa": ("Có", "x", "TRUE", "sai", "có thể"),
    "TaiKhoanDuocXacThucVoiVNeID": ("không", "?"),
    "DaDongBoDVCQG": ("X", "5"),
    "LuanChuyenNoiBo": ("Giấy", "điện  tử", "2"),
    "CoKetQuaDienTu": ("FALSE", "2"),
    "MucDoHaiLong": ("0", "6", "năm", *(text for _, text, _ in examples.CODES)),
    "SoLanBoSung": ("2", *(text for text, _ in examples.WHOLE_NUMBERS)),
    "MaHoSo": (
        "h24.16-240305-0001", "H24-240231-0001", "H24.ABCDEFG-240305-0001", "123", "=1",
        "000.00.16.H24-991231-00012345",
    ),
    "MaTTHC": tuple(text for text, _ in examples.PROCEDURES),
    "MaLinhVuc": ("all", "Other", "Lĩnh vực 1", "=1+1", "123456789", "x" * 41, "đ/é", "😀"),
    "TenTTHC": ("=HYPERLINK(1)", "-1", "Thủ tục", "#REF!", "Err:502", "#1"),
    "DonViXuLy": (UNIT.lower(), "SỞ MẪU 1 (DỮ LIỆU MẪU)", "Sở Không Có", ENDED_UNIT, "Quận Cũ Mẫu"),
}  # fmt: skip
SUPPLEMENTS: tuple[list[dict[str, str]], ...] = (
    [],
    [{"NgayBoSung": "20240306080000", "NgayHenTraMoi": "20240313170000"}],
    [
        {"NgayTiepNhanBoSung": "20240308080000", "NgayHenTraMoi": "20240320170000"},
        {"NgayBoSung": "20240306080000", "NgayHenTraMoi": "20240313170000"},
        {"NgayHenTraMoi": "05/03/24"},
    ],
    [{"NgayBoSung": "05/03/24", "NgayHenTraMoi": "20240401170000"}, {"NgayHenTraMoi": "?"}],
)
FEES: tuple[list[dict[str, Any]], ...] = (
    [], [{"Gia": 50000}, {"Gia": 1.5}], [{"Gia": "miễn"}, {"Gia": 3}], [{"Gia": -1}], [{}],
)  # fmt: skip


def register() -> UnitRegister:
    """The sample units, and a district that ended before the month."""
    ended = Unit(
        ENDED_UNIT, "Quận Cũ Mẫu", "Old Sample District", "district", ROOT,
        date(2020, 1, 1), date(2023, 12, 31), "sample", "DỮ LIỆU MẪU",
    )  # fmt: skip
    return UnitRegister((*load_register(SAMPLE_INBOX).units, ended))


def files(folder: Path) -> dict[str, bytes]:
    """A month's export: simulated rows with every fault, as CSV and as JSON Lines, and nasty ones.

    Args:
        folder: Where the simulation writes.
    """
    options = Options(250, broken=0.2, formats=("csv", "jsonl"))
    flat, native = write_sample(folder, MARCH, options, register(), ROOT)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _native_rows())
    broken = '{"MaHoSo": \n[1]\n\n{"DanhSachLePhi": "x"}\n'
    columns = [field.name for field in load_upload_schema("dossiers").fields]
    return {
        "ho-so-1.csv": csv_bytes([*_simulated(flat), *_flat_rows()], columns),
        "ho-so-2.jsonl": native.read_bytes() + (lines + broken).encode(),
    }


def _simulated(file: Path) -> Iterator[Mapping[str, str]]:
    """The rows of a simulated CSV under the names of the record's fields."""
    names = load_upload_schema("dossiers").by_fold
    with file.open(encoding="utf-8-sig", newline="") as content:
        for row in csv.DictReader(content, delimiter=";"):
            yield {names.get(fold_heading(heading), heading): t for heading, t in row.items()}


def _flat_rows() -> Iterator[Mapping[str, str]]:
    good = {"DonViXuLy": UNIT}
    changes: list[Mapping[str, str]] = [{}]
    changes += [{"NgayNopHoSo": "?"}, {"NgayNopHoSo": "20240306083000"}, {"NgayTra": "11/3"}]
    for name in ("NgayTiepNhan", "NgayHenTra", "NgayHenTraMoi", "NgayKetThucXuLy"):
        changes += [{name: text} for text in MOMENTS]
    changes += [{"TongLePhi": text} for text in AMOUNTS]
    changes += [{name: text} for name, texts in WORDS.items() for text in texts]
    changes += [{name: ""} for name in GOOD]
    yield from (dossier(number, **good | change) for number, change in enumerate(changes, start=1))
    yield from (dossier(9000 + n, **good | change) for n, change in _versions())


def _versions() -> Iterator[tuple[int, Mapping[str, str]]]:
    """Rows that share a code: alike, further on, contradicting, in other units, half read."""
    pairs: tuple[tuple[Mapping[str, str], ...], ...] = (
        ({}, {}, {"TongLePhi": "50.000"}),
        (OPEN, {}),
        ({"TrangThaiHoSo": "9"}, {"TrangThaiHoSo": "10"}),
        ({"MucDoHaiLong": "1"}, {"MucDoHaiLong": "5"}),
        ({}, {"NgayTiepNhan": "20240306083000"}),
        ({}, {"DonViXuLy": OTHER_UNIT}),
        ({"NgayTiepNhan": "05/03/2024"}, {"NgayTiepNhan": "20240305000000"}),
        ({"MucDoHaiLong": "7"}, {}, {"MucDoHaiLong": "7"}),
        # One unreadable text in one of two fields: not the same row.
        ({"NgayTra": "?", "NgayHenTraMoi": ""}, {"NgayTra": "", "NgayHenTraMoi": "?"}),
        ({"NgayNopHoSo": "", "NgayTra": "20240311100000"}, {"NgayTra": ""}),
    )
    for number, versions in enumerate(pairs):
        yield from ((number, version) for version in versions)


def _native_rows() -> Iterator[Mapping[str, Any]]:
    """Native records beside flat ones of the same codes, and records with lists."""
    for number in (1, 2, 9000, 9001):
        yield {name: text for name, text in dossier(number, DonViXuLy=UNIT).items() if text}
    base = {name: text for name, text in dossier(DonViXuLy=UNIT).items() if text}
    lists = [{"DanhSachHoSoBoSung": found} for found in SUPPLEMENTS]
    lists += [{"DanhSachLePhi": found} for found in FEES]
    lists += [{"DanhSachGiayToKetQua": [{"DuongDanTepTinKetQua": "a.pdf"}, {}]}]
    for number, more in enumerate(lists, start=8000):
        yield base | {"MaHoSo": f"000.00.16.H24-240305-{number}"} | more
