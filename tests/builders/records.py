"""Small files of invented records (DỮ LIỆU MẪU) in every format, for the readers' tests."""

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
import zstandard

from cchc_pipeline.sources.readers.reading import read_plain
from cchc_pipeline.sources.readers.text_relation import TextRelation
from cchc_pipeline.sources.readers.upload_schema import (
    UploadLimits,
    UploadSchema,
    load_upload_schema,
)

HEADINGS = (
    "Mã hồ sơ", "Mã TTHC", "Tên TTHC", "Ngày tiếp nhận", "Ngày hẹn trả", "Ngày trả", "Trạng thái",
    "Đơn vị xử lý",
)  # fmt: skip
NAMES = (
    "MaHoSo", "MaTTHC", "TenTTHC", "NgayTiepNhan", "NgayHenTra", "NgayTra", "TrangThaiHoSo",
    "DonViXuLy",
)  # fmt: skip


def record(number: int, title: str = "Thủ tục mẫu") -> list[str]:
    """The texts of an invented dossier, in the order of ``HEADINGS``."""
    code = f"000.00.16.H24-240115-{number:04d}"
    return [code, "1.000001", title, "15/01/2024", "20/01/2024", "19/01/2024", "10", "H24.16"]


RECORDS = [record(1), record(2, "Cấp giấy, lần 2"), record(3)]


def csv_text(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    """Rows as CSV, quoted where they must be."""
    return "".join(
        delimiter.join(f'"{cell}"' if delimiter in cell or "\n" in cell else cell for cell in row)
        + "\n"
        for row in rows
    )


def write_xlsx(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    """A workbook of rows of cells by sheet."""
    with xlsxwriter.Workbook(path) as workbook:
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


def write_jsonl(path: Path, objects: Sequence[Mapping[str, Any]]) -> Path:
    """Objects as JSON Lines."""
    lines = [json.dumps(item, ensure_ascii=False) + "\n" for item in objects]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def objects() -> list[dict[str, str]]:
    """``RECORDS`` as objects."""
    return [dict(zip(NAMES, row, strict=True)) for row in RECORDS]


def write_format(kind: str, folder: Path) -> Path:
    """``RECORDS`` in a format."""
    path = folder / f"ho-so.{kind}"
    if kind == "csv":
        path.write_text(csv_text([HEADINGS, *RECORDS]), encoding="utf-8")
    elif kind == "xlsx":
        write_xlsx(path, {"Hồ sơ": [HEADINGS, *RECORDS]})
    elif kind == "jsonl":
        write_jsonl(path, objects())
    else:
        pq.write_table(pa.Table.from_pylist(objects()), path)
    return path


def pack(path: Path, packing: str) -> Path:
    """A file packed beside itself; an empty packing leaves it."""
    if not packing:
        return path
    packed = path.with_name(path.name + packing)
    if packing == ".gz":
        packed.write_bytes(gzip.compress(path.read_bytes()))
    else:
        with_checksum = zstandard.ZstdCompressor(write_checksum=True)
        packed.write_bytes(with_checksum.compress(path.read_bytes()))
    return packed


def read(
    path: Path, limits: UploadLimits | None = None, form: UploadSchema | None = None
) -> list[TextRelation]:
    """The tables of a file of dossiers."""
    scratch = path.parent / "scratch"
    with duckdb.connect() as connection:
        return read_plain(
            path.name, path, form or load_upload_schema("dossiers"), scratch, connection, limits
        )


def rows_of(relation: TextRelation, *names: str) -> list[tuple[Any, ...]]:
    """Number and texts of the records, lines of sums and blank ones left out."""
    texts = ", ".join(relation.columns[name] for name in names) or "1"
    number = relation.row or f"{relation.first_row} - 1 + row_number() OVER ()"
    query = (
        f"SELECT * EXCLUDE (total) FROM (SELECT {number} AS number,"  # noqa: S608
        f" {relation.is_total or 'false'} AS total, {texts} FROM {relation.source})"
        " WHERE NOT total"
    )
    with duckdb.connect() as connection:
        return connection.execute(query).fetchall()


def faults_of(relation: TextRelation) -> list[tuple[Any, ...]]:
    """Number and fault of the lines that cannot be read."""
    number = relation.row or f"{relation.first_row} - 1 + row_number() OVER ()"
    query = (
        f"SELECT * FROM (SELECT {number} AS number, {relation.row_fault} AS fault"  # noqa: S608
        f" FROM {relation.source}) WHERE fault IS NOT NULL"
    )
    with duckdb.connect() as connection:
        return connection.execute(query).fetchall()
