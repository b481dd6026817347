"""A table as CSV, JSON and Parquet bytes, and read back again.

Belongs here: the exact form of each (UTF-8, LF, fixed decimals, NFC, declared types). Does not:
XLSX (``workbook``) or the choice of tables. Reading back exists so that a gate can prove that the
formats carry the same cells.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.contracts import Contract, Field

Rows = list[tuple[Any, ...]]
"""The cells of a table in order: text, int, float, bool, date or None."""


def rows_of(table: pa.Table) -> Rows:
    """The cells of an arrow table."""
    columns = [column.to_pylist() for column in table.columns]
    return list(zip(*columns, strict=True)) if columns else []


def to_csv(table: pa.Table, contract: Contract) -> bytes:
    """The canonical form: no BOM, comma, point, LF, ISO dates, fixed decimals, empty for null."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.column_names)
    fields = [contract.field(name) for name in table.column_names]
    for row in rows_of(table):
        writer.writerow([cell_text(v, f) for v, f in zip(row, fields, strict=True)])
    return out.getvalue().encode("utf-8")


def cell_text(value: Any, field: Field) -> str:
    """A cell as its canonical text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        text = f"{value:.{field.decimals or 0}f}"
        return text.removeprefix("-") if float(text) == 0 else text
    return value.isoformat() if isinstance(value, date) else str(value)


def from_csv(content: bytes, contract: Contract) -> Rows:
    """Read the canonical form back by the contract's types."""
    reader = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    fields = [contract.field(name) for name in next(reader)]
    return [tuple(_typed(text, f) for text, f in zip(row, fields, strict=True)) for row in reader]


_READERS: Mapping[str, Callable[[str], Any]] = {
    "integer": int,
    "number": float,
    "boolean": lambda text: text == "true",
    "date": date.fromisoformat,
}


def _typed(text: str, field: Field) -> Any:
    return None if text == "" else _READERS.get(field.type, str)(text)


def to_json(table: pa.Table) -> bytes:
    """A top-level array of objects, one row a line."""
    lines = (
        json.dumps(row, ensure_ascii=False, default=_iso, separators=(",", ":"))
        for row in table.to_pylist()
    )
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode("utf-8")


def from_json(content: bytes, contract: Contract) -> Rows:
    """Read the array back; dates are text in JSON."""
    dates = {field.name for field in contract.fields if field.type == "date"}
    return [
        tuple(
            date.fromisoformat(value) if name in dates and value is not None else value
            for name, value in row.items()
        )
        for row in json.loads(content)
    ]


def to_parquet(table: pa.Table, contract: Contract) -> bytes:
    """Parquet (zstd) of the declared schema, with the table's descriptor in its metadata."""
    descriptor = json.dumps(contract.table_schema("vi"), ensure_ascii=False, sort_keys=True)
    labelled = table.replace_schema_metadata({"tableSchema": descriptor, "table": contract.table})
    sink = pa.BufferOutputStream()
    pq.write_table(labelled, sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def from_parquet(content: bytes) -> Rows:
    """The cells of Parquet bytes."""
    return rows_of(pq.read_table(pa.BufferReader(content)))


def first_difference(one: Rows, other: Rows) -> str:
    """Where two tables differ first, or an empty text; numbers are equal when they are equal."""
    if len(one) != len(other):
        return f"{len(one)} rows against {len(other)}"
    return next(_differences(one, other), "")


def _differences(one: Rows, other: Rows) -> Iterable[str] | Any:
    for number, (left, right) in enumerate(zip(one, other, strict=True), start=1):
        if left != right:
            yield f"row {number}: {left!r} against {right!r}"


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
