"""What is said of a month's dossiers that did not count, and of columns that files lack.

Belongs here: the words about a refused row and about a lacking column; writing the rows without
dossier codes into the lake, and their codes beside them into the raw zone. Does not: deciding what
is refused (``judging``), refusing a file for a column (``readers``), emptying a measure
(``indicators``), or the sheets that go to units (``cchc_pipeline.reports``).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.masking import mask
from cchc_pipeline.core.period import Month
from cchc_pipeline.sources.dossiers.judging import Account, ExportPart, Refused
from cchc_pipeline.sources.dossiers.rules import (
    CELL_ERROR,
    DossierFault,
    dossier_faults,
    dossier_rules,
)
from cchc_pipeline.sources.dossiers.staging import COLUMN_FIELDS, NAMES
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema
from cchc_pipeline.sources.records.values import is_cell_error, without_mark

_SHOWN = 5
CODES_SCHEMA = pa.schema([("file", pa.string()), ("row", pa.int64()), ("code", pa.string())])
_CODE_LENGTH = 40
_LINE_LENGTH = 200
_BATCH = 20_000


def quarantine_rows(month: Month, refused: Iterable[Refused]) -> Iterator[dict[str, Any]]:
    """One row a fault and field, as ``dossier_quarantine`` declares it, with values masked."""
    for row in refused:
        for fault in dossier_faults().values():
            if row.mask & (1 << fault.bit):
                for field in _fields(fault, row.texts):
                    yield {
                        "period": str(month),
                        "file": row.file,
                        "row": row.row,
                        "unit_code": row.unit_code,
                        "field": field or None,
                        "rule": fault.id,
                        "message_vi": _message(fault, field, row),
                        "expected_vi": fault.expected,
                    }


def _fields(fault: DossierFault, texts: Mapping[str, str | None]) -> Sequence[str]:
    """The fields in which a fault shows: its own, or whichever hold a formula's error."""
    if fault.id != CELL_ERROR:
        return [fault.field]
    return [name for name in NAMES if is_cell_error(texts.get(name) or "")]


def _message(fault: DossierFault, field: str, row: Refused) -> str:
    return fault.message.vi.format(
        value=f"“{mask(without_mark(row.texts.get(field) or ''))}”",
        line=mask(row.line or "", _LINE_LENGTH),
        succession=row.succession or "",
    ).strip()


def write_quarantine(
    month: Month, refused: Iterable[Refused], quarantine: Path, codes: Path
) -> int:
    """Write the quarantine and, apart from it, the dossier codes; memory is bounded by a batch.

    Args:
        month: The month of the export.
        refused: The quarantined rows.
        quarantine: The new Parquet file of ``dossier_quarantine``, without dossier codes.
        codes: The new Parquet file of ``CODES_SCHEMA``, in the raw zone.

    Returns:
        How many rows were quarantined.
    """
    schema, rows = load_contract("dossier_quarantine").arrow_schema(), iter(refused)
    count = 0
    with (
        pq.ParquetWriter(quarantine, schema, compression="zstd") as told,
        pq.ParquetWriter(codes, CODES_SCHEMA, compression="zstd") as kept,
    ):
        while batch := list(islice(rows, _BATCH)):
            count += len(batch)
            told.write_table(pa.Table.from_pylist(list(quarantine_rows(month, batch)), schema))
            kept.write_table(pa.Table.from_pylist([_code_row(row) for row in batch], CODES_SCHEMA))
    return count


def _code_row(row: Refused) -> dict[str, Any]:
    """The place of a row with its code, cut and masked where it is no code at all."""
    code = row.dossier_code
    return {"file": row.file, "row": row.row, "code": mask(code, _CODE_LENGTH) if code else None}


def sheet_rows(quarantine: Path, codes: Path) -> Iterator[dict[str, Any]]:
    """The quarantine with dossier codes and the headings of fields, for the sheets of units.

    Args:
        quarantine: The Parquet file of ``dossier_quarantine``.
        codes: The Parquet file of ``CODES_SCHEMA``.
    """
    titles = {field.name: field.headings[0] for field in load_upload_schema("dossiers").fields}
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT file, row, unit_code, code, field, rule, message_vi, expected_vi"
            " FROM read_parquet(?) AS told JOIN read_parquet(?) AS kept USING (file, row)"
            " ORDER BY unit_code, file, row, rule",
            [str(quarantine), str(codes)],
        )
        while batch := found.fetchmany(_BATCH):
            for file, row, unit, code, field, rule, message, expected in batch:
                yield {
                    "file": file,
                    "row": row,
                    "unit_code": unit,
                    "dossier_code": code,
                    "column": titles.get(field, field or ""),
                    "rule": rule,
                    "message_vi": message,
                    "expected_vi": expected,
                }


def given_columns(parts: Iterable[ExportPart]) -> dict[str, frozenset[str]]:
    """By file, the optional columns of ``dossiers`` that it gives."""
    return {
        part.file: frozenset(
            column for column, fields in COLUMN_FIELDS.items() if part.kind.intersection(fields)
        )
        for part in parts
    }


def lacking_columns(accounts: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """By file, the optional columns of ``dossiers`` that it does not give.

    Args:
        accounts: Rows of ``dossier_accounts``.
    """
    return {
        row["file"]: frozenset(COLUMN_FIELDS) - {*(row["given"] or "").split(";")}
        for row in accounts
    }


def absence_notes(
    accounts: Sequence[Account], given: Mapping[str, frozenset[str]]
) -> Iterator[str]:
    """A line for each file that lacks columns: which, what is empty then, and for whom.

    A file without an accepted row empties nothing, and has none.
    """
    template = dossier_rules().absent.vi
    counted: dict[str, list[str]] = {}
    for account in accounts:
        if account.accepted:
            counted.setdefault(account.file, []).extend(filter(None, [account.unit_code]))
    for file, units in counted.items():
        lacking = [column for column in COLUMN_FIELDS if column not in given[file]]
        if lacking:
            yield template.format(
                file=file,
                columns=", ".join(_heading(column) for column in lacking),
                measures="; ".join(_measures(frozenset(lacking))),
                units=", ".join([*units[:_SHOWN], *(["…"] if len(units) > _SHOWN else [])]) or "?",
            )


def _heading(column: str) -> str:
    """The heading that offices know a column of ``dossiers`` by."""
    headings = {field.name: field.headings[0] for field in load_upload_schema("dossiers").fields}
    return next(headings[name] for name in COLUMN_FIELDS[column] if name in headings)


def _measures(lacking: frozenset[str]) -> Iterator[str]:
    """The titles of what rests on one of these columns."""
    for field in load_contract("dossier_statistics").fields:
        if lacking.intersection(field.rests_on):
            yield field.title.vi
