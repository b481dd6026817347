"""Broken rows: each kind takes its turn and breaks what it names."""

import numpy as np
import pytest

from cchc_pipeline.simulation.details import UNREADABLE, Rows, joined
from cchc_pipeline.simulation.draws import DAY, start_of
from cchc_pipeline.simulation.exports import broken
from cchc_pipeline.simulation.offer import EMPTY
from cchc_pipeline.simulation.profile import load_breakages
from tests.simulation.samples import MARCH, stream

KINDS = load_breakages()
PLACES = {kind.id: place for place, kind in enumerate(KINDS)}


@pytest.fixture(scope="module")
def rows() -> Rows:
    of = stream(2200, broken=0.02)
    return joined(list(of._broken(MARCH, of.sizes(MARCH))))


def test_the_share_of_broken_rows_is_that_of_the_option(rows: Rows) -> None:
    assert len(rows) == 44
    assert stream(1000, broken=0).sizes(MARCH).broken == 0


def test_broken_rows_are_dossiers_of_their_own(rows: Rows) -> None:
    of = stream(2200, broken=0.02)
    good = joined(list(of._dossiers(MARCH, of.sizes(MARCH).received)))
    assert not set(rows.texts["MaHoSo"].to_pylist()) & set(good.texts["MaHoSo"].to_pylist())


@pytest.mark.parametrize(
    ("kind", "column", "value"),
    [
        ("code_missing", "MaHoSo", None),
        ("unit_unknown", "DonViXuLy", "H24.MAULA"),
        ("procedure_malformed", "MaTTHC", "9.99"),
        ("text_like_formula", "TenTTHC", "=1+1 (DỮ LIỆU MẪU)"),
    ],
)
def test_texts_are_broken(rows: Rows, kind: str, column: str, value: str | None) -> None:
    assert rows.texts[column].to_pylist()[PLACES[kind]] == value


@pytest.mark.parametrize(
    ("kind", "column", "value"),
    [
        ("rating_7", "MucDoHaiLong", 7),
        ("fee_negative", "Gia", -50000),
        ("status_unknown", "TrangThaiHoSo", 99),
    ],
)
def test_codes_are_broken(rows: Rows, kind: str, column: str, value: int) -> None:
    assert rows.codes[column][PLACES[kind]] == value


def test_dates_are_missing_unreadable_or_contradict(rows: Rows) -> None:
    def at(kind: str, name: str) -> int:
        return int(rows.moments[name][PLACES[kind]])

    received = "NgayTiepNhan"
    assert at("reception_missing", received) == EMPTY
    assert at("reception_unreadable", received) == UNREADABLE
    assert at("due_unreadable", "NgayHenTra") == UNREADABLE
    assert (
        at("due_before_reception", "NgayHenTra") == at("due_before_reception", received) - 3 * DAY
    )
    assert at("finished_without_date", "NgayKetThucXuLy") == EMPTY
    assert at("finished_without_date", "NgayTra") == EMPTY
    assert at("open_with_date", "NgayKetThucXuLy") > at("open_with_date", received)
    assert at("finished_before_reception", "NgayKetThucXuLy") < at(
        "finished_before_reception", received
    )
    assert at("received_after_period", received) > start_of(MARCH.next())
    assert at("finished_before_period", "NgayKetThucXuLy") < start_of(MARCH)


def test_a_broken_due_date_is_not_mended_by_a_supplement() -> None:
    of = stream(20_000)
    good = joined(list(of._dossiers(MARCH, of.sizes(MARCH).received)))
    chosen = [kind for kind in KINDS if kind.id == "due_before_reception"]
    assert (good.last_new_due() != EMPTY).any()
    after = broken(good, chosen, MARCH)
    assert (after.last_new_due() == EMPTY).all()
    assert (after.moments["NgayHenTraMoi"] == EMPTY).all()


def test_pieces_go_on_where_the_last_one_stopped() -> None:
    of = stream(2200, broken=0.02)
    sizes = of.sizes(MARCH)
    good = joined(list(of._rows_of(MARCH, MARCH, np.arange(44) + sizes.received)))
    assert broken(good, KINDS, MARCH, 5).texts["MaHoSo"][17].as_py() is None  # 22 kinds: 5 + 17
