"""One table of dossiers, drawn with its faults, written in every form that an office sends.

Belongs here: drawing rows and spellings, and the writers. Does not: reading them, or assertions.
All of it is DỮ LIỆU MẪU.
"""

import csv
import gzip
import io
import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
import zstandard
from hypothesis import strategies as st

from cchc_pipeline.sources.readers.upload_schema import load_upload_schema
from tests.builders.dossier_export import GOOD, OPEN

Row = Mapping[str, str]
Names = Mapping[str, str]
FIELDS = tuple(GOOD)
_MOMENTS = ("20240305083000", "05/03/2024 08:30:00", "2024-03-05T08:30:00", "05-03-2024 08:30")
_ODD_MOMENTS = ("45356.354166", "2024-02-30", "05.03.2024", "20240305", "hôm qua", "#REF!", "-")
_CHOICES: Mapping[str, Sequence[str]] = {
    "MaTTHC": ("2.000815", "2.000815.000.00.00.H24", "2.0008", "x", ""),
    "TenTTHC": ("Thủ tục mẫu", "  Thủ tục, có “ngoặc”  ", "'Thủ tục", "=1+1", "", "#N/A"),
    "MaLinhVuc": ("LV1", "", "N/A"),
    "KenhThucHien": ("1", "2", "3", "", "Trực tuyến", "2.0", "9", "#N/A", "NULL"),
    "MucDo": ("4", "Toàn trình", "", "4.0", "7"),
    "NgayTiepNhan": (*_MOMENTS, *_ODD_MOMENTS, ""),
    "NgayHenTra": ("20240312170000", "12/03/2024", "2024-03-12", "", "-", "#REF!", "45363"),
    "TrangThaiHoSo": ("10", "9", "Đã trả kết quả", "4", "3", "1", "10.0", "", "lạ"),
    "DonViXuLy": ("H24.16", "h24.17", "Sở Thuỷ sản Mẫu", "SỞ THỔ NHƯỠNG MẪU",
                  "Sở Tho nhưỡng Mẫu", ""),
    "DuocThanhToanTrucTuyen": ("0", "1", "2", "Không", "", "5"),
    "HoSoCoThanhPhanSoHoa": ("0", "1", "Có", "x", "", "có lẽ"),
    "DaDongBoDVCQG": ("0", "1", "TRUE", "", "1.0"),
    "MucDoHaiLong": ("1", "5", "", "-", "6", "5.0"),
}  # fmt: skip
_IN_LISTS: Mapping[str, Sequence[str]] = {
    "TongLePhi": ("", "50000", "50.000", "50,000", "12500,5"),
    "NgayHenTraMoi": ("", "20240313170000", "13/03/2024"),
    "CoKetQuaDienTu": ("0", "1"),
}


@st.composite
def tables(draw: st.DrawFn) -> list[Row]:
    """Rows of dossiers of which some are faulty, repeated, or contradict each other."""
    rows: list[Row] = []
    for number in range(draw(st.integers(3, 9))):
        code = f"000.00.16.H24-240305-{draw(st.integers(1, 6)):04d}"
        row = GOOD | {"MaHoSo": draw(st.sampled_from((code, code, code.lower(), "", "khác")))}
        row |= draw(st.sampled_from(({}, {}, OPEN)))
        for field in draw(st.lists(st.sampled_from(list(_CHOICES)), max_size=3)):
            row[field] = draw(st.sampled_from(_CHOICES[field]))
        row |= {name: draw(st.sampled_from(texts)) for name, texts in _IN_LISTS.items()}
        row["SoLanBoSung"] = "1" if row["NgayHenTraMoi"] else "0"
        rows += [row] * draw(st.sampled_from((1, 1, 2)))
        assert number < 9
    return rows


@st.composite
def spellings(draw: st.DrawFn) -> Names:
    """A name for each field as some program writes it, in some order."""
    headings = {field.name: field.headings for field in load_upload_schema("dossiers").fields}
    names = {}
    for field in draw(st.permutations(FIELDS)):
        said = draw(st.sampled_from((field, headings[field][0], *headings[field])))
        names[field] = draw(st.sampled_from(_SPELLINGS))(said)
    return names


_SPELLINGS = (
    str, str.upper, str.lower, lambda said: f" {said} ", lambda said: said.replace(" ", "_"),
    lambda said: unicodedata.normalize("NFD", said),
)  # fmt: skip


def written(rows: Sequence[Row], names: Names) -> dict[str, bytes]:
    """The same table as every file that is read, by the file's name."""
    flat = [{names[field]: row[field] for field in names} for row in rows]
    native = [_native(row, names) for row in rows]
    tab, semicolon = _csv(flat, "\t"), _csv(flat, ";")
    lines = _lines(native)
    return {
        "ho-so-phay.csv": _csv(flat, ","),
        "ho-so-cham-phay.csv.gz": gzip.compress(semicolon, mtime=0),
        "ho-so-tab.csv.zst": zstandard.ZstdCompressor().compress(tab),
        "ho-so.xlsx": _workbook(flat),
        "ho-so-phang.jsonl": _lines(flat),
        "ho-so-goc.jsonl.gz": gzip.compress(lines, mtime=0),
        "ho-so.json": json.dumps({"data": native}, ensure_ascii=False).encode(),
        "ho-so-phang.parquet": _parquet([{k: v or None for k, v in row.items()} for row in flat]),
        "ho-so-goc.parquet": _parquet(native),
    }


def _native(row: Row, names: Names) -> dict[str, Any]:
    """The row as the national record has it: fees, results and supplements in lists."""
    in_lists = (*_IN_LISTS, "SoLanBoSung")
    flat = {names[field]: row[field] or None for field in names if field not in in_lists}
    new_due = row["NgayHenTraMoi"]
    return flat | {
        "DANHSACHLEPHI": [{"gia": row["TongLePhi"]}] if row["TongLePhi"] else [],
        "danhsachgiaytoketqua": (
            [{"DUONGDANTEPTINKETQUA": "mau.pdf"}] if row["CoKetQuaDienTu"] == "1" else []
        ),
        "DanhSachHoSoBoSung": [{"ngayHenTraMoi": new_due}] if new_due else [],
    }


def _csv(rows: Sequence[Row], delimiter: str) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _workbook(rows: Sequence[Row]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False}) as workbook:
        sheet = workbook.add_worksheet("Hồ sơ")
        for number, cells in enumerate([list(rows[0]), *(list(row.values()) for row in rows)]):
            sheet.write_row(number, 0, cells)
    return out.getvalue()


def _parquet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    out = io.BytesIO()
    leaves = {"DANHSACHLEPHI": "gia", "danhsachgiaytoketqua": "DUONGDANTEPTINKETQUA",
              "DanhSachHoSoBoSung": "ngayHenTraMoi"}  # fmt: skip
    schema = pa.schema(
        (
            name,
            pa.list_(pa.struct([(leaves[name], pa.string())])) if name in leaves else pa.string(),
        )
        for name in rows[0]
    )
    pq.write_table(pa.Table.from_pylist(list(rows), schema), out)
    return out.getvalue()
