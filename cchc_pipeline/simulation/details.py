"""A simulated dossier as a row: its moments, its particulars, its texts.

Belongs here: the columns that every form of export shares; codes, channels, fees, ratings, statuses
and dates of one dossier, and the forms in which files write a moment. Does not: its course, which
says what moments there are (``offer``), or files (``exports``).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.simulation.draws import DAY, Bools, Ints
from cchc_pipeline.simulation.offer import EMPTY, Course, Reception
from cchc_pipeline.simulation.profile import OnlineShare, PersonalColumn

UNREADABLE = EMPTY + 1
FEES = ("Gia", "Gia2")
SUPPLEMENTS = (1, 2)
DUE_FIELDS = ("NgayHenTra", "NgayHenTraMoi")
_COUNTER_DIGITS = 4  # of a dossier code, at least
_EPOCH = date(1970, 1, 1).toordinal()
_SECONDS = {
    form: pa.array([form.format(s // 3600, s // 60 % 60, s % 60) for s in range(DAY)])
    for form in ("{:02d}{:02d}{:02d}", " {:02d}:{:02d}:{:02d}")
}
MomentTexts = Callable[[Ints, Bools], pa.Array]
_RETURN_GAP = 900  # seconds from a finish to a return on its day, at least
ONLINE, POSTAL, DIRECT = 2, 3, 1


@dataclass(frozen=True)
class Rows:
    """Some rows, column by column.

    Attributes:
        texts: Arrow strings under the names of the record's fields, null where empty.
        codes: Whole numbers, ``EMPTY`` where there is none; fees stand under ``FEES``.
        moments: Seconds of city time, ``EMPTY`` or ``UNREADABLE``; of supplement n also
            ``NgayBoSung.n``, ``NgayTiepNhanBoSung.n``, ``NgayHenTraTruoc.n``, ``NgayHenTraMoi.n``.
        due_is_day: Whether a row's due moments are days without a time.
    """

    texts: Mapping[str, pa.Array]
    codes: Mapping[str, Ints]
    moments: Mapping[str, Ints]
    due_is_day: Bools

    def __len__(self) -> int:
        return len(self.due_is_day)

    def is_day(self, name: str) -> Bools:
        """Where a moment is a day without a time."""
        due = name.partition(".")[0] in (*DUE_FIELDS, "NgayHenTraTruoc")
        return self.due_is_day if due else np.zeros(len(self), dtype=np.bool_)

    def fee_total(self) -> Ints:
        """The sum of a row's fees."""
        total: Ints = np.sum([np.where(self.codes[f] == EMPTY, 0, self.codes[f]) for f in FEES], 0)
        return total

    def last_new_due(self) -> Ints:
        """The last new due moment, ``EMPTY`` without supplements."""
        first, second = (self.moments[f"NgayHenTraMoi.{n}"] for n in SUPPLEMENTS)
        return np.where(second == EMPTY, first, second)


def joined(rows: "list[Rows]") -> Rows:
    """Rows below one another."""
    first = rows[0]

    def stacked(of: Callable[[Rows], Mapping[str, Any]]) -> dict[str, Ints]:
        return {name: np.concatenate([of(part)[name] for part in rows]) for name in of(first)}

    return Rows(
        {name: pa.concat_arrays([part.texts[name] for part in rows]) for name in first.texts},
        stacked(lambda part: part.codes),
        stacked(lambda part: part.moments),
        np.concatenate([part.due_is_day for part in rows]),
    )


def texts_of(reception: Reception, course: Course, root: str) -> dict[str, pa.Array]:
    """Every text column of the record, and the personal columns that real exports have."""
    profile, procedures = reception.profile, reception.procedures
    field = procedures.fields[course.procedure]
    empty = reception.draws.below("field", course.index, profile.details.field_empty)
    personal = {
        name: _artificial(column, course.index) for name, column in profile.personal.items()
    }
    return {
        "MaHoSo": dossier_codes(reception, course),
        "MaTTHC": _procedure_codes(reception, course, root),
        "TenTTHC": picked(procedures.names, course.procedure),
        "MaLinhVuc": picked(procedures.field_codes, field, empty),
        "TenLinhVuc": picked(procedures.field_names, field, empty),
        "DonViXuLy": picked([unit.code for unit in reception.offer.units], course.unit),
        "DuLieuMau": pa.repeat(pa.scalar(profile.mark), len(course.index)),
        **personal,
    }


def picked(names: Iterable[str], places: Ints, empty: Bools | None = None) -> pa.Array:
    """The name at each place, null where ``empty``."""
    return pa.array(list(names), pa.string()).take(pa.array(places, mask=empty))


def dossier_codes(reception: Reception, course: Course) -> pa.Array:
    """``H24.M16-240115-0001`` or ``000.00.16.H24-240115-0001``: unit, day of reception, counter.

    Every other unit has the longer form if its number is two digits, as that form asks. The
    counter is that of the month over all units.
    """
    prefixes = [_prefix(unit.code, at % 2 == 0) for at, unit in enumerate(reception.offer.units)]
    return pc.binary_join_element_wise(
        picked(prefixes, course.unit),
        day_texts(course.received // DAY, "%y%m%d"),
        _padded(course.index + 1, _COUNTER_DIGITS),
        "-",
    )


def _prefix(code: str, is_long: bool) -> str:
    root, _, number = code.partition(".")
    is_plain = len(number) == 2 and number.isdigit()
    return f"000.00.{number}.{root}" if is_long and is_plain else code


def _procedure_codes(reception: Reception, course: Course, root: str) -> pa.Array:
    """Codes of procedures, some with the local suffix of the root."""
    share = reception.profile.details.local_suffix
    local = reception.draws.below("suffix", course.index, share).astype(np.int64)
    suffix = picked(["", reception.profile.suffix.format(root=root)], local)
    codes = picked(reception.procedures.codes, course.procedure)
    return pc.binary_join_element_wise(codes, suffix, "")


def day_texts(days: Ints, form: str) -> pa.Array:
    """Days counted from 1970 as text; each different day is written once."""
    different, places = np.unique(days, return_inverse=True)
    return picked((date.fromordinal(int(d) + _EPOCH).strftime(form) for d in different), places)


def _padded(numbers: Ints, digits: int) -> pa.Array:
    return pc.utf8_lpad(pa.array(numbers).cast(pa.string()), digits, "0")


def _artificial(column: PersonalColumn, index: Ints) -> pa.Array:
    """A value with a number in it that no person has."""
    before, _, after = column.form.partition("{number}")
    return pc.binary_join_element_wise(before, _padded(index, column.digits), after, "")


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
