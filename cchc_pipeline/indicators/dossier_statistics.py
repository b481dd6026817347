"""Accepted dossiers counted by unit and field: the full table, before disclosure control.

Belongs here: the one group-by over dossiers, as an Ibis expression that an engine runs; the sums
above its counts; which of them are missing or unknown. Does not: what a measure counts
(``dossier_measures``), or hiding small counts (``publish.disclosure.rule``). Nothing after this
step sees a single dossier.

Rows of a file that lacks a column are counted apart, so that whoever adds counts up knows of each
sum whether it holds such rows: what their source did not say is unknown there, not 0.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.dossier_measures import (
    MEASURE_NAMES,
    MEASURES,
    OF_YEAR,
    unknown_without,
)
from cchc_pipeline.storage.lake import table_from_rows

if TYPE_CHECKING:
    from ibis.expr.types import Table

    from cchc_pipeline.storage.engine import Engine


UNKNOWN = "UNKNOWN"
"""Stands for the unit or procedure of a dossier that names none, since a key has no gaps."""
KEYS = ("unit_code", "field_code", "procedure_code", "lacks")
LACKS = "lacks"
"""The key that names the columns of ``dossiers`` that the rows' files do not have, by ``;``."""
_FILES = pa.schema([("file", pa.string()), (LACKS, pa.string())])
COUNTED, SUMMED = "dossiers", "summed"
"""What a row was made from: single dossiers, or a table that a unit added up itself."""
NOT_MEASURES = frozenset(
    {
        "period",
        "unit_code",
        "field_code",
        "source",
        "obs_status",
        "conf_status",
        "provenance",
        "release",
    }
)
"""The columns of a table of counts that count nothing."""
ALL = "ALL"
"""The field code that stands for all fields."""
Row = dict[str, Any]
_Key = tuple[str, str]
_Figures = Mapping[_Key, Mapping[str, int | None]]
_NOTHING: Mapping[str, int | None] = dict.fromkeys(MEASURE_NAMES, 0)


def lacked(texts: Iterable[str]) -> frozenset[str]:
    """The columns that any of these values of ``lacks`` names."""
    return frozenset(column for text in texts for column in text.split(";") if column)


def dossiers_table() -> "Table":
    """The table ``dossiers`` as its contract declares it, bound to no engine."""
    import ibis  # noqa: PLC0415 - it costs a second, and a month without an export needs none of it

    return ibis.table(dict(load_contract("dossiers").ibis_types()), name="dossiers")


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


def statistics_table(
    month: Month,
    root: str,
    units: Iterable[str],
    counts: pa.Table | None,
    summaries: Iterable[Mapping[str, Any]] = (),
) -> pa.Table:
    """Every unit by field and over all fields, and the city by field and over all fields.

    The city's rows sum all counts, those of an unknown unit included, so units need not add up to
    it in ``not_received``. A measure that rests on a column is null, not 0, in every row that
    counts dossiers of a file without that column (domain, section 5). A unit without any dossier in
    the export, or everyone in a month without an export, has its row ALL without figures and with
    the status O: missing is said, unless it sent a summed table: then its row ALL is taken from
    that, and never added to dossiers. The city's row adds such tables up only in a month without
    any dossier.

    Args:
        month: The month.
        root: The city's code.
        units: The codes of the units below the root that are valid in the month.
        counts: The month's ``dossier_counts``; None if there was no export.
        summaries: The rows of ``dossier_summaries``.

    Returns:
        The table ``dossier_statistics``, by its contract, with nothing disclosed or hidden yet.
    """
    rows = list(_counted_rows(month, root, frozenset(units), counts)) if counts is not None else []
    counted = {row["unit_code"] for row in rows if row["field_code"] == ALL}
    rows += _summed_rows(month, root, summaries, counted)
    given = {row["unit_code"] for row in rows if row["field_code"] == ALL}
    missing = (_row(month, code, ALL, {}) for code in (root, *units) if code not in given)
    return table_from_rows(load_contract("dossier_statistics"), [*rows, *missing])


def _summed_rows(
    month: Month, root: str, summaries: Iterable[Mapping[str, Any]], counted: Container[str]
) -> list[Row]:
    """The rows of units without dossiers that sent a summed table; of the city without any."""
    told = {
        summary["unit_code"]: {name: summary.get(name) for name in MEASURE_NAMES}
        for summary in summaries
        if summary["unit_code"] not in counted
    }
    if told and root not in counted and root not in told:
        whole: Mapping[str, int | None] = _NOTHING
        for figures in told.values():
            whole = {name: _plus(whole[name], figures[name]) for name in MEASURE_NAMES}
        told[root] = dict(whole)
    return [_row(month, unit, ALL, figures, SUMMED) for unit, figures in told.items()]


def _counted_rows(
    month: Month, root: str, units: frozenset[str], counts: pa.Table
) -> Iterator[Row]:
    for keys in (["unit_code", "field_code"], ["unit_code"], ["field_code"], []):
        for sums in summed(counts, keys, MEASURE_NAMES):
            unit, field = sums.pop("unit_code", root), sums.pop("field_code", ALL)
            unknown = dict.fromkeys(unknown_without(sums.pop(LACKS)))
            if unit in units or "unit_code" not in keys:
                yield _row(month, unit, field, sums | unknown)


def summed(counts: pa.Table, keys: Sequence[str], measures: Sequence[str]) -> list[Row]:
    """Counts added up by some of their keys.

    Args:
        counts: A table ``dossier_counts``.
        keys: The columns to keep; none for one row over everything, which is 0 without any counts.
        measures: The columns to add up.

    Returns:
        The keys and sums of each group, and as ``lacks`` the columns that any of its files lacks.
    """
    grouped = counts.group_by(list(keys)).aggregate([(name, "sum") for name in measures])
    names = {f"{name}_sum": name for name in measures}
    renamed = grouped.rename_columns([names.get(name, name) for name in grouped.column_names])
    lacking = _lacking(counts, keys)
    return [
        {name: 0 if value is None else value for name, value in row.items()}
        | {LACKS: lacked(lacking.get(tuple(row[key] for key in keys), ()))}
        for row in renamed.to_pylist()
    ]


def _lacking(counts: pa.Table, keys: Sequence[str]) -> dict[tuple[str, ...], set[str]]:
    """What the files of each group lack, as ``lacks`` has it."""
    found: dict[tuple[str, ...], set[str]] = {}
    for row in counts.group_by([*keys, LACKS]).aggregate([]).to_pylist():
        found.setdefault(tuple(row[key] for key in keys), set()).add(row[LACKS])
    return found


def _row(
    month: Month,
    unit: str,
    field: str,
    measures: Mapping[str, int | None],
    source: str = COUNTED,
) -> Row:
    return {
        "period": str(month),
        "unit_code": unit,
        "field_code": field,
        **{name: measures.get(name) for name in MEASURE_NAMES},
        "source": source if measures else None,
        "obs_status": "A" if measures else "O",
        "conf_status": "F",
        "release": None,
    }


def unbalanced_sums(statistics: pa.Table, root: str) -> list[str]:
    """What does not add up in a month's full table; nothing if it all does.

    Units add up to the city, over all fields and by field, and the fields of each add up to its
    ALL. Only ``not_received`` may be more for the city than for its units. A sum with an empty part
    is empty; it is empty without one in the city only, where files without a column hold dossiers
    of an unknown unit. Rows taken from summed tables stand for themselves.

    Args:
        statistics: A table ``dossier_statistics`` before disclosure control.
        root: The city's code.

    Returns:
        A line for each sum that is wrong, for a blocking check.
    """
    figures = {
        (row["unit_code"], row["field_code"]): _NOTHING
        if row["obs_status"] == "O"
        else {name: row[name] for name in MEASURE_NAMES}
        for row in statistics.to_pylist()
        if row["source"] != SUMMED
    }
    units = _added(figures, lambda unit, field: None if unit == root else (root, field))
    fields = _added(figures, lambda unit, field: None if field == ALL else (unit, ALL))
    city = {key for key in figures if key[0] == root}
    whole = {key for key in figures if key[1] == ALL}
    return [
        *_differences("units", figures, units, city | units.keys()),
        *_differences("fields", figures, fields, whole | fields.keys()),
    ]


def _added(
    figures: _Figures, onto: Callable[[str, str], _Key | None]
) -> dict[_Key, Mapping[str, int | None]]:
    """The figures added up under the key that each belongs onto; a sum of an empty one is empty."""
    sums: dict[_Key, Mapping[str, int | None]] = {}
    for key, numbers in figures.items():
        target = onto(*key)
        if target is not None:
            before = sums.get(target, _NOTHING)
            sums[target] = {name: _plus(before[name], numbers[name]) for name in MEASURE_NAMES}
    return sums


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _differences(
    parts: str, figures: _Figures, sums: _Figures, keys: Iterable[_Key]
) -> Iterator[str]:
    for key in sorted(keys):
        whole, added = figures.get(key, _NOTHING), sums.get(key, _NOTHING)
        has_unnamed = parts == "units" and (whole["not_received"] or 0) > (
            added["not_received"] or 0
        )
        for name in MEASURE_NAMES:
            exceeds = has_unnamed and (name == "not_received" or whole[name] is None)
            if whole[name] != added[name] and not exceeds:
                unit, field = key
                yield (
                    f"{unit}, {field}, {name}: {_told(whole[name])},"
                    f" but its {parts} add {_told(added[name])}"
                )


def _told(number: int | None) -> str:
    return "empty" if number is None else str(number)
