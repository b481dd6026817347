"""Quarantined dossiers as rows that tell their unit what to mend.

Belongs here: faults to messages, and writing them: without dossier codes into the lake, the codes
beside them into the raw zone. Does not: deciding what is quarantined (``judging``), or the
sheets that go to units (``error_sheets``).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.masking import mask
from cchc_pipeline.period import Month
from cchc_pipeline.sources.dossiers.judging import Refused
from cchc_pipeline.sources.dossiers.rules import CELL_ERROR, Fault, dossier_faults
from cchc_pipeline.sources.dossiers.staging import NAMES
from cchc_pipeline.sources.record_files.record_form import load_form
from cchc_pipeline.sources.text_values import is_cell_error, without_mark

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


def _fields(fault: Fault, texts: Mapping[str, str | None]) -> Sequence[str]:
    """The fields in which a fault shows: its own, or whichever hold a formula's error."""
    if fault.id != CELL_ERROR:
        return [fault.field]
    return [name for name in NAMES if is_cell_error(texts.get(name) or "")]


def _message(fault: Fault, field: str, row: Refused) -> str:
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
    titles = {field.name: field.headings[0] for field in load_form("dossiers").fields}
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
