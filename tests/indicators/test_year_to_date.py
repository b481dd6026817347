"""Running sums of the year: what a month hands on is all that the next one needs."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.checks import blocking_lines, check_table
from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.indicators.plan_indicators import Measured
from cchc_pipeline.indicators.records import CatalogueShares, procedure_values
from cchc_pipeline.indicators.year_to_date import (
    Tally,
    YearToDate,
    sums_of_rows,
    year_to_date_rows,
)
from cchc_pipeline.sources.agency_forms.items import UnitReport
from cchc_pipeline.storage.lake import table_from_rows

ROOT = "H24"
JANUARY, FEBRUARY, MARCH = Month(2024, 1), Month(2024, 2), Month(2024, 3)

_codes = st.frozensets(st.sampled_from(["1.000001", "1.000002", "1.000003"]))
_cases = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(
    lambda pair: Tally(min(pair), max(pair))
)
_procedures = st.tuples(_codes, _codes).map(
    lambda pair: Tally(len(pair[0] & pair[1]), len(pair[1]), met=pair[0] & pair[1], among=pair[1])
)
_months = st.lists(
    st.fixed_dictionaries({}, optional={(ROOT, "II.5"): _cases, (ROOT, "52"): _procedures}),
    min_size=1,
    max_size=6,
)


def test_the_months_that_have_a_catalogue_are_handed_on() -> None:
    january = YearToDate(catalogued=frozenset({JANUARY}))
    rows = year_to_date_rows(JANUARY, ROOT, january)
    table = table_from_rows(load_contract("year_to_date"), rows)
    assert not blocking_lines(check_table(table, load_contract("year_to_date")))
    march = sums_of_rows(rows).with_month(YearToDate(catalogued=frozenset({MARCH})))
    assert sums_of_rows(year_to_date_rows(MARCH, ROOT, march)).catalogued == {JANUARY, MARCH}


@given(_months)
def test_sums_handed_on_as_rows_are_those_of_all_months_at_once(
    months: list[dict[tuple[str, str], Tally]],
) -> None:
    sums = YearToDate()
    for number, tallies in enumerate(months, start=1):
        month = Month(2024, number)
        rows = year_to_date_rows(month, ROOT, sums.with_month(YearToDate(tallies)))
        sums = sums_of_rows(table_from_rows(load_contract("year_to_date"), rows).to_pylist())
    for place in {place for tallies in months for place in tallies}:
        known = [tallies[place] for tallies in months if place in tallies]
        among = {code for tally in known for code in tally.among}
        met = {code for tally in known for code in tally.met}
        found = sums.tallies[place]
        assert found.months == len(known)
        assert (found.met, found.among) == (met, among)
        if place[1] == "52":
            assert (found.numerator, found.denominator) == (len(met), len(among))
        else:
            assert found.numerator == sum(tally.numerator for tally in known)
            assert found.denominator == sum(tally.denominator for tally in known)


def test_the_rows_meet_their_contract() -> None:
    codes = frozenset({"1.000001", "1.000002"})
    sums = YearToDate(
        {
            (ROOT, "II.5"): Tally(1, 2, months=3, lacking=frozenset({"H24.M01", "H24.M02"})),
            (ROOT, "52"): Tally(1, 2, met=frozenset({"1.000001"}), among=codes),
        },
        CatalogueShares(JANUARY, {"26": Measured.share(1, 2)}),
        (_report(JANUARY, "H24.M01", "DONE"),),
    )
    contract = load_contract("year_to_date")
    table = table_from_rows(contract, year_to_date_rows(MARCH, ROOT, sums))
    assert blocking_lines(check_table(table, contract)) == []
    assert sums_of_rows(table.to_pylist()) == sums


def _report(month: Month, unit: str, status: str) -> UnitReport:
    day = date(2024, month.month, 5) if status == "DONE" else None
    return UnitReport(month, unit, "45", status=status, completed_on=day)


def test_the_latest_report_of_each_unit_is_handed_on_with_its_month() -> None:
    january = YearToDate(
        reports=(
            _report(JANUARY, "H24.M01", "IN_PROGRESS"), _report(JANUARY, "H24.M02", "DONE"),
        )
    )  # fmt: skip
    february = YearToDate(reports=(_report(FEBRUARY, "H24.M01", "DONE"),))
    sums = january.with_month(february)
    handed_on = sums_of_rows(year_to_date_rows(FEBRUARY, ROOT, sums)).reports
    assert set(handed_on) == {
        _report(FEBRUARY, "H24.M01", "DONE"), _report(JANUARY, "H24.M02", "DONE"),
    }  # fmt: skip


def test_the_latest_catalogue_stands_even_where_it_tells_less_than_the_one_before() -> None:
    told = CatalogueShares(JANUARY, {"26": Measured.share(1, 2), "25a": Measured.share(0, 0)})
    sums = YearToDate(catalogue=told).with_month(YearToDate())
    again = sums_of_rows(year_to_date_rows(FEBRUARY, ROOT, sums)).catalogue
    assert again == told
    values = procedure_values(again, FEBRUARY, ROOT)
    assert values[ROOT, "26", Basis.YTD].status == "P"
    assert values[ROOT, "25a", Basis.YTD].status == "M"
    assert (ROOT, "26", Basis.MONTH) not in values
    silent = CatalogueShares(MARCH, {})
    sums = YearToDate(catalogue=again).with_month(YearToDate(catalogue=silent))
    assert sums_of_rows(year_to_date_rows(MARCH, ROOT, sums)).catalogue == silent
