"""Moments and particulars of a simulated dossier.

Belongs here: codes, channels, fees, ratings, statuses and dates of one dossier, and the forms in
which files write a moment. Does not: its course, which says what moments there are (``offer``), or
the other texts (``rows``).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.simulation.draws import Bools, Ints
from cchc_pipeline.simulation.offer import EMPTY, Course, Reception
from cchc_pipeline.simulation.office_days import DAY
from cchc_pipeline.simulation.profile import OnlineShare
from cchc_pipeline.simulation.rows import UNREADABLE, day_texts

_SECONDS = {
    form: pa.array([form.format(s // 3600, s // 60 % 60, s % 60) for s in range(DAY)])
    for form in ("{:02d}{:02d}{:02d}", " {:02d}:{:02d}:{:02d}")
}
MomentTexts = Callable[[Ints, Bools], pa.Array]
_RETURN_GAP = 900  # seconds from a finish to a return on its day, at least
ONLINE, POSTAL, DIRECT = 2, 3, 1


@dataclass(frozen=True)
class Progress:
    """How far dossiers have come at the moment of an export."""

    done: Bools
    withdrawn: Bools
    status: Ints
    ended: Ints
    returned: Ints
    supplements: Ints

    @property
    def handled(self) -> Bools:
        """Finished and not withdrawn."""
        return self.done & ~self.withdrawn


def progress_of(reception: Reception, course: Course, export: int) -> Progress:
    """The statuses and dates that an export at the second ``export`` shows."""
    draws, shares = reception.draws, reception.profile.details
    done = course.finished < export
    withdrawn = done & draws.below("withdrawn", course.index, shares.withdrawn)
    only = done & ~withdrawn & draws.below("returned only", course.index, shares.returned_only)
    back = np.where(only, course.finished, _return(reception, course))
    returned = done & ~withdrawn & (back < export)
    supplements = (course.replies < np.minimum(export, course.finished)[:, None]) & (
        course.replies != EMPTY
    )
    finished_status = np.where(
        withdrawn, 7 + draws.whole("withdrawn kind", course.index, 2), np.where(returned, 10, 9)
    )
    return Progress(
        done,
        withdrawn,
        np.where(done, finished_status, _open_status(reception, course, export)),
        np.where(done & ~only, course.finished, EMPTY),
        np.where(returned, back, EMPTY),
        supplements.sum(axis=1),
    )


def _return(reception: Reception, course: Course) -> Ints:
    """When the result is handed over: soon after the finish, or on one of the next working days."""
    draws, shares, days = reception.draws, reception.profile.details, reception.days
    choices = np.array(shares.return_days)
    wait = choices[draws.whole("return", course.index, len(choices))]
    day = days.day_at(days.position(course.finished // DAY) + wait)
    later = day * DAY + days.hour(draws, "return hour", course.index)
    soon = course.finished + _RETURN_GAP + draws.whole("return gap", course.index, 2 * _RETURN_GAP)
    return np.where(wait == 0, soon, np.maximum(later, soon))


def _open_status(reception: Reception, course: Course, export: int) -> Ints:
    """Received, at work, waiting for a supplement, waiting for a fee."""
    draws, shares = reception.draws, reception.profile.details
    waiting = (course.requests != EMPTY) & (course.requests < export) & (course.replies >= export)
    owes = draws.below("owes", course.index, shares.owes_fee) & _asks_fee(reception, course)
    status = np.where(course.received >= export - shares.newly_received, 2, 4)
    return np.where(waiting.any(axis=1), 5, np.where(owes, 6, status))


def _asks_fee(reception: Reception, course: Course) -> Bools:
    asks: Bools = reception.procedures.fees[course.procedure].sum(axis=1) > 0
    return asks


def channels(reception: Reception, course: Course) -> Ints:
    """How dossiers were handed in; some of those at the counter do not say."""
    draws, shares = reception.draws, reception.profile.details
    drawn = draws.share("channel", course.index)
    online = reception.procedures.online[course.procedure]
    unsaid = draws.below("channel empty", course.index, shares.channel_empty)
    counter = np.where(unsaid, EMPTY, DIRECT)
    return np.where(
        drawn < online, ONLINE, np.where(drawn < online + shares.postal, POSTAL, counter)
    )


def codes_of(reception: Reception, course: Course, progress: Progress) -> dict[str, Ints]:
    """Every coded field of the record."""
    channel, procedures = channels(reception, course), reception.procedures
    fees = procedures.fees[course.procedure]
    drawn, shares = reception.draws, reception.profile.details
    flags = {
        "HoSoCoThanhPhanSoHoa": drawn.below("digitised", course.index, shares.digitised),
        "DaDongBoDVCQG": drawn.below("synced", course.index, shares.synced),
        "CoKetQuaDienTu": progress.handled & drawn.below("result", course.index, shares.e_result),
        "TaiKhoanDuocXacThucVoiVNeID": _by_channel(
            reception, course, channel, "identified", shares.identified
        ),
    }
    return {
        "KenhThucHien": channel,
        "MucDo": procedures.levels[course.procedure],
        "TrangThaiHoSo": progress.status,
        "DuocThanhToanTrucTuyen": _payment(reception, course, channel),
        "LuanChuyenNoiBo": _circulation(reception, course),
        "MucDoHaiLong": _rating(reception, course, progress),
        "SoLanBoSung": progress.supplements,
        "Gia": fees[:, 0],
        "Gia2": np.where(fees[:, 1] == 0, EMPTY, fees[:, 1]),
        **{name: flag.astype(np.int64) for name, flag in flags.items()},
    }


def _by_channel(
    reception: Reception, course: Course, channel: Ints, topic: str, share: OnlineShare
) -> Bools:
    chance = np.where(channel == ONLINE, share.online, share.other)
    return reception.draws.below(topic, course.index, chance)


def _payment(reception: Reception, course: Course, channel: Ints) -> Ints:
    shares, drawn = reception.profile.details.paid, reception.draws.share("paid", course.index)
    portal, total = (
        np.where(channel == ONLINE, sum(shares.online[:n]), sum(shares.other[:n])) for n in (1, 2)
    )
    paid = np.where(drawn < portal, 1, np.where(drawn < total, 2, 0))
    return np.where(_asks_fee(reception, course), paid, 0)


def _circulation(reception: Reception, course: Course) -> Ints:
    draws, shares = reception.draws, reception.profile.details
    moved = draws.below("circulated", course.index, shares.circulated)
    how = draws.below("circulated how", course.index, shares.circulated_electronically)
    return np.where(moved, how.astype(np.int64), EMPTY)


def _rating(reception: Reception, course: Course, progress: Progress) -> Ints:
    draws, shares = reception.draws, reception.profile.details
    rated = progress.handled & draws.below("rated", course.index, shares.rated)
    return np.where(rated, 1 + draws.choice("rating", course.index, shares.ratings), EMPTY)


def moments_of(reception: Reception, course: Course, progress: Progress) -> dict[str, Ints]:
    """Every date of the record, with those of its supplements so far."""
    moments = {
        "NgayNopHoSo": _submission(reception, course),
        "NgayTiepNhan": course.received,
        "NgayHenTra": course.dues[:, 0],
        "NgayKetThucXuLy": progress.ended,
        "NgayTra": progress.returned,
    }
    for at in range(course.requests.shape[1]):
        told = progress.supplements > at
        parts = {
            "NgayBoSung": course.requests[:, at],
            "NgayTiepNhanBoSung": course.replies[:, at],
            "NgayHenTraTruoc": course.dues[:, at],
            "NgayHenTraMoi": course.dues[:, at + 1],
        }
        moments |= {f"{k}.{at + 1}": np.where(told, v, EMPTY) for k, v in parts.items()}
    return moments


def _submission(reception: Reception, course: Course) -> Ints:
    """At the counter the moment of reception; online some hours before it, never at midnight."""
    online = channels(reception, course) == ONLINE
    lag = reception.draws.whole("submitted", course.index, reception.profile.details.submit_lag)
    submitted = course.received - np.where(online, lag, 0)
    moved: Ints = submitted + (submitted % DAY == 0)
    return moved


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
