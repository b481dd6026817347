"""The plan's targets measured from dossiers, month and year to date. All dossiers are invented."""

from collections.abc import Mapping
from dataclasses import asdict
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.indicators.dossier_targets import UnitsOf, load_formulas, parse_formulas
from cchc_pipeline.indicators.plan_indicators import Key, Measured
from cchc_pipeline.plan import load_plan
from tests.indicators.sample_dossiers import (
    Row,
    counts,
    dossier,
    everywhere,
    finished,
    not_taken_in,
    values_to_date,
)

JANUARY, FEBRUARY, MARCH = Month(2024, 1), Month(2024, 2), Month(2024, 3)
UNITS = frozenset({"H24.M01", "H24.M02"})


def _export(month: Month, *rows: Row, absent: frozenset[str] = frozenset()) -> pa.Table:
    return counts(rows, month, everywhere(absent))


def _values(
    counted: Mapping[Month, pa.Table | None],
    month: Month = MARCH,
    units_of: UnitsOf = lambda _: UNITS,
) -> dict[Key, Measured]:
    return values_to_date(counted, month, units_of)


def _in(month: int, **said: Any) -> Row:
    return dossier(received_at=f"2024-{month:02d}-05", **said)


def _three_months() -> dict[Month, pa.Table | None]:
    return {
        JANUARY: _export(JANUARY, _in(1, is_synced=True), _in(1), _in(1)),
        FEBRUARY: _export(FEBRUARY, _in(2, is_synced=True)),
        MARCH: _export(MARCH, _in(3, is_synced=True), _in(3, unit_code="H24.M02")),
    }


def test_the_month_has_its_own_share_and_the_year_to_date_the_share_of_all_cases() -> None:
    values = _values(_three_months())
    assert values["H24", "II.5", Basis.MONTH] == Measured(1, 2, Fraction(50), "A")
    assert values["H24", "II.5", Basis.YTD] == Measured(3, 6, Fraction(50), "A")
    assert values["H24.M01", "II.5", Basis.YTD] == Measured(3, 5, Fraction(60), "A")


def test_in_january_the_year_to_date_is_the_month() -> None:
    values = _values(_three_months(), JANUARY)
    for (unit, target, basis), value in values.items():
        if basis is Basis.YTD:
            assert value == values[unit, target, Basis.MONTH]


def test_every_dossier_target_has_a_value_for_the_city_and_each_valid_unit() -> None:
    plan = load_plan(2024)
    assert plan is not None
    targets = {target.id for target in plan.targets if target.measured_from == "dossiers"}
    wanted = {(unit, t, basis) for unit in {"H24", *UNITS} for t in targets
              for basis in (Basis.MONTH, Basis.YTD)}  # fmt: skip
    assert _values({}).keys() == wanted


def test_without_any_export_every_value_is_missing() -> None:
    assert set(_values({MARCH: None}).values()) == {Measured()}


def test_in_time_counts_only_what_was_taken_in_since_1_january_on_both_bases() -> None:
    def ended(day: str, taken_in: str) -> Row:
        return finished(day, received_at=taken_in, due_at="2024-03-10")

    january = finished("2024-01-20", received_at="2024-01-02", due_at="2024-01-10")
    counted = {
        JANUARY: _export(JANUARY, january),
        FEBRUARY: _export(FEBRUARY),
        MARCH: _export(
            MARCH,
            ended("2024-03-09", "2024-02-01"),
            ended("2024-03-10", "2024-02-01"),
            ended("2024-03-11", "2024-02-01"),
            ended("2024-03-09", "2023-12-31"),
        ),
    }
    values = _values(counted)
    for target in ("II.6a", "28b"):
        assert values["H24", target, Basis.MONTH] == Measured(2, 3, Fraction(200, 3), "A")
        assert values["H24", target, Basis.YTD] == Measured(2, 4, Fraction(50), "A")


def test_target_52_counts_distinct_procedures_over_the_window_and_does_not_add_up() -> None:
    def paid(month: int, code: str, how: int, **said: Any) -> Row:
        return _in(month, procedure_code=code, fee=10_000.0, online_payment=how, **said)

    counted = {
        JANUARY: _export(JANUARY, paid(1, "9.900001", 1), paid(1, "9.900002", 0)),
        FEBRUARY: _export(FEBRUARY, paid(2, "9.900001", 1), paid(2, "9.900003", 2)),
        MARCH: _export(
            MARCH, paid(3, "9.900001", 0), paid(3, "9.900002", 1),
            paid(3, "9.900002", 1, unit_code="H24.M02"), _in(3, procedure_code="9.900004"),
        ),
    }  # fmt: skip
    values = _values(counted)
    assert values["H24", "52", Basis.MONTH] == Measured(1, 2, Fraction(50), "A")
    assert values["H24", "52", Basis.YTD] == Measured(2, 3, Fraction(200, 3), "A")
    assert values["H24.M02", "52", Basis.MONTH] == Measured(1, 1, Fraction(100), "A")


@pytest.mark.parametrize(
    ("target", "rows", "share"),
    [
        ("II.6b", [finished("2024-03-20", rating=n) for n in (3, 4, None)], (1, 2)),
        ("28a", [finished("2024-03-20", rating=n) for n in (5, 4, None)], (2, 2)),
        ("24", [finished("2024-03-20", circulation=n) for n in (1, 0, None)], (1, 2)),
        ("25b", [_in(3, channel=2, service_level=n) for n in (4, 3)] + [_in(3)], (1, 3)),
        ("27", [_in(3, channel=n, is_identified=n < 3) for n in (1, 2, 3)], (1, 1)),
        ("51", [_in(3, fee=1.0, online_payment=n) for n in (0, 1, 2)] + [_in(3)], (1, 3)),
    ],
)  # fmt: skip
def test_each_target_is_its_measure_over_its_measure(
    target: str, rows: list[Row], share: tuple[int, int]
) -> None:
    value = _values({MARCH: _export(MARCH, *rows)})["H24", target, Basis.MONTH]
    assert (value.numerator, value.denominator) == share


def test_a_share_of_nothing_cannot_exist_and_is_not_missing() -> None:
    counted = _three_months()
    value = _values(counted)["H24", "II.6b", Basis.YTD]
    assert value == Measured(0, 0, None, "M")


def test_a_unit_without_dossiers_is_missing_and_not_0() -> None:
    counted = {MARCH: _export(MARCH, dossier())}
    assert _values(counted)["H24.M02", "II.5", Basis.MONTH] == Measured()


def test_a_unit_with_dossiers_not_taken_in_only_has_nothing_to_take_a_share_of() -> None:
    counted = {MARCH: _export(MARCH, not_taken_in(unit_code="H24.M02"))}
    assert _values(counted)["H24.M02", "II.5", Basis.MONTH].status == "M"


def test_a_year_to_date_that_lacks_a_month_is_provisional() -> None:
    counted = _three_months() | {FEBRUARY: None}
    assert _values(counted)["H24", "II.5", Basis.YTD] == Measured(2, 5, Fraction(40), "P")
    assert _values(counted)["H24", "II.5", Basis.MONTH].status == "A"


def test_a_share_of_nothing_is_missing_while_a_month_lacks() -> None:
    counted = _three_months() | {FEBRUARY: None}
    assert _values(counted)["H24", "II.6b", Basis.YTD] == Measured()


def test_the_month_of_a_closed_export_may_lack_while_the_year_to_date_has_a_value() -> None:
    counted = _three_months() | {MARCH: None}
    values = _values(counted)
    assert values["H24", "II.5", Basis.MONTH] == Measured()
    assert values["H24", "II.5", Basis.YTD] == Measured(2, 4, Fraction(50), "P")


def test_a_target_whose_column_no_file_has_is_missing_and_the_others_are_not() -> None:
    rows = (finished("2024-03-20", rating=None), _in(3, is_synced=True))
    counted = {MARCH: _export(MARCH, *rows, absent=frozenset({"rating"}))}
    values = _values(counted)
    assert values["H24", "II.6b", Basis.MONTH] == Measured()
    assert values["H24", "II.5", Basis.MONTH].status == "A"


def test_a_unit_owes_the_months_in_which_it_is_valid_only() -> None:
    def units_of(month: Month) -> frozenset[str]:
        return UNITS if month == MARCH else frozenset({"H24.M01"})

    values = _values(_three_months(), units_of=units_of)
    assert values["H24.M02", "II.5", Basis.YTD] == Measured(0, 1, Fraction(0), "A")


def test_a_year_without_a_plan_has_no_values() -> None:
    assert _values({}, Month(2026, 9)) == {}


_rows = st.builds(
    lambda unit, synced, procedure, paid: _in(
        3, unit_code=unit, is_synced=synced, procedure_code=procedure, fee=1.0, online_payment=paid
    ),
    st.sampled_from(sorted(UNITS)),
    st.booleans(),
    st.sampled_from(["9.900001", "9.900002"]),
    st.sampled_from([0, 1]),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(_rows, min_size=1, max_size=12))
def test_units_add_up_to_the_city_in_dossiers_and_cover_it_in_procedures(rows: list[Row]) -> None:
    values = _values({MARCH: _export(MARCH, *rows)})

    def of(unit: str, target: str) -> tuple[int, int]:
        value = values[unit, target, Basis.MONTH]
        return int(value.numerator or 0), int(value.denominator or 0)

    for place in (0, 1):
        assert of("H24", "51")[place] == sum(of(unit, "51")[place] for unit in UNITS)
        procedures = [of(unit, "52")[place] for unit in UNITS]
        assert max(procedures) <= of("H24", "52")[place] <= sum(procedures)


def _content(**replaced: Any) -> dict[str, Any]:
    formulas = [asdict(formula) for formula in load_formulas(2024)]
    formulas[0] |= replaced
    return {"basis": "Quy ước thử", "measures": formulas}


@pytest.mark.parametrize(
    ("replaced", "problem"),
    [
        ({"target": "II.2"}, "II.5: no measures; II.2: not measured from dossiers"),
        ({"target": "52"}, "52: stands there twice"),
        ({"numerator": ("sinced",)}, "II.5: sinced is no measure"),
        ({"counted": "people"}, "counted"),
        ({"denominator": ()}, "denominator"),
    ],
)
def test_formulas_that_do_not_fit_the_plan_are_refused(
    replaced: dict[str, Any], problem: str
) -> None:
    plan = load_plan(2024)
    assert plan is not None
    with pytest.raises(SchemaDataError, match=problem):
        parse_formulas(_content(**replaced), plan, "measures.yaml")
