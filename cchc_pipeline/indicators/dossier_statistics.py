"""Dossiers by unit and field, with their sums: the full table, before disclosure control.

Belongs here: margins of a month's counts, and saying what is missing or unknown. Does not: counting
dossiers (``dossier_counts``), or hiding small counts, which the published table passes first.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.indicators.dossier_counts import MonthCounts
from cchc_pipeline.indicators.dossier_measures import MEASURE_NAMES, unknown_without
from cchc_pipeline.period import Month
from cchc_pipeline.store import table_from_rows

ALL = "ALL"
"""The field code that stands for all fields."""
Row = dict[str, Any]


def statistics_table(
    month: Month, root: str, units: Iterable[str], counted: MonthCounts | None
) -> pa.Table:
    """Every unit by field and over all fields, and the city by field and over all fields.

    The city's rows sum all counts, those of an unknown unit included, so units need not add up to
    it in ``not_received``. A measure that rests on a column in no file of the export is null, not
    0. A unit without any dossier in the export, or everyone in a month without an export, has its
    row ALL without figures and with the status O: missing is said.

    Args:
        month: The month.
        root: The city's code.
        units: The codes of the units below the root that are valid in the month.
        counted: What was counted in the month's export; None if there was no export.

    Returns:
        The table ``dossier_statistics``, by its contract, with nothing disclosed or hidden yet.
    """
    rows = list(_counted_rows(month, root, frozenset(units), counted)) if counted else []
    given = {row["unit_code"] for row in rows if row["field_code"] == ALL}
    missing = (_row(month, code, ALL, {}) for code in (root, *units) if code not in given)
    return table_from_rows(load_contract("dossier_statistics"), [*rows, *missing])


def _counted_rows(
    month: Month, root: str, units: frozenset[str], counted: MonthCounts
) -> Iterator[Row]:
    unknown = dict.fromkeys(unknown_without(counted.absent))
    for keys in (["unit_code", "field_code"], ["unit_code"], ["field_code"], []):
        for sums in summed(counted.counts, keys, MEASURE_NAMES):
            unit, field = sums.pop("unit_code", root), sums.pop("field_code", ALL)
            if unit in units or "unit_code" not in keys:
                yield _row(month, unit, field, sums | unknown)


def summed(counts: pa.Table, keys: Sequence[str], measures: Sequence[str]) -> list[Row]:
    """Counts added up by some of their keys.

    Args:
        counts: A table ``dossier_counts``.
        keys: The columns to keep; none for one row over everything, which is 0 without any counts.
        measures: The columns to add up.
    """
    grouped = counts.group_by(list(keys)).aggregate([(name, "sum") for name in measures])
    names = {f"{name}_sum": name for name in measures}
    renamed = grouped.rename_columns([names.get(name, name) for name in grouped.column_names])
    return [
        {name: 0 if value is None else value for name, value in row.items()}
        for row in renamed.to_pylist()
    ]


def _row(month: Month, unit: str, field: str, measures: Mapping[str, int | None]) -> Row:
    return {
        "period": str(month),
        "unit_code": unit,
        "field_code": field,
        **{name: measures.get(name) for name in MEASURE_NAMES},
        "obs_status": "A" if measures else "O",
        "conf_status": "F",
        "release": None,
    }


def unbalanced_sums(statistics: pa.Table, root: str) -> list[str]:
    """What does not add up in a month's full table; nothing if it all does.

    Units add up to the city, over all fields and by field, and the fields of each add up to its
    ALL. Only ``not_received`` may be more for the city than for its units.

    Args:
        statistics: A table ``dossier_statistics`` before disclosure control.
        root: The city's code.

    Returns:
        A line for each sum that is wrong, for a blocking check.
    """
    figures = {
        (row["unit_code"], row["field_code"]): Counter({m: row[m] or 0 for m in MEASURE_NAMES})
        for row in statistics.to_pylist()
    }
    units = _added(figures, lambda unit, field: None if unit == root else (root, field))
    fields = _added(figures, lambda unit, field: None if field == ALL else (unit, ALL))
    city = {key for key in figures if key[0] == root}
    whole = {key for key in figures if key[1] == ALL}
    return [
        *_differences("units", figures, units, city | units.keys(), may_exceed={"not_received"}),
        *_differences("fields", figures, fields, whole | fields.keys()),
    ]


_Key = tuple[str, str]
_Figures = Mapping[_Key, Counter[str]]


def _added(figures: _Figures, onto: Callable[[str, str], _Key | None]) -> dict[_Key, Counter[str]]:
    """The figures added up under the key that each belongs onto."""
    sums: dict[_Key, Counter[str]] = {}
    for key, numbers in figures.items():
        target = onto(*key)
        if target is not None:
            sums.setdefault(target, Counter()).update(numbers)
    return sums


def _differences(
    parts: str,
    figures: _Figures,
    sums: _Figures,
    keys: Iterable[_Key],
    may_exceed: Iterable[str] = (),
) -> Iterator[str]:
    nothing: Counter[str] = Counter()
    for key in sorted(keys):
        whole, added = figures.get(key, nothing), sums.get(key, nothing)
        for name in MEASURE_NAMES:
            differ = whole[name] < added[name] if name in may_exceed else whole[name] != added[name]
            if differ:
                unit, field = key
                yield f"{unit}, {field}, {name}: {whole[name]}, but its {parts} add {added[name]}"
