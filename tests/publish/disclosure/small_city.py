"""Dossier statistics of an invented city, for the tests of disclosure. DỮ LIỆU MẪU.

Belongs here: cells to rows and tables. Does not: any expectation.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from publish.disclosure.attack import ALL, OTHER, Attack, Cell, dossier_counts

Row = dict[str, Any]
Cells = Mapping[tuple[str, str], int]
ROOT = "H24"
SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("period", "unit_code", "field_code")]
    + [(name, pa.int64()) for name in ("not_received", "carried_over", "received", "rated")]
    + [(name, pa.string()) for name in ("obs_status", "conf_status", "release")]
)


def full_rows(cells: Cells, period: str = "2024-03") -> list[Row]:
    """The full statistics whose cells (unit, field) hold so many dossiers."""
    sums: dict[tuple[str, str], int] = {}
    for (unit, field), count in cells.items():
        for key in ((unit, field), (unit, "ALL"), (ROOT, field), (ROOT, "ALL")):
            sums[key] = sums.get(key, 0) + count
    return [row(unit, field, count, period) for (unit, field), count in sorted(sums.items())]


def row(unit: str, field: str, count: int, period: str = "2024-03") -> Row:
    carried_over = count // 3
    return {
        "period": period, "unit_code": unit, "field_code": field, "not_received": 0,
        "carried_over": carried_over, "received": count - carried_over, "rated": count,
        "obs_status": "A", "conf_status": "F", "release": None,
    }  # fmt: skip


def table(rows: Iterable[Row]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


def counts(rows: Iterable[Row]) -> dict[tuple[str, str], int]:
    """Dossiers by unit and field."""
    return {(r["unit_code"], r["field_code"]): r["carried_over"] + r["received"] for r in rows}


def fields_of(rows: Iterable[Row], unit: str) -> set[str]:
    """The field codes under which a unit has rows."""
    return {r["field_code"] for r in rows if r["unit_code"] == unit}


def cities(
    units: int = 6, fields: int = 6, sizes: st.SearchStrategy[int] | None = None
) -> st.SearchStrategy[Cells]:
    """Cities of at most so many units and fields, small cells being the common ones."""
    common = st.one_of(st.integers(0, 6), st.sampled_from([1, 1, 2, 3, 9, 20, 140]))
    size = common if sizes is None else sizes
    keys = st.tuples(
        st.sampled_from([f"U{n}" for n in range(units)]),
        st.sampled_from([f"F{n}" for n in range(fields - 1)] + ["UNKNOWN"]),
    )
    return st.dictionaries(keys, size, min_size=1, max_size=units * fields)


def revisions(of: st.SearchStrategy[Cells]) -> st.SearchStrategy[tuple[Cells, Cells]]:
    """A city and the same city revised: some cells new, some changed, some gone."""

    def revise(pair: tuple[Cells, Cells, int]) -> tuple[Cells, Cells]:
        first, changes, taken = pair
        some = dict(list(changes.items())[:taken])
        return first, {**first, **some}

    return st.tuples(of, of, st.integers(0, 6)).map(revise)


def find_leaks(
    published: Iterable[Mapping[str, Any]],
    full: Iterable[Mapping[str, Any]],
    root: str,
    threshold: int,
    before: Iterable[Mapping[str, Any]] = (),
) -> list[Cell]:
    """Secret cells of one month that a reader of the published rows can work out, in order.

    Args:
        published: The rows that would be published.
        full: The full statistics of the same month.
        root: The city's code.
        threshold: Fewer dossiers than this, but at least one, are secret.
        before: The rows of the month in the release before.
    """
    attack = Attack(dossier_counts(full), root, threshold, dossier_counts(before))
    shown = dossier_counts(published).keys()
    return attack.leaks([cell for cell in shown if cell[1] not in {ALL, OTHER}])
