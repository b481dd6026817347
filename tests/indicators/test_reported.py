"""The city's value of a target that units report, and who is named while some are silent."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.indicators.plan_indicators import Measured, reported_values
from cchc_pipeline.registers.units import NamedUnit
from cchc_pipeline.sources.agency_forms.items import UnitReport
from tests.builders.agency_form import EVERYONE, MARCH, register, unit

AGENCIES = [unit(f"H24.M{n}", f"Sở Mẫu {n}", "agency") for n in range(10, 18)]
MONEY = "H24.M03"


def _told(code: str, item: str, above: int, below: int | None, month: Month = MARCH) -> UnitReport:
    value = Decimal(above) if below is None else None
    return UnitReport(
        month, code, item, Decimal(above), below if below is None else Decimal(below), value
    )


def _value(*reports: UnitReport, item: str = "45", month: Month = MARCH, **kw: object) -> Measured:
    units = kw.get("units", EVERYONE)
    return reported_values(reports, month, units, "H24")["H24", item, Basis.YTD]  # type: ignore[arg-type]


def test_a_single_owing_unit_speaks_for_the_city() -> None:
    measured = _value(_told(MONEY, "45", 1, 3))
    assert (measured.value, measured.status, measured.owed_by) == (Fraction(100, 3), "A", None)


def test_a_count_is_its_own_value_and_may_be_negative() -> None:
    assert _value(_told(MONEY, "46a", -1, None), item="46a").value == -1


def test_numerators_and_denominators_of_several_units_are_added() -> None:
    units = register(*AGENCIES[:2])
    measured = _value(
        _told("H24.M10", "7b", 1, 4), _told("H24.M11", "7b", 5, 6), item="7b", units=units
    )
    assert (measured.numerator, measured.denominator, measured.status) == (6, 10, "A")


def test_while_some_are_silent_the_value_is_provisional_and_names_them() -> None:
    measured = _value(_told("H24.M10", "7b", 1, 4), item="7b", units=register(*AGENCIES[:3]))
    assert (measured.status, measured.owed_by) == ("P", "Sở Mẫu 11; Sở Mẫu 12")


def test_every_silent_unit_is_named_however_many_they_are() -> None:
    measured = _value(_told("H24.M10", "7b", 1, 4), item="7b", units=register(*AGENCIES))
    assert measured.owed_by == "; ".join(agency.name_vi for agency in AGENCIES[1:])


def test_a_unit_that_exists_by_law_and_has_no_code_owes_too() -> None:
    known = register(unit("H24.M31", "Quận Mẫu 31", "district"))
    waiting = NamedUnit("Huyện Cát Hải", "district", date(2024, 1, 1), None, "mẫu")
    told = _told("H24.M31", "7c", 1, 4)
    assert _value(told, item="7c", units=known).status == "A"
    silent = _value(told, item="7c", units=replace(known, named=(waiting,)))
    assert (silent.status, silent.owed_by) == ("P", "Huyện Cát Hải")


def test_a_level_without_any_listed_unit_is_still_missing() -> None:
    measured = _value(_told("H24.M10", "22a", 1, 4), item="22a", units=register(AGENCIES[0]))
    assert (measured.status, measured.owed_by) == ("P", "UBND cấp huyện, cấp xã")


def test_a_denominator_of_zero_gives_no_value() -> None:
    assert _value(_told(MONEY, "45", 0, 0)).status == "M"


def test_an_earlier_form_does_not_speak_of_this_month() -> None:
    assert reported_values([_told(MONEY, "45", 1, 3, Month(2024, 2))], MARCH, EVERYONE, "H24") == {}


def test_the_month_alone_is_not_collected_but_in_january() -> None:
    march = reported_values([_told(MONEY, "45", 1, 3)], MARCH, EVERYONE, "H24")
    assert march["H24", "45", Basis.MONTH] == Measured(status="L")
    january = Month(2024, 1)
    values = reported_values([_told(MONEY, "45", 1, 3, january)], january, EVERYONE, "H24")
    assert values["H24", "45", Basis.MONTH] == values["H24", "45", Basis.YTD]


def test_a_status_alone_is_no_figure_and_other_sources_targets_are_left_alone() -> None:
    status = UnitReport(MARCH, MONEY, "45", status="IN_PROGRESS")
    assert reported_values([status], MARCH, EVERYONE, "H24") == {}
    assert reported_values([_told(MONEY, "51", 1, 2)], MARCH, EVERYONE, "H24") == {}


def test_a_year_without_a_plan_has_no_values() -> None:
    assert reported_values([], Month(2026, 9), EVERYONE, "H24") == {}
