"""Why rows changed that a correction by hand touched: the reason that it was given.

Belongs here: which rows a correction reaches. Does not: any other reason
(``revisions``), or applying corrections (``cchc_pipeline.indicators.corrected``).
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from cchc_pipeline.contracts import load_contract
from publish.revisions import key_text

CORRECTIONS, SCORES = "corrections", "scores"
_REACH = ("period", "basis", "metric_code")


def correction_reasons(
    tables: Mapping[str, pa.Table], before: Mapping[str, pa.Table]
) -> dict[tuple[str, str], tuple[str, str]]:
    """The reason and note of each row that a new or changed correction reaches, by table and key.

    It reaches the corrected figure, and its peers of the same period and metric, whose ranks move;
    its own row in the list of corrections has the reason that stands there.

    Args:
        tables: The tables of the draft.
        before: Those of the release before.
    """
    stood = [_content(row) for row in _rows(before.get(CORRECTIONS))]
    new = [row for row in _rows(tables.get(CORRECTIONS)) if _content(row) not in stood]
    reach = {tuple(row[name] for name in _REACH): row for row in new}
    if not reach:
        return {}
    contract, listed = load_contract(SCORES), load_contract(CORRECTIONS)
    found = {(CORRECTIONS, key_text(row, listed)): _reason(row) for row in new}
    for row in _rows(tables[SCORES].select(list(contract.primary_key))):
        correction = reach.get(tuple(row[name] for name in _REACH))
        if correction is not None:
            found[SCORES, key_text(row, contract)] = _reason(correction)
    return found


def _reason(correction: Mapping[str, Any]) -> tuple[str, str]:
    return correction["reason_code"], correction["reason_vi"]


def _rows(table: pa.Table | None) -> list[dict[str, Any]]:
    return table.to_pylist() if table is not None else []


def _content(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "release"}
