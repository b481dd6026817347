"""What an export holds, and that months follow from one another."""

from collections import Counter
from datetime import date

import numpy as np
import pytest

from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.units import UnitRegister
from cchc_pipeline.simulation import sample
from cchc_pipeline.simulation.details import Rows, joined
from cchc_pipeline.simulation.draws import DAY, start_of
from cchc_pipeline.simulation.offer import EMPTY
from cchc_pipeline.simulation.sample import Stream
from tests.simulation.samples import MARCH, REGISTER, stream, unit


def _export(of: Stream, month: Month = MARCH) -> Rows:
    return joined(list(of.export(month)))


def _dossiers(of: Stream, month: Month) -> Rows:
    """The rows of the stream, without those added to be refused, collapsed or set aside."""
    return joined(list(of._dossiers(month, of.sizes(month).received)))


def _finish(rows: Rows) -> np.ndarray:
    ended, returned = rows.moments["NgayKetThucXuLy"], rows.moments["NgayTra"]
    return np.where(ended == EMPTY, returned, ended)


@pytest.mark.parametrize("dossiers", [1, 7, 1500, 20_000])
def test_an_ordinary_month_has_as_many_rows_as_asked(dossiers: int) -> None:
    assert len(_export(stream(dossiers))) == dossiers


def test_other_months_have_their_season() -> None:
    assert len(_export(stream(1000), Month(2024, 2))) == 720
    assert len(_export(stream(1000), Month(2024, 8))) == 1100


@pytest.mark.parametrize("month", [Month(2024, 1), Month(2024, 2), Month(2024, 12), Month(2025, 6)])
def test_what_is_open_at_the_end_is_what_the_next_month_carries_over(month: Month) -> None:
    of = stream()
    before, after = _dossiers(of, month), _dossiers(of, month.next())
    still_open = set(_codes(before, _finish(before) == EMPTY))
    carried = set(_codes(after, after.moments["NgayTiepNhan"] < start_of(month.next())))
    assert len(still_open) > 50
    assert still_open == carried


def test_what_was_known_of_a_dossier_stays_as_it_was() -> None:
    of = stream()
    before, after = (_known(_dossiers(of, month)) for month in (Month(2024, 2), MARCH))
    shared = before.keys() & after.keys()
    assert len(shared) > 50
    assert all(before[code] == after[code] for code in shared)


def _codes(rows: Rows, chosen: np.ndarray) -> list[str]:
    return [
        code for code, is_in in zip(rows.texts["MaHoSo"].to_pylist(), chosen, strict=True) if is_in
    ]


def _known(rows: Rows) -> dict[str, tuple[object, ...]]:
    """What an export can never change of a dossier."""
    return dict(
        zip(
            rows.texts["MaHoSo"].to_pylist(),
            zip(
                rows.texts["DonViXuLy"].to_pylist(), rows.texts["MaTTHC"].to_pylist(),
                rows.moments["NgayTiepNhan"].tolist(), rows.moments["NgayHenTra"].tolist(),
                rows.codes["KenhThucHien"].tolist(), rows.codes["Gia"].tolist(),
                strict=True,
            ),
            strict=True,
        )
    )  # fmt: skip


def test_a_dossier_is_the_same_however_the_stream_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _export(stream())
    monkeypatch.setattr(sample, "PIECE", 97)
    cut = _export(stream())
    assert cut.texts["MaHoSo"].equals(whole.texts["MaHoSo"])
    for name, values in whole.moments.items():
        assert (cut.moments[name] == values).all(), name
    for name, values in whole.codes.items():
        assert (cut.codes[name] == values).all(), name


@pytest.mark.parametrize("month", [Month(2024, 1), MARCH])
def test_good_rows_contradict_nothing(month: Month) -> None:
    rows = _dossiers(stream(5000), month)
    received, finish, status = (
        rows.moments["NgayTiepNhan"], _finish(rows), rows.codes["TrangThaiHoSo"],
    )  # fmt: skip
    due = rows.last_new_due()
    due = np.where(due == EMPTY, rows.moments["NgayHenTra"], due)
    done = finish != EMPTY
    assert ((status >= 7) == done).all()
    assert set(status.tolist()) == {2, 4, 5, 6, 7, 8, 9, 10}
    assert (received < start_of(month.next())).all()
    assert (finish[done] >= np.maximum(received, start_of(month))[done]).all()
    assert (finish[done] < start_of(month.next())).all()
    assert (due[due != EMPTY] // DAY >= received[due != EMPTY] // DAY).all()
    assert (rows.moments["NgayNopHoSo"] <= received).all()
    assert len(set(rows.texts["MaHoSo"].to_pylist())) == len(rows)


def test_no_moment_but_a_day_is_midnight() -> None:
    rows = _export(stream(5000))
    for name, moment in rows.moments.items():
        told = moment[(moment != EMPTY) & ~rows.is_day(name) & (moment > EMPTY + 1)]
        assert (told % DAY != 0).all(), name


def test_every_case_of_counting_is_there() -> None:
    rows = _dossiers(stream(5000), MARCH)
    due, finish = rows.moments["NgayHenTra"], _finish(rows)
    assert (due == EMPTY).sum() > 20  # no deadline
    assert ((finish != EMPTY) & (finish > due) & (due != EMPTY)).sum() > 100  # late
    assert (
        (finish == EMPTY) & (due != EMPTY) & (due < start_of(MARCH.next()))
    ).sum() > 10  # overdue
    assert (rows.codes["SoLanBoSung"] == 2).sum() > 5
    assert rows.due_is_day.sum() > 500
    assert (rows.codes["KenhThucHien"] == EMPTY).sum() > 5
    assert rows.texts["MaLinhVuc"].null_count > 3
    assert set(rows.codes["DuocThanhToanTrucTuyen"].tolist()) == {0, 1, 2}
    assert set(rows.codes["MucDoHaiLong"].tolist()) == {EMPTY, 1, 2, 3, 4, 5}


def test_the_load_is_uneven_and_some_unit_has_fewer_than_five() -> None:
    counts = Counter(_dossiers(stream(20_000), MARCH).texts["DonViXuLy"].to_pylist())
    assert max(counts.values()) > 3 * sorted(counts.values())[len(counts) // 2]
    assert 1 <= min(counts.values()) < 5


def test_offices_are_shut_at_the_lunar_new_year_and_on_sundays() -> None:
    rows = _dossiers(stream(20_000), Month(2024, 2))
    received = rows.moments["NgayTiepNhan"][
        rows.moments["NgayTiepNhan"] >= start_of(Month(2024, 2))
    ]
    days = {date(1970, 1, 1).toordinal() + int(day) for day in np.unique(received // DAY)}
    seen = {date.fromordinal(day) for day in days}
    assert not seen & {date(2024, 2, day) for day in range(9, 16)}
    assert all(day.weekday() != 6 for day in seen)


def test_a_unit_that_ceases_hands_nothing_over() -> None:
    old = unit("H24.M01", date(2024, 1, 1), date(2024, 3, 31))
    new = unit("H24.M02", date(2024, 1, 1))
    of = stream(500, register=UnitRegister((*REGISTER.units[:1], old, new)))
    assert "H24.M01" in of_units(of, MARCH)
    assert of_units(of, MARCH.next()) == {"H24.M02"}


def of_units(of: Stream, month: Month) -> set[str]:
    return set(_dossiers(of, month).texts["DonViXuLy"].to_pylist())


def test_before_the_first_unit_the_first_ones_received() -> None:
    of = stream(500, register=UnitRegister((unit("H24.M01", date(2024, 3, 1)),)))
    received = _dossiers(of, MARCH).moments["NgayTiepNhan"]
    assert (received < start_of(MARCH)).sum() > 20


def test_some_rows_stand_twice_and_one_of_two_as_it_was_before() -> None:
    of = stream(5000)
    rows = joined(list(of._duplicates(MARCH, of.sizes(MARCH))))
    assert len(rows) == 20
    first = dict(_by_code(_dossiers(of, MARCH)))
    second = _by_code(rows)
    same = [first[code] == status for code, status in second]
    assert 0 < sum(same) < len(same)
    assert all(
        status == 4 for (_, status), is_same in zip(second, same, strict=True) if not is_same
    )


def _by_code(rows: Rows) -> list[tuple[str, int]]:
    codes = rows.texts["MaHoSo"].to_pylist()
    return list(zip(codes, rows.codes["TrangThaiHoSo"].tolist(), strict=True))


def test_rows_not_taken_in_have_no_date_but_that_of_handing_in() -> None:
    rows = _export(stream())
    refused = np.isin(rows.codes["TrangThaiHoSo"], (1, 3))
    assert 0.02 < refused.mean() < 0.05
    for name, moment in rows.moments.items():
        assert (moment[refused] == EMPTY).all() == (name != "NgayNopHoSo"), name
