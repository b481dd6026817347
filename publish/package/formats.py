"""A table as CSV, JSON and Parquet bytes, and read back again.

Belongs here: the exact form of each (UTF-8, LF, fixed decimals, NFC, declared types). Does not:
XLSX (``workbook``) or the choice of tables. Reading back exists so that a gate can prove that the
formats carry the same cells.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.contracts import Contract, Field
from cchc_pipeline.core.errors import CheckFailedError
from cchc_pipeline.core.period import utc_text

Rows = list[tuple[Any, ...]]
"""The cells of a table in order: text, int, float, bool, date, datetime (UTC) or None."""
_READERS: Mapping[str, Callable[[str], Any]] = {
    "integer": int,
    "number": float,
    "boolean": lambda text: {"true": True, "false": False}[text],
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
}


def rows_of(table: pa.Table) -> Rows:
    """The cells of an arrow table."""
    columns = [column.to_pylist() for column in table.columns]
    return list(zip(*columns, strict=True)) if columns else []


def to_csv(table: pa.Table, contract: Contract) -> bytes:
    """The canonical form: no BOM, comma, point, LF, ISO dates, fixed decimals, empty for null.

    Args:
        table: The table, in its order.
        contract: Its contract, which says the decimals.
    """
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
    return _iso(value) if isinstance(value, date) else str(value)


def from_csv(content: bytes, contract: Contract) -> Rows:
    """Read the canonical form back by the contract's types.

    Raises:
        CheckFailedError: The heading is not that of the contract.
        ValueError: A cell is not of its type, or a row has more or fewer cells.
    """
    reader = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    require_columns(next(reader, []), contract)
    fields = contract.fields
    return [tuple(_typed(text, f) for text, f in zip(row, fields, strict=True)) for row in reader]


def require_columns(found: Iterable[str], contract: Contract) -> None:
    """Refuse a file that names other columns, or in another order, than the contract.

    Raises:
        CheckFailedError: It does.
    """
    declared = [field.name for field in contract.fields]
    if list(found) != declared:
        raise CheckFailedError("the columns are not those of the contract", where=contract.table)


def _typed(text: str, field: Field) -> Any:
    return None if text == "" else _READERS.get(field.type, str)(text)


def json_bytes(content: Mapping[str, Any]) -> bytes:
    """A document that is no table: indented, its text unescaped, ending in a line feed."""
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def to_json(table: pa.Table) -> bytes:
    """A top-level array of objects, one row a line; numbers as they are, text unescaped."""
    lines = (
        json.dumps(row, ensure_ascii=False, default=_iso, separators=(",", ":"))
        for row in table.to_pylist()
    )
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode("utf-8")


def from_json(content: bytes, contract: Contract) -> Rows:
    """Read the array back; dates are text in JSON.

    Raises:
        CheckFailedError: An object names other columns than the contract.
    """
    rows = []
    for row in json.loads(content):
        require_columns(row, contract)
        rows.append(tuple(_from_json_value(row[f.name], f) for f in contract.fields))
    return rows


def _from_json_value(value: Any, field: Field) -> Any:
    is_time = field.type in {"date", "datetime"} and value is not None
    return _READERS[field.type](value) if is_time else value


def to_parquet(table: pa.Table, contract: Contract) -> bytes:
    """Parquet (zstd) of the declared schema, with the table's descriptor in its metadata."""
    descriptor = json.dumps(contract.table_schema("vi"), ensure_ascii=False, sort_keys=True)
    labelled = table.replace_schema_metadata({"tableSchema": descriptor, "table": contract.table})
    sink = pa.BufferOutputStream()
    pq.write_table(labelled, sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def from_parquet(content: bytes, contract: Contract) -> Rows:
    """The cells of Parquet bytes.

    Raises:
        CheckFailedError: Its columns or their types are not those of the contract.
    """
    table = pq.read_table(pa.BufferReader(content))
    require_columns(table.column_names, contract)
    declared = contract.arrow_schema().types
    if not all(map(_is_stored_as, declared, table.schema.types)):
        raise CheckFailedError("the types are not those of the contract", where=contract.table)
    return rows_of(table)


def _is_stored_as(declared: pa.DataType, found: pa.DataType) -> bool:
    """Parquet has no moments in whole seconds: it keeps them in thousandths."""
    if pa.types.is_timestamp(declared):
        return bool(pa.types.is_timestamp(found) and found.tz == declared.tz)
    return bool(found.equals(declared))


def first_difference(one: Rows, other: Rows) -> str:
    """Where two tables differ first, or an empty text.

    Cells are equal when type and value are: 1 is not true, and 1 in a column of text is not "1".
    """
    if len(one) != len(other):
        return f"{len(one)} rows against {len(other)}"
    return next(_differences(one, other), "")


def _differences(one: Rows, other: Rows) -> Iterator[str]:
    for number, (left, right) in enumerate(zip(one, other, strict=True), start=1):
        if left != right or [type(v) for v in left] != [type(v) for v in right]:
            yield f"row {number}: {left!r} against {right!r}"


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
