"""What each measure counts: a case worked by hand for each sentence of the counting rules.

S is 1 March 2024, 00:00, E is 1 April 2024, 00:00. All dossiers are invented (DỮ LIỆU MẪU).
"""

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.dossier_measures import (
    COUNTED_NAMES,
    MEASURE_NAMES,
    MEASURES,
    unknown_without,
)
from cchc_pipeline.indicators.dossier_statistics import (
    counts_expression,
    dossiers_table,
    files_table,
)
from cchc_pipeline.storage.spark_dialect import to_spark
from tests.indicators.sample_dossiers import (
    MARCH,
    Row,
    counted,
    counts,
    dossier,
    finished,
    not_taken_in,
    those_that_count,
)


def test_status_1_and_3_are_not_received_and_in_no_other_measure() -> None:
    rows = not_taken_in(status=1), not_taken_in(status=3)
    assert those_that_count(*rows) == {"not_received": 2}
    full = dossier(status=3, received_at="2024-03-05", fee=10_000.0, rating=5)
    assert those_that_count(full) == {"not_received": 1}


def test_taken_in_before_the_month_is_carried_over_and_within_it_received() -> None:
    at = ("2024-02-29T23:59:59", "2024-03-01T00:00:00", "2024-03-01", "2024-03-31T23:59:59")
    totals = counted(*(dossier(received_at=moment) for moment in at))
    assert (totals["carried_over"], totals["received"]) == (1, 3)


def test_finished_is_what_ended_within_the_month() -> None:
    first, last = finished("2024-03-05T09:00:00"), finished("2024-03-31T23:59:59")
    assert counted(first, last)["finished"] == 2


def test_a_finish_at_or_after_the_end_means_still_open_whatever_the_status() -> None:
    for moment in ("2024-04-01T00:00:00", "2024-04-01", "2024-05-02T10:00:00"):
        totals = counted(finished(moment, due_at="2024-03-20"))
        assert (totals["finished"], totals["late"], totals["open_overdue"]) == (0, 0, 1)


@pytest.mark.parametrize("status", [7, 8])
def test_withdrawn_or_stopped_is_finished_and_neither_in_time_nor_late(status: int) -> None:
    row = finished("2024-03-20", status=status, due_at="2024-03-10")
    assert those_that_count(row) == {
        "received": 1, "received_direct": 1, "finished": 1, "withdrawn": 1,
    }  # fmt: skip


@pytest.mark.parametrize("status", [9, 10])
def test_handled_or_returned_without_a_due_date_has_no_deadline(status: int) -> None:
    totals = those_that_count(finished("2024-03-20", status=status))
    assert totals == {"received": 1, "received_direct": 1, "finished": 1, "no_deadline": 1}


@pytest.mark.parametrize(
    ("finish", "due", "outcome"),
    [
        ("2024-03-19T23:59:59", "2024-03-20T08:00:00", "early"),
        ("2024-03-19", "2024-03-20", "early"),
        ("2024-03-20T07:59:00", "2024-03-20T08:00:00", "on_time"),
        ("2024-03-20T08:00:00", "2024-03-20T08:00:00", "on_time"),
        ("2024-03-20T08:00:01", "2024-03-20T08:00:00", "late"),
        ("2024-03-21T07:00:00", "2024-03-20T08:00:00", "late"),
        ("2024-03-20", "2024-03-20T08:00:00", "on_time"),
        ("2024-03-20T23:59:59.5", "2024-03-20", "on_time"),
        ("2024-03-20", "2024-03-20", "on_time"),
        ("2024-03-21T00:00:00", "2024-03-20", "late"),
        ("2024-03-21", "2024-03-20T23:00:00", "late"),
    ],
)
def test_finish_and_due_by_the_moment_if_both_have_a_time_else_by_date(
    finish: str, due: str, outcome: str
) -> None:
    totals = counted(finished(finish, due_at=due))
    assert {name for name in ("early", "on_time", "late") if totals[name]} == {outcome}


@pytest.mark.parametrize(
    ("due", "outcome"),
    [
        (None, "open_in_time"),
        ("2024-04-01T00:00:00", "open_in_time"),
        ("2024-04-01", "open_in_time"),
        ("2024-03-31T23:59:59", "open_overdue"),
        ("2024-03-31", "open_overdue"),
    ],
)
def test_an_open_dossier_is_overdue_if_it_was_due_before_the_end(
    due: str | None, outcome: str
) -> None:
    totals = counted(dossier(due_at=due))
    assert {name for name in ("open_in_time", "open_overdue") if totals[name]} == {outcome}


def test_the_years_counters_leave_out_what_was_taken_in_before_1_january() -> None:
    rows = [
        finished(f"2024-03-{day}", received_at=taken_in, due_at="2024-03-10")
        for day in ("09", "10", "11")
        for taken_in in ("2023-12-31T23:59:59", "2024-01-01")
    ]
    totals = counted(*rows)
    assert (totals["early"], totals["on_time"], totals["late"]) == (2, 2, 2)
    assert [totals[f"{name}_of_year"] for name in ("early", "on_time", "late")] == [1, 1, 1]


def test_the_channel_of_the_received_is_1_2_or_3_and_empty_is_1() -> None:
    totals = counted(*(dossier(channel=channel) for channel in (None, 1, 2, 2, 2, 3)))
    assert totals["received_direct"] == 2
    assert (totals["received_online"], totals["received_postal"]) == (3, 1)


def test_fully_online_needs_the_online_channel_and_level_4() -> None:
    pairs = ((2, 4), (2, 3), (1, 4), (3, 4), (2, None))
    rows = [dossier(channel=channel, service_level=level) for channel, level in pairs]
    assert counted(*rows)["fully_online"] == 1


def test_identified_needs_the_online_channel_and_the_account() -> None:
    pairs = ((2, True), (2, False), (1, True), (2, None))
    rows = [dossier(channel=channel, is_identified=flag) for channel, flag in pairs]
    assert counted(*rows)["identified"] == 1


@pytest.mark.parametrize(
    ("measure", "column"), [("synced", "is_synced"), ("digitised", "is_digitised")]
)
def test_flags_count_where_they_are_set(measure: str, column: str) -> None:
    rows = [dossier(**{column: flag}) for flag in (True, True, False, None)]
    assert counted(*rows)[measure] == 2


def test_fee_bearing_is_a_sum_above_0_and_only_then_does_a_payment_count() -> None:
    pairs = ((10_000.0, 0), (10_000.0, 1), (10_000.0, 2), (0.0, 1), (None, 1), (0.5, None))
    rows = [dossier(fee=fee, online_payment=paid) for fee, paid in pairs]
    totals = counted(*rows)
    assert (totals["fee_bearing"], totals["paid_online"], totals["paid_on_dvcqg"]) == (4, 2, 1)


def test_what_is_counted_of_the_received_leaves_out_the_carried_over() -> None:
    row = dossier(
        received_at="2024-02-05", channel=2, service_level=4, is_identified=True, is_synced=True,
        is_digitised=True, fee=10_000.0, online_payment=1,
    )  # fmt: skip
    assert those_that_count(row) == {"carried_over": 1, "open_in_time": 1}


def test_rated_is_any_rating_and_satisfied_from_4() -> None:
    totals = counted(*(finished("2024-03-20", rating=n) for n in (None, 1, 3, 4, 5)))
    assert (totals["rated"], totals["satisfied"]) == (4, 2)


def test_an_electronic_result_counts_where_there_is_one() -> None:
    totals = counted(*(finished("2024-03-20", has_e_result=flag) for flag in (True, False, None)))
    assert totals["e_result"] == 1


def test_circulated_is_any_circulation_and_electronically_is_1() -> None:
    totals = counted(*(finished("2024-03-20", circulation=how) for how in (None, 0, 1, 1)))
    assert (totals["circulated"], totals["circulated_electronically"]) == (3, 2)


def test_more_than_one_supplement_is_kept_apart_from_lateness() -> None:
    rows = [finished("2024-03-20", supplements=n, due_at="2024-03-20") for n in (None, 0, 1, 2, 3)]
    totals = counted(*rows)
    assert (totals["multi_supplement"], totals["late"], totals["on_time"]) == (2, 0, 5)


@pytest.mark.parametrize("how", [{"status": 7}, {"finished_at": "2024-04-02"}, {"status": 1}])
def test_what_is_counted_of_the_finished_leaves_out_withdrawn_and_open(how: Row) -> None:
    said = {"rating": 5, "has_e_result": True, "circulation": 1, "supplements": 2} | how
    totals = counted(finished(said.pop("finished_at", "2024-03-20"), **said))
    of_finished = ("rated", "satisfied", "e_result", "circulated", "multi_supplement")
    assert [totals[name] for name in of_finished] == [0] * 5


def test_counts_stand_by_unit_field_and_procedure_and_what_is_not_named_is_unknown() -> None:
    rows = [
        dossier(), dossier(), dossier(procedure_code="9.900002"), dossier(field_code="MAU-LV02"),
        not_taken_in(unit_code=None, field_code="UNKNOWN"),
    ]  # fmt: skip
    table = counts(rows).select(["unit_code", "field_code", "procedure_code", "received"])
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("H24.M01", "MAU-LV01", "9.900001", 2),
        ("H24.M01", "MAU-LV01", "9.900002", 1),
        ("H24.M01", "MAU-LV02", "9.900001", 1),
        ("UNKNOWN", "UNKNOWN", "UNKNOWN", 0),
    ]


def test_the_counts_have_the_shape_that_their_contract_declares() -> None:
    contract = load_contract("dossier_counts")
    table = counts([finished("2024-03-20")])
    assert table.schema.equals(contract.arrow_schema(), check_metadata=True)
    assert counts([]).num_rows == 0


def test_measures_and_contracts_name_the_same_columns_in_one_order() -> None:
    counted_columns = [field.name for field in load_contract("dossier_counts").fields]
    published = [field.name for field in load_contract("dossier_statistics").fields]
    assert tuple(counted_columns[5:]) == COUNTED_NAMES
    assert tuple(published[3:-5]) == MEASURE_NAMES
    titles = {f.name: f.title for f in load_contract("dossier_statistics").fields}
    declared = {f.name: f.title for f in load_contract("dossier_counts").fields}
    assert {name: declared[name] for name in MEASURE_NAMES} == {
        name: titles[name] for name in MEASURE_NAMES
    }


def test_measures_rest_on_declared_columns_and_are_unknown_without_them() -> None:
    columns = {field.name for field in load_contract("dossiers").fields}
    assert all(measure.rests_on <= columns for measure in MEASURES)
    assert unknown_without(frozenset({"is_identified", "rating"})) == {
        "identified", "rated", "satisfied",
    }  # fmt: skip
    assert unknown_without(frozenset()) == frozenset()


def test_the_counts_translate_to_spark() -> None:
    expression = counts_expression(dossiers_table(), files_table(), MARCH)
    written = to_spark(str(ibis.to_sql(expression, "duckdb")))
    assert all(f"AS `{name}`" in written for name in COUNTED_NAMES)


_moments = st.datetimes(
    min_value=Month(2023, 12).start.replace(tzinfo=None),
    max_value=Month(2024, 6).start.replace(tzinfo=None),
).map(lambda moment: moment.isoformat(timespec="seconds"))
_times = st.one_of(_moments, _moments.map(lambda text: text[:10]))


@st.composite
def _dossiers(draw: st.DrawFn) -> Row:
    """An accepted dossier as of the end of March, its moments in an order that rules allow."""
    received = draw(_times.filter(lambda text: text < "2024-04-01"))
    after = _times.filter(lambda text: text[:10] > received[:10])
    said: Row = {
        "received_at": received,
        "due_at": draw(st.none() | after),
        "unit_code": draw(st.sampled_from(["H24.M01", "H24.M02"])),
        "field_code": draw(st.sampled_from(["MAU-LV01", "MAU-LV02"])),
        "channel": draw(st.sampled_from([None, 1, 2, 3])),
        "rating": draw(st.none() | st.integers(1, 5)),
        "circulation": draw(st.none() | st.integers(0, 1)),
        "fee": draw(st.none() | st.integers(0, 2).map(float)),
        "online_payment": draw(st.none() | st.integers(0, 2)),
    }
    if draw(st.booleans()):
        finish = draw(after.filter(lambda text: text[:10] >= "2024-03-01"))
        return finished(finish, status=draw(st.sampled_from([7, 8, 9, 10])), **said)
    return dossier(status=draw(st.sampled_from([1, 2, 3, 4, 5, 6])), **said)


@settings(max_examples=25, deadline=None)
@given(st.lists(_dossiers(), max_size=15))
def test_flows_balance_and_parts_add_up_for_every_unit_and_field(rows: list[Row]) -> None:
    table = counts(rows)
    for row in table.to_pylist():
        still_open = row["open_in_time"] + row["open_overdue"]
        assert row["carried_over"] + row["received"] == row["finished"] + still_open
        assert row["finished"] == sum(
            row[name] for name in ("early", "on_time", "late", "no_deadline", "withdrawn")
        )
        channels = ("received_direct", "received_online", "received_postal")
        assert row["received"] == sum(row[name] for name in channels)
    accepted = ("not_received", "carried_over", "received")
    assert sum(sum(table[name].to_pylist()) for name in accepted) == len(rows)


@settings(max_examples=15, deadline=None)
@given(st.lists(_dossiers(), max_size=15))
def test_what_march_leaves_open_is_what_april_carries_over(rows: list[Row]) -> None:
    taken_in = [row for row in rows if row["status"] not in (1, 3)]
    end = Month(2024, 4).start.replace(tzinfo=None)
    left = [row for row in taken_in if row["finished_at"] is None or row["finished_at"] >= end]
    march, april = counted(*taken_in), counted(*left, month=Month(2024, 4))
    assert april["carried_over"] == march["open_in_time"] + march["open_overdue"]
