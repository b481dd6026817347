"""Moments of simulated rows as texts and as timestamps.

Belongs here: the forms of a date that files carry. Does not: which moments there are.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.simulation.course import EMPTY
from cchc_pipeline.simulation.draws import Bools, Ints
from cchc_pipeline.simulation.office_days import DAY
from cchc_pipeline.simulation.rows import UNREADABLE
from cchc_pipeline.simulation.texts import day_texts

_SECONDS = {
    form: pa.array([form.format(s // 3600, s // 60 % 60, s % 60) for s in range(DAY)])
    for form in ("{:02d}{:02d}{:02d}", " {:02d}:{:02d}:{:02d}")
}
MomentTexts = Callable[[Ints, Bools], pa.Array]


def native_texts(unreadable: str) -> MomentTexts:
    """``yyyyMMddHHmmss``; a day without a time is an ISO date."""
    return _texts("%Y%m%d", "{:02d}{:02d}{:02d}", "%Y-%m-%d", unreadable)


def office_texts(unreadable: str) -> MomentTexts:
    """``dd/mm/yyyy HH:MM:SS``; a day without a time is ``dd/mm/yyyy``."""
    return _texts("%d/%m/%Y", " {:02d}:{:02d}:{:02d}", "%d/%m/%Y", unreadable)


def _texts(day_form: str, second_form: str, date_form: str, unreadable: str) -> MomentTexts:
    def written(moment: Ints, is_day: Bools) -> pa.Array:
        known = np.where(moment <= UNREADABLE, 0, moment)
        days = day_texts(known // DAY, day_form)
        text = pc.binary_join_element_wise(
            days, _SECONDS[second_form].take(pa.array(known % DAY)), ""
        )
        if is_day.any():
            text = pc.if_else(pa.array(is_day), day_texts(known // DAY, date_form), text)
        return _with_gaps(text, moment, pa.scalar(unreadable))

    return written


def _with_gaps(text: pa.Array, moment: Ints, unreadable: pa.Scalar) -> pa.Array:
    text = pc.if_else(pa.array(moment == EMPTY), pa.scalar(None, pa.string()), text)
    if (moment == UNREADABLE).any():
        text = pc.if_else(pa.array(moment == UNREADABLE), unreadable, text)
    return text


def timestamps(moment: Ints) -> pa.Array:
    """Instants without a zone; what is not readable cannot be one and is null."""
    missing = moment <= UNREADABLE
    known = np.where(missing, 0, moment) * 1_000_000
    return pa.array(known, mask=missing).cast(pa.timestamp("us"))
