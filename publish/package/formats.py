"""A table as CSV, JSON and Parquet bytes, and read back again.

Belongs here: the exact form of each (UTF-8, LF, fixed decimals, NFC, declared types). Does not:
XLSX (``workbook``) or the choice of tables. Reading back exists so that a gate can prove that the
formats carry the same cells.

A column of many months has few distinct values: each is written, or read, once, and the column is
filled from them.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from itertools import chain
from operator import is_
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


def paths_of(table: str) -> tuple[str, str, str, str]:
    """A table's files in a release: CSV, Parquet, JSON, XLSX."""
    others = (f"formats/{table}.{ending}" for ending in ("parquet", "json", "xlsx"))
    return (f"data/{table}.csv", *others)  # type: ignore[return-value]


def rows_of(table: pa.Table) -> Rows:
    """The cells of an arrow table."""
    return list(zip(*(filled(*distinct(column)) for column in table.columns), strict=True))


def distinct(column: pa.ChunkedArray) -> tuple[list[Any], list[int]]:
    """The distinct values of a column, in the order in which they come, and which each cell has."""
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy().tolist()


def filled(values: Sequence[Any], positions: Iterable[int]) -> list[Any]:
    """A column of values by their positions."""
    return list(map(values.__getitem__, positions))


def _mapped(column: Iterable[Any], change: Callable[[Any], Any]) -> list[Any]:
    """A column of which each distinct cell was changed once."""
    cells = list(column)
    changed = {cell: change(cell) for cell in set(cells)}
    return list(map(changed.__getitem__, cells))


def to_csv(table: pa.Table, contract: Contract) -> bytes:
    """The canonical form: no BOM, comma, point, LF, ISO dates, fixed decimals, empty for null.

    Args:
        table: The table, in its order.
        contract: Its contract, which says the decimals.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.column_names)
    columns = []
    for name in table.column_names:
        values, positions = distinct(table.column(name))
        field = contract.field(name)
        columns.append(filled([cell_text(value, field) for value in values], positions))
    writer.writerows(zip(*columns, strict=True))
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
    texts = list(zip(*reader, strict=True)) or [()] * len(contract.fields)
    columns = (
        _mapped(column, partial(_typed, field=field))
        for column, field in zip(texts, contract.fields, strict=True)
    )
    return list(zip(*columns, strict=True))


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
    columns = []
    for name in table.column_names:
        values, positions = distinct(table.column(name))
        columns.append(filled([_member(name, value) for value in values], positions))
    lines = (f"{{{row}}}" for row in map(",".join, zip(*columns, strict=True)))
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode("utf-8")


def _member(name: str, value: Any) -> str:
    """A name and its value, as they stand within an object."""
    text = json.dumps({name: value}, ensure_ascii=False, default=_iso, separators=(",", ":"))
    return text[1:-1]


def from_json(content: bytes, contract: Contract) -> Rows:
    """Read the array back; dates are text in JSON.

    Raises:
        CheckFailedError: An object names other columns than the contract.
    """
    objects = json.loads(content)
    for names in set(map(tuple, objects)):
        require_columns(names, contract)
    columns = (
        _from_json_values([row[field.name] for row in objects], field) for field in contract.fields
    )
    return list(zip(*columns, strict=True))


def _from_json_values(cells: list[Any], field: Field) -> list[Any]:
    if field.type not in {"date", "datetime"}:
        return cells
    return _mapped(cells, lambda cell: None if cell is None else _READERS[field.type](cell))


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
    if one == other and all(map(is_, _types(one), _types(other))):
        return ""
    return next(_differences(one, other), "")


def _types(rows: Rows) -> Iterator[type]:
    return map(type, chain.from_iterable(rows))


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
