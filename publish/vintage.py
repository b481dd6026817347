"""What changed since the release before, and which release last changed each value.

Belongs here: comparing tables by their keys. Does not: the reasons for a change, or deciding
whether a release is due.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from cchc_pipeline.contracts import Contract
from publish.release import TableChange

_Key = tuple[Any, ...]


def compare(
    new: pa.Table, old: pa.Table | None, contract: Contract
) -> tuple[TableChange, set[_Key]]:
    """Count added, revised and removed rows, and name the keys of those that are not as before.

    Columns that the contract calls volatile (capture times, the release itself) do not count.

    Args:
        new: The table of the draft.
        old: The same table of the release before, or None.
        contract: Their contract.
    """
    before = _values(old, contract) if old is not None else {}
    after = _values(new, contract)
    added = {key for key in after if key not in before}
    revised = {key for key in after if key in before and after[key] != before[key]}
    removed = len(before.keys() - after.keys())
    return TableChange(len(added), len(revised), removed), added | revised


def stamp(
    new: pa.Table, old: pa.Table | None, contract: Contract, release: str
) -> tuple[pa.Table, TableChange]:
    """The table with its ``release`` column filled, and how many rows are not as before.

    Args:
        new: The table of the draft; one without that column is returned as it is.
        old: The same table of the release before, or None.
        contract: Their contract.
        release: Stamped on each row that is not as before; the others keep what they had.
    """
    change, touched = compare(new, old, contract)
    if "release" not in new.column_names:
        return new, change
    inherited = _releases(old, contract) if old is not None else {}
    keys = _keys(new, contract)
    stamps = [release if key in touched else inherited[key] or release for key in keys]
    position = new.column_names.index("release")
    column = pa.array(stamps, new.schema.field(position).type)
    return new.set_column(position, new.schema.field(position), column), change


def _keys(table: pa.Table, contract: Contract) -> list[_Key]:
    columns = [table.column(name).to_pylist() for name in contract.primary_key]
    return list(zip(*columns, strict=True))


def _values(table: pa.Table, contract: Contract) -> Mapping[_Key, tuple[Any, ...]]:
    names = [name for name in contract.value_columns if name in table.column_names]
    columns = [table.column(name).to_pylist() for name in names]
    return dict(zip(_keys(table, contract), zip(*columns, strict=True), strict=True))


def _releases(table: pa.Table, contract: Contract) -> Mapping[_Key, str | None]:
    return dict(zip(_keys(table, contract), table.column("release").to_pylist(), strict=True))
