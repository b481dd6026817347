"""What a file does not say is unknown wherever its rows are counted. All dossiers are invented.

The file ``FILE`` has every column; ``OTHER_FILE`` lacks some.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.checks import blocking_lines, check_table
from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.indicators.dossier_measures import MEASURE_NAMES, unknown_without
from cchc_pipeline.indicators.dossier_statistics import statistics_table, unbalanced_sums
from cchc_pipeline.indicators.plan_indicators import Key, Measured
from cchc_pipeline.plan import load_plan
from cchc_pipeline.sources.dossiers.staging import COLUMN_FIELDS
from cchc_pipeline.storage.lake import table_from_rows
from publish.disclosure.gate import suppression_is_complete
from publish.disclosure.rule import disclosed_table
from tests.indicators.sample_dossiers import (
    MARCH,
    Row,
    counts,
    dossier,
    finished,
    not_taken_in,
    values_to_date,
)

OTHER_FILE = "ho-so-thieu-cot.csv"
FEBRUARY = Month(2024, 2)
UNITS = ("H24.M01", "H24.M02", "H24.M03")
ONE, TWO, THREE = UNITS
Rows = dict[tuple[str, str], dict[str, Any]]


def _elsewhere(row: Row) -> Row:
    return row | {"file": OTHER_FILE}


def _table(rows: Iterable[Row], *columns: str) -> pa.Table:
    counted = counts(rows, MARCH, {OTHER_FILE: frozenset(columns)})
    return statistics_table(MARCH, "H24", UNITS, counted)


def _by_key(table: pa.Table) -> Rows:
    return {(row["unit_code"], row["field_code"]): row for row in table.to_pylist()}


def _empty(row: Mapping[str, Any]) -> set[str]:
    return {name for name in MEASURE_NAMES if row[name] is None}


SOME = (
    dossier(is_synced=True),
    dossier(is_synced=True, unit_code=TWO),
    _elsewhere(dossier(unit_code=TWO, field_code="MAU-LV02")),
)


def test_every_row_that_counts_such_dossiers_is_empty_there_and_no_other() -> None:
    rows = _by_key(_table(SOME, "is_synced"))
    empty = {key for key, row in rows.items() if "synced" in _empty(row) and row["received"]}
    assert empty == {("H24", "ALL"), ("H24", "MAU-LV02"), (TWO, "ALL"), (TWO, "MAU-LV02")}
    assert (rows["H24", "MAU-LV01"]["synced"], rows[TWO, "MAU-LV01"]["synced"]) == (2, 1)
    assert {row["obs_status"] for key, row in rows.items() if key[0] != THREE} == {"A"}


@pytest.mark.parametrize("column", sorted(COLUMN_FIELDS))
def test_each_column_empties_exactly_what_rests_on_it(column: str) -> None:
    row = _by_key(_table(SOME, column))[TWO, "ALL"]
    assert _empty(row) == unknown_without(frozenset({column})) != frozenset()


def test_a_carried_over_or_not_received_dossier_is_a_row_of_its_file_too() -> None:
    for row in (dossier(received_at="2024-02-05"), not_taken_in(), not_taken_in(unit_code=None)):
        rows = _by_key(_table([dossier(unit_code=TWO), _elsewhere(row)], "fee"))
        assert rows["H24", "ALL"]["fee_bearing"] is None
        assert rows[TWO, "ALL"]["fee_bearing"] == 0


def test_files_that_lack_different_columns_each_empty_their_own() -> None:
    rows = [dossier(), _elsewhere(dossier(unit_code=TWO)), dossier(unit_code=THREE, file="c.csv")]
    lacking = {OTHER_FILE: frozenset({"rating"}), "c.csv": frozenset({"is_synced", "rating"})}
    table = _by_key(statistics_table(MARCH, "H24", UNITS, counts(rows, MARCH, lacking)))
    assert _empty(table[ONE, "ALL"]) == set()
    assert _empty(table[TWO, "ALL"]) == {"rated", "satisfied"}
    assert _empty(table[THREE, "ALL"]) == {"rated", "satisfied", "synced"}
    assert _empty(table["H24", "ALL"]) == {"rated", "satisfied", "synced"}


def test_the_table_with_empty_measures_meets_its_contract_and_adds_up() -> None:
    table = _table([*SOME, _elsewhere(not_taken_in(unit_code=None))], "channel", "is_synced")
    assert blocking_lines(check_table(table, load_contract("dossier_statistics"))) == []
    assert unbalanced_sums(table, "H24") == []


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (("H24", "ALL"), 2, "H24, ALL, synced: 2, but its units add empty"),
        ((TWO, "ALL"), 1, f"{TWO}, ALL, synced: 1, but its fields add empty"),
        (("H24", "MAU-LV01"), None, "H24, MAU-LV01, synced: empty, but its units add 2"),
        ((ONE, "ALL"), None, f"{ONE}, ALL, synced: empty, but its fields add 1"),
    ],
)
def test_a_sum_is_empty_exactly_where_a_part_of_it_is(
    key: tuple[str, str], value: int | None, expected: str
) -> None:
    rows = _by_key(_table(SOME, "is_synced"))
    rows[key]["synced"] = value
    table = table_from_rows(load_contract("dossier_statistics"), rows.values())
    assert expected in unbalanced_sums(table, "H24")


def test_disclosure_control_holds_where_measures_are_empty() -> None:
    sizes = {(ONE, "MAU-LV01"): 9, (ONE, "MAU-LV02"): 2, (ONE, "MAU-LV03"): 6,
             (TWO, "MAU-LV01"): 7, (TWO, "MAU-LV02"): 8, (THREE, "MAU-LV02"): 3}  # fmt: skip
    rows = [
        row if number % 2 or unit != ONE else _elsewhere(row)
        for (unit, field), size in sizes.items()
        for number in range(size)
        for row in [dossier(unit_code=unit, field_code=field)]
    ]
    full = _table(rows, "is_synced")
    shown = disclosed_table(full, None, "H24", 5)
    assert list(suppression_is_complete(shown, full, None, "H24", 5)) == []
    joined = _by_key(shown)[ONE, "OTHER"]
    assert (joined["synced"], joined["fee_bearing"]) == (None, 0)


def _values(
    *rows: Row, columns: Iterable[str], before: pa.Table | None = None
) -> dict[Key, Measured]:
    counted = counts(rows, MARCH, {OTHER_FILE: frozenset(columns)})
    months = {MARCH: counted} if before is None else {FEBRUARY: before, MARCH: counted}
    return values_to_date(months, MARCH, lambda _: frozenset(UNITS))


def _full(**said: Any) -> Row:
    return finished(
        "2024-03-20", channel=2, service_level=4, is_identified=True, is_synced=True, rating=5,
        circulation=1, fee=1.0, online_payment=1, **said,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("target", "column"),
    [
        ("II.5", "is_synced"), ("II.6b", "rating"), ("28a", "rating"), ("24", "circulation"),
        ("25b", "channel"), ("25b", "service_level"), ("27", "is_identified"), ("27", "channel"),
        ("51", "fee"), ("51", "online_payment"), ("52", "fee"), ("52", "online_payment"),
    ],
)  # fmt: skip
def test_the_plans_value_is_taken_over_the_units_that_have_it(target: str, column: str) -> None:
    silent = (_elsewhere(dossier(unit_code=TWO)), _elsewhere(dossier(unit_code=THREE)))
    values = _values(_full(), *silent, dossier(unit_code=TWO), columns=[column])
    expected = Measured(1, 1, Fraction(100), "P", f"{TWO}; {THREE}", conclusive=False)
    assert values["H24", target, Basis.MONTH] == expected
    assert values[ONE, target, Basis.MONTH] == Measured(1, 1, Fraction(100), "A")
    assert values[TWO, target, Basis.MONTH] == Measured(owed_by=TWO)


def test_targets_that_rest_on_columns_of_every_file_are_as_ever() -> None:
    late = finished("2024-03-20", due_at="2024-03-10", unit_code=TWO)
    for target in ("II.6a", "28b"):
        value = _values(_full(due_at="2024-03-20"), _elsewhere(late), columns=COLUMN_FIELDS)
        assert value["H24", target, Basis.MONTH] == Measured(1, 2, Fraction(50), "A")


def test_where_no_unit_has_it_whole_it_is_missing_and_the_units_owe_it() -> None:
    values = _values(_full(), _elsewhere(_full()), columns=["is_synced"])
    assert values["H24", "II.5", Basis.MONTH] == Measured(owed_by=ONE)
    assert values["H24", "51", Basis.MONTH].status == "A"


def test_where_no_file_has_it_the_plans_own_bodies_owe_it() -> None:
    values = _values(_elsewhere(_full()), _elsewhere(_full(unit_code=TWO)), columns=["is_synced"])
    assert {values[unit, "II.5", Basis.MONTH] for unit in ("H24", ONE)} == {Measured()}


def test_a_share_of_nothing_is_missing_while_units_lack_the_column() -> None:
    values = _values(dossier(), _elsewhere(dossier(unit_code=TWO)), columns=["rating"])
    assert values["H24", "II.6b", Basis.MONTH] == Measured(owed_by=TWO)


def test_dossiers_of_an_unknown_unit_leave_the_plans_value_whole() -> None:
    unknown = _elsewhere(not_taken_in(unit_code=None))
    values = _values(_full(), unknown, columns=["is_synced"])
    assert values["H24", "II.5", Basis.MONTH] == Measured(1, 1, Fraction(100), "A")


def test_the_year_to_date_takes_of_each_month_the_units_that_have_it() -> None:
    def february(**said: Any) -> Row:
        return dossier(received_at="2024-02-05", **said)

    rows = (february(is_synced=True), _elsewhere(february(unit_code=TWO)))
    before = counts(rows, FEBRUARY, {OTHER_FILE: frozenset({"is_synced"})})
    march = (dossier(), dossier(unit_code=TWO, is_synced=True))
    values = _values(*march, columns=[], before=before)
    assert values["H24", "II.5", Basis.MONTH] == Measured(1, 2, Fraction(50), "A")
    city, unit = values["H24", "II.5", Basis.YTD], values[TWO, "II.5", Basis.YTD]
    assert (city.numerator, city.denominator, city.status, city.conclusive) == (2, 3, "P", False)
    assert (unit.numerator, unit.denominator, unit.status) == (1, 1, "P")
    plan = load_plan(2024)
    assert plan is not None
    assert city.owed_by == "; ".join([*plan.target("II.5").owed_by, TWO]), "January lacks as well"


_rows = st.builds(
    dossier,
    unit_code=st.sampled_from(UNITS),
    field_code=st.sampled_from(["MAU-LV01", "MAU-LV02"]),
    status=st.sampled_from([1, 2]),
    channel=st.sampled_from([1, 2, 3]),
    fee=st.sampled_from([0.0, 1.0]),
    is_synced=st.booleans(),
)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(_rows, st.booleans()), max_size=12),
    st.sets(st.sampled_from(sorted(COLUMN_FIELDS))),
)
def test_an_export_in_two_files_is_one_but_for_what_one_of_them_lacks(
    rows: list[tuple[Row, bool]], columns: set[str]
) -> None:
    whole = _by_key(_table([row for row, _ in rows]))
    parted = [_elsewhere(row) if apart else row for row, apart in rows]
    assert _by_key(_table(parted)) == whole
    without = [row | dict.fromkeys(columns) if row["file"] == OTHER_FILE else row for row in parted]
    unknown = dict.fromkeys(unknown_without(frozenset(columns)))
    apart = [row for row in parted if row["file"] == OTHER_FILE]
    touched = {(unit, field) for row in apart for unit in ("H24", row["unit_code"])
               for field in ("ALL", row["field_code"])}  # fmt: skip
    expected = {key: row | unknown if key in touched else row for key, row in whole.items()}
    assert _by_key(_table(without, *columns)) == expected
