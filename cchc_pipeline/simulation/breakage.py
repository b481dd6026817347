"""Breaking rows on purpose, in the ways that ``schemas/simulation/broken.yaml`` names.

Belongs here: setting fields to what no export should hold. Does not: judging rows.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.period import Month
from cchc_pipeline.simulation.course import EMPTY
from cchc_pipeline.simulation.draws import Bools, Ints
from cchc_pipeline.simulation.office_days import DAY, start_of
from cchc_pipeline.simulation.profile import Breakage, Shift
from cchc_pipeline.simulation.rows import UNREADABLE, Rows

_HOUR = 32400  # 09:00: a shifted moment is not midnight


def broken(rows: Rows, kinds: Sequence[Breakage], month: Month, first: int = 0) -> Rows:
    """The rows, each broken in one way; the ways take turns.

    Args:
        rows: Good rows.
        kinds: The ways.
        month: The month of the export.
        first: The number of the first row among all broken ones, so that pieces go on in turn.
    """
    texts, codes, moments = dict(rows.texts), dict(rows.codes), dict(rows.moments)
    turn = (np.arange(len(rows)) + first) % len(kinds)
    for number, kind in enumerate(kinds):
        chosen = turn == number
        for name, text in (kind.texts or {}).items():
            texts[name] = pc.if_else(pa.array(chosen), pa.scalar(text, pa.string()), texts[name])
        for name, code in (kind.codes or {}).items():
            codes[name] = np.where(chosen, code, codes[name])
        for name, change in (kind.moments or {}).items():
            value = _moment(change, month, rows.moments["NgayTiepNhan"])
            moments |= _set(moments, name, chosen, value)
    return Rows(texts, codes, moments, rows.due_is_day)


def _set(moments: dict[str, Ints], name: str, chosen: Bools, value: Ints) -> dict[str, Ints]:
    """A moment set where chosen; a due date also loses what supplements made of it."""
    changed = {name: np.where(chosen, value, moments[name])}
    if name == "NgayHenTra":
        later = [at for at in moments if "." in at or at == "NgayHenTraMoi"]
        changed |= {at: np.where(chosen, EMPTY, moments[at]) for at in later}
    return changed


def _moment(change: str | Shift, month: Month, received: Ints) -> Ints:
    if isinstance(change, str):
        return np.full(len(received), EMPTY if change == "empty" else UNREADABLE)
    anchors = {"start": start_of(month), "end": start_of(month.next())}
    if change.of == "reception":
        return received + change.days * DAY
    return np.full(len(received), anchors[change.of] + change.days * DAY + _HOUR)
