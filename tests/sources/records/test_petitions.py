"""Petitions: what is taken, what is set aside, and what is counted."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.checks import blocking_lines, check_table
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.records import petition_rows
from cchc_pipeline.registers.units import Succession
from cchc_pipeline.sources.records.petitions import Petition, judge_petitions, petitions_from_rows
from cchc_pipeline.sources.records.rows import Judged, RecordRow
from cchc_pipeline.storage.lake import table_from_rows
from tests.builders.agency_form import EVERYONE, SAMPLE, register, unit

MARCH = Month(2024, 3)
GOOD = {"DonViXuLy": "H24.M04", "NgayTiepNhan": "05/03/2024"}


def _judge(*changes: dict[str, str | None]) -> Judged[Petition]:
    rows = [
        RecordRow("phan-anh-mau.csv", n, {"MaPhanAnh": f"MAU-{n}"} | GOOD | change)
        for n, change in enumerate(changes, start=2)
    ]
    return judge_petitions(rows, MARCH, EVERYONE, "H24")


def _city(*changes: dict[str, str | None]) -> dict[str, int]:
    judged = _judge(*changes)
    assert judged.quarantined == ()
    row = petition_rows(judged.accepted, MARCH, EVERYONE, "H24")[0]
    return {key: value for key, value in row.items() if isinstance(value, int) and value}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"MaPhanAnh": None}, "CODE_MISSING"),
        ({"MaPhanAnh": "#REF!"}, "CELL_ERROR"),
        ({"DuLieuMau": "#N/A"}, "CELL_ERROR"),
        ({"DonViXuLy": "Sở Không Có"}, "UNIT_UNKNOWN"),
        ({"DonViXuLy": None}, "UNIT_UNKNOWN"),
        ({"NgayTiepNhan": None}, "RECEIVED_MISSING"),
        ({"NgayTiepNhan": "30/02/2024"}, "DATE_UNREADABLE"),
        ({"HanXuLy": "sớm"}, "DATE_UNREADABLE"),
        ({"MucDoHaiLong": "7"}, "RATING_UNREADABLE"),
        ({"MucDoHaiLong": "4,5"}, "RATING_UNREADABLE"),
        ({"HanXuLy": "04/03/2024"}, "DUE_BEFORE_RECEIVED"),
        ({"NgayTraLoi": "04/03/2024"}, "ANSWERED_BEFORE_RECEIVED"),
        ({"NgayTiepNhan": "01/04/2024"}, "RECEIVED_AFTER_PERIOD"),
        ({"NgayTiepNhan": "01/02/2024", "NgayTraLoi": "29/02/2024"}, "ANSWERED_BEFORE_PERIOD"),
    ],
)
def test_each_broken_rule_sets_the_row_aside(change: dict[str, str | None], rule: str) -> None:
    judged = _judge(change, {})
    assert [entry.rule for entry in judged.quarantined] == [rule]
    assert judged.rows == len(judged.accepted) + judged.quarantined_rows == 2


def test_lines_that_cannot_be_read_are_each_set_aside_with_their_own_words() -> None:
    rows = [RecordRow("phan-anh.csv", n, {}, "dòng có 2 ô, dòng tiêu đề có 7 ô") for n in (2, 3)]
    judged = judge_petitions(rows, MARCH, EVERYONE, "H24")
    assert (judged.rows, judged.quarantined_rows, judged.duplicates) == (2, 2, 0)
    assert {entry.message_vi for entry in judged.quarantined} == {
        "Dòng không đọc được: dòng có 2 ô, dòng tiêu đề có 7 ô."
    }


def test_a_petition_of_a_unit_that_ended_is_its_one_successor_s() -> None:
    gone = unit("H24.M90", "Quận Cũ Mẫu", "district", date(2024, 1, 31))
    units = register(SAMPLE, gone)
    rows = [RecordRow("f.csv", 2, {"MaPhanAnh": "MAU"} | GOOD | {"DonViXuLy": "Quận Cũ Mẫu"})]
    [refused] = judge_petitions(rows, MARCH, units, "H24").quarantined
    assert refused.rule == "UNIT_NOT_VALID"
    assert "Quận Cũ Mẫu kết thúc ngày 31/1/2024" in refused.message_vi
    one = Succession("H24.M90", "", "H24.M04", "", date(2024, 2, 1), "merged", "DỮ LIỆU MẪU")
    moved = judge_petitions(rows, MARCH, replace(units, successions=(one,)), "H24")
    assert [petition.unit_code for petition in moved.accepted] == ["H24.M04"]


def test_a_name_that_two_units_share_is_nobody_s() -> None:
    units = register(
        SAMPLE, unit("H24.M70", "Xã Trùng", "commune"), unit("H24.M71", "Xã trùng", "commune")
    )
    rows = [RecordRow("f.csv", 2, {"MaPhanAnh": "MAU"} | GOOD | {"DonViXuLy": "Xã Trùng"})]
    [refused] = judge_petitions(rows, MARCH, units, "H24").quarantined
    assert refused.rule == "UNIT_UNKNOWN"


def test_equal_rows_collapse_and_differing_ones_of_a_code_are_all_set_aside() -> None:
    same = {"MaPhanAnh": "MAU"}
    assert _judge(same, same).duplicates == 1
    differing = _judge(same, same | {"NgayTraLoi": "06/03/2024"})
    assert differing.accepted == () and differing.quarantined_rows == 2


def test_an_answer_on_the_due_day_is_on_time_and_one_after_it_late() -> None:
    due = {"HanXuLy": "10/03/2024"}
    assert "on_time" in _city(due | {"NgayTraLoi": "10/03/2024 16:00"})
    assert "on_time" in _city(due | {"NgayTraLoi": "10/03/2024"})
    assert "late" in _city(due | {"NgayTraLoi": "11/03/2024"})
    assert "late" in _city({"HanXuLy": "10/03/2024 09:00", "NgayTraLoi": "10/03/2024 09:01"})


def test_an_answer_without_a_due_date_is_neither() -> None:
    assert _city({"NgayTraLoi": "06/03/2024"}) == {"received": 1, "answered": 1, "no_deadline": 1}


def test_what_is_not_answered_at_the_month_s_end_is_open() -> None:
    assert _city({"HanXuLy": "31/03/2024"}) == {"received": 1, "open_overdue": 1}
    assert _city({"HanXuLy": "01/04/2024"}) == {"received": 1, "open_in_time": 1}
    assert _city({"NgayTraLoi": "02/04/2024"}) == {"received": 1, "open_in_time": 1}
    assert _city({"NgayTiepNhan": "20/02/2024"}) == {"carried_over": 1, "open_in_time": 1}


def test_ratings_count_with_the_answer() -> None:
    answered = {"NgayTraLoi": "06/03/2024"}
    counts = _city(*(answered | {"MucDoHaiLong": text} for text in ("3", "4", "5")), answered)
    assert (counts["rated"], counts["satisfied"], counts["answered"]) == (3, 2, 4)
    assert "rated" not in _city({"MucDoHaiLong": "5"})


def test_a_unit_without_petitions_has_zeros_and_a_month_without_an_export_is_missing() -> None:
    rows = {r["unit_code"]: r for r in petition_rows(_judge({}).accepted, MARCH, EVERYONE, "H24")}
    assert (rows["H24.M04"]["received"], rows["H24.M01"]["received"]) == (1, 0)
    missing = petition_rows(None, MARCH, EVERYONE, "H24")
    assert {row["obs_status"] for row in missing} == {"O"} and len(missing) == 7
    assert {row["received"] for row in missing} == {None}
    contract = load_contract("petition_statistics")
    assert blocking_lines(check_table(table_from_rows(contract, missing), contract)) == []


def test_petitions_are_kept_without_code_or_any_uncontracted_text() -> None:
    judged = _judge({"MaPhanAnh": "TOKEN7", "NoiDung": "TOKEN8"})
    table = table_from_rows(
        load_contract("petitions"), [petition.as_row(MARCH) for petition in judged.accepted]
    )
    assert "TOKEN" not in str(table.to_pylist())
    again = petitions_from_rows(table.to_pylist())
    assert petition_rows(again, MARCH, EVERYONE, "H24") == petition_rows(
        judged.accepted, MARCH, EVERYONE, "H24"
    )


_DAY = st.dates(Month(2024, 1).first_day, Month(2024, 5).last_day).map(lambda d: f"{d:%d/%m/%Y}")
_ROW = st.fixed_dictionaries(
    {
        "DonViXuLy": st.sampled_from(["H24", "H24.M01", "H24.M04", "Sở Tài chính", "?"]),
        "NgayTiepNhan": _DAY,
        "HanXuLy": st.none() | _DAY,
        "NgayTraLoi": st.none() | _DAY,
        "MucDoHaiLong": st.none() | st.sampled_from("12345"),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_ROW, max_size=30))
def test_rows_are_accounted_for_and_every_identity_holds(rows: list[dict[str, str | None]]) -> None:
    judged = _judge(*rows)
    assert judged.rows == len(judged.accepted) + judged.quarantined_rows + judged.duplicates
    for row in petition_rows(judged.accepted, MARCH, EVERYONE, "H24"):
        came = row["carried_over"] + row["received"]
        assert came == row["answered"] + row["open_in_time"] + row["open_overdue"]
        assert row["answered"] == row["on_time"] + row["late"] + row["no_deadline"]
        assert row["satisfied"] <= row["rated"] <= row["answered"]


def test_beside_an_unread_file_what_is_counted_is_provisional_and_no_unit_has_none() -> None:
    judged = _judge({})
    rows = petition_rows(judged.accepted, MARCH, EVERYONE, "H24", is_whole=False)
    told = {row["unit_code"]: (row["obs_status"], row["received"]) for row in rows}
    assert told["H24"] == ("P", 1)
    assert {state for state, count in told.values() if count is None} == {"O"}
    assert 0 not in {count for _, count in told.values()}
