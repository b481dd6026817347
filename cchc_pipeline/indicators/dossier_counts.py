"""A month's accepted dossiers counted by unit, field, procedure and what their files lack.

Belongs here: the one group-by over dossiers, as an Ibis expression, and having an engine run it.
Does not: what a measure counts, or what is made of the counts (``dossier_statistics``,
``dossier_targets``): nothing after this step sees a single dossier.

Rows of a file that lacks a column are counted apart, so that whoever adds counts up knows of each
sum whether it holds such rows: what their source did not say is unknown there, not 0.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.indicators.dossier_measures import MEASURES, OF_YEAR
from cchc_pipeline.period import Month

if TYPE_CHECKING:
    from ibis.expr.types import Table

    from cchc_pipeline.engines.protocol import Engine

UNKNOWN = "UNKNOWN"
"""Stands for the unit or procedure of a dossier that names none, since a key has no gaps."""
KEYS = ("unit_code", "field_code", "procedure_code", "lacks")
LACKS = "lacks"
"""The key that names the columns of ``dossiers`` that the rows' files do not have, by ``;``."""
_FILES = pa.schema([("file", pa.string()), (LACKS, pa.string())])
_IBIS_TYPES = {
    "string": "string", "yearmonth": "string", "integer": "int64", "number": "float64",
    "boolean": "boolean", "local_datetime": "timestamp(6)",
}  # fmt: skip


def lacked(texts: Iterable[str]) -> frozenset[str]:
    """The columns that any of these values of ``lacks`` names."""
    return frozenset(column for text in texts for column in text.split(";") if column)


def dossiers_table() -> "Table":
    """The table ``dossiers`` as its contract declares it, bound to no engine."""
    import ibis  # noqa: PLC0415 - it costs a second, and a month without an export needs none of it

    columns = {field.name: _IBIS_TYPES[field.type] for field in load_contract("dossiers").fields}
    return ibis.table(columns, name="dossiers")


def files_table() -> "Table":
    """What each file of the export lacks, bound to no engine."""
    import ibis  # noqa: PLC0415 - see dossiers_table

    return ibis.table({"file": "string", LACKS: "string"}, name="files")


def counts_expression(dossiers: "Table", files: "Table", month: Month) -> "Table":
    """Every measure by unit, field, procedure and what the files lack.

    Args:
        dossiers: The accepted dossiers of the month's export, in the shape of its contract.
        files: The files that lack something, as ``files_table`` has them.
        month: The month.

    Returns:
        One row a key, in the shape of ``dossier_counts`` (sums may come in an engine's wider type).
        Dossiers not taken in may name no unit or procedure: those stand under UNKNOWN.
    """
    told = dossiers.left_join(files, "file")
    keyed = told.mutate(
        unit_code=told.unit_code.fill_null(UNKNOWN),
        procedure_code=told.procedure_code.fill_null(UNKNOWN),
        lacks=told.lacks.fill_null(""),
    )
    sums = {
        measure.name: measure.condition(keyed, month).ifelse(1, 0).sum().cast("int64")
        for measure in (*MEASURES, *OF_YEAR)
    }
    return keyed.group_by(["period", *KEYS]).aggregate(**sums)


def count_dossiers(
    dossiers: Path, month: Month, engine: "Engine", lacking: Mapping[str, frozenset[str]]
) -> pa.Table:
    """Count the accepted dossiers of a month.

    The expression is written by Ibis in the SQL that every engine takes, DuckDB's; the engine's
    memory limit and scratch folder hold.

    Args:
        dossiers: The month's table ``dossiers``, as Parquet.
        month: The month.
        engine: An open engine.
        lacking: By file, the columns of ``dossiers`` that it does not have.

    Returns:
        The table ``dossier_counts``, by its contract, sorted by its key.
    """
    import ibis  # noqa: PLC0415 - see dossiers_table

    expression = counts_expression(dossiers_table(), files_table(), month)
    query = ibis.to_sql(expression, dialect="duckdb")
    files = [{"file": file, LACKS: ";".join(sorted(lacking[file]))} for file in sorted(lacking)]
    engine.open("dossiers", dossiers)
    engine.put("files", pa.Table.from_pylist(files, schema=_FILES))
    counted = engine.arrow(str(query))
    contract = load_contract("dossier_counts")
    schema = contract.arrow_schema()
    order = [(key, "ascending") for key in contract.primary_key]
    return counted.select(schema.names).cast(schema).sort_by(order)
