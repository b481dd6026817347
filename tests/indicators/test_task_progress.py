"""A task's state in a month, joined from what its leads report, and target II.3 on top of it."""

from datetime import date, datetime

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.checks import blocking_lines, check_table
from cchc_pipeline.core.period import TIMEZONE, Basis, Month
from cchc_pipeline.indicators.task_progress import (
    TaskState,
    task_rows,
    task_states,
    tracker_values,
)
from cchc_pipeline.plan import Publication, PublicationLog
from cchc_pipeline.registers.units import UnitRegister
from cchc_pipeline.sources.agency_forms.items import UnitReport
from cchc_pipeline.storage.lake import table_from_rows
from tests.builders.agency_form import EVERYONE, register, unit

JUSTICE = unit("H24.M06", "Sở Tư pháp", "agency")
AGENCY, OTHER = "H24.M01", "H24.M04"
TWO = register(unit(AGENCY, "Sở Mẫu 1", "agency"), unit(OTHER, "Sở Mẫu 4", "agency"))
NO_LOG = PublicationLog()


def _said(month: int, status: str, code: str = JUSTICE.code, item: str = "13") -> UnitReport:
    day = date(2024, month, 10) if status == "DONE" else None
    return UnitReport(Month(2024, month), code, item, status=status, completed_on=day)


def _task(
    month: int, *reports: UnitReport, item: str = "13", units: UnitRegister | None = None
) -> TaskState:
    known = units or register(JUSTICE)
    return task_states(Month(2024, month), reports, known, "H24", NO_LOG)[item]


def test_a_task_that_nobody_reported_says_so_however_late() -> None:
    assert _task(12).status == "NOT_REPORTED"
    assert _task(12).silent == ("Sở Tư pháp",)


def test_the_latest_report_of_the_year_counts_and_later_months_do_not() -> None:
    reports = (_said(1, "NOT_STARTED"), _said(2, "IN_PROGRESS"), _said(3, "DONE"))
    assert [_task(m, *reports).status for m in (1, 2, 3)] == ["NOT_STARTED", "IN_PROGRESS", "DONE"]


def test_done_stays_done_until_the_lead_says_otherwise() -> None:
    assert _task(6, _said(2, "DONE")).status == "DONE"
    assert _task(2, _said(1, "DONE"), _said(2, "IN_PROGRESS")).status == "IN_PROGRESS"


def test_a_report_of_another_year_does_not_count() -> None:
    earlier = UnitReport(Month(2023, 12), JUSTICE.code, "13", status="IN_PROGRESS")
    assert _task(1, earlier).status == "NOT_REPORTED"


def test_what_is_reported_unfinished_is_overdue_once_its_time_is_over() -> None:
    # Task 13 is due in the first quarter.
    assert _task(2, _said(2, "IN_PROGRESS")).status == "IN_PROGRESS"
    assert _task(3, _said(3, "IN_PROGRESS")).status == "OVERDUE"
    assert _task(5, _said(1, "NOT_STARTED")).status == "OVERDUE"
    assert _task(5, _said(4, "DONE")).status == "DONE"


def test_a_task_without_a_day_is_never_overdue_by_itself() -> None:
    health = unit("H24.M07", "Sở Y tế", "agency")
    told = _said(1, "IN_PROGRESS", health.code, "5")
    assert _task(12, told, item="5", units=register(health)).status == "IN_PROGRESS"


def test_nobody_is_late_by_a_time_that_is_a_slip() -> None:
    science = unit("H24.M08", "Sở Khoa học và Công nghệ", "agency")
    told = _said(3, "IN_PROGRESS", science.code, "57")  # "Cả năm 2021"
    assert _task(3, told, item="57", units=register(science)).status == "IN_PROGRESS"


def test_several_leads_are_done_when_all_of_them_are() -> None:
    first, second = _said(3, "DONE", AGENCY, "32"), _said(3, "DONE", OTHER, "32")
    assert _task(3, first, second, item="32", units=TWO).status == "DONE"
    half = _task(3, first, item="32", units=TWO)
    assert (half.status, half.silent) == ("IN_PROGRESS", ("Sở Mẫu 4",))
    assert half.note == "Hoàn thành: 1 trong 2 đơn vị chủ trì; chưa báo cáo: 1."


def test_a_silent_lead_alone_makes_nothing_overdue() -> None:
    assert _task(12, _said(3, "DONE", AGENCY, "32"), item="32", units=TWO).status == "IN_PROGRESS"


def test_leads_to_whom_a_task_does_not_apply_do_not_hold_it_up() -> None:
    done, without = _said(3, "DONE", AGENCY, "32"), _said(3, "NOT_APPLICABLE", OTHER, "32")
    assert _task(3, done, without, item="32", units=TWO).status == "DONE"
    alone = _said(3, "NOT_APPLICABLE", AGENCY, "32")
    assert _task(3, alone, without, item="32", units=TWO).status == "NOT_APPLICABLE"
    assert _task(3, alone, item="32", units=TWO).status == "NOT_REPORTED"


def test_one_lead_not_started_and_one_done_is_under_way_and_overdue_stays_overdue() -> None:
    done, waiting = _said(3, "DONE", AGENCY, "32"), _said(3, "NOT_STARTED", OTHER, "32")
    assert _task(3, done, waiting, item="32", units=TWO).status == "IN_PROGRESS"
    late = _said(3, "OVERDUE", OTHER, "32")
    assert _task(3, done, late, item="32", units=TWO).status == "OVERDUE"


def test_task_31_follows_from_the_publication_log() -> None:
    log = PublicationLog(
        tuple(
            Publication(Month(2024, m), place, datetime(2024, 2, 5, tzinfo=TIMEZONE))
            for m in (1,)
            for place in ("one_stop", "city_portal")
        )
    )
    states = task_states(Month(2024, 1), [], EVERYONE, "H24", log)
    assert states["31"].status == "IN_PROGRESS"
    assert tracker_values(Month(2024, 1), "H24", states) == {}  # the log is no report


def test_task_32_is_under_way_by_the_catalogues_until_a_lead_reports() -> None:
    months = frozenset({Month(2024, 1), Month(2024, 3)})

    def said(*reports: UnitReport) -> TaskState:
        return task_states(Month(2024, 3), reports, TWO, "H24", NO_LOG, months)["32"]

    told = "Đã có danh mục thủ tục để thống kê của 2 trong 3 tháng trong năm."
    assert (said().status, said().note, said().reported) == ("IN_PROGRESS", told, False)
    by_leads = said(_said(3, "NOT_STARTED", AGENCY, "32"), _said(3, "NOT_STARTED", OTHER, "32"))
    assert (by_leads.status, str(by_leads.note).endswith(told)) == ("NOT_STARTED", True)
    assert _task(3, item="32").status == "NOT_REPORTED"
    assert tracker_values(Month(2024, 3), "H24", {"32": said()}) == {}


def test_the_share_of_tasks_done_in_time_leaves_out_those_that_do_not_apply() -> None:
    reports = [
        _said(3, "DONE", item="13"),
        _said(4, "DONE", item="15"),  # due in January
        _said(3, "NOT_APPLICABLE", item="11"),
    ]
    states = task_states(Month(2024, 4), reports, register(JUSTICE), "H24", NO_LOG)
    values = tracker_values(Month(2024, 4), "H24", states)
    measured = values["H24", "II.3", Basis.YTD]
    assert (measured.numerator, measured.denominator, measured.status) == (1, 62, "P")
    assert measured.owed_by is not None and "đơn vị khác" not in measured.owed_by
    assert values["H24", "II.3", Basis.MONTH].status == "L"


def test_the_63_rows_keep_to_their_contract_with_states_and_notes() -> None:
    reports = [_said(3, "DONE", AGENCY, "32")]
    states = task_states(Month(2024, 3), reports, TWO, "H24", NO_LOG)
    rows = task_rows(Month(2024, 3), states)
    contract = load_contract("plan_tasks")
    assert blocking_lines(check_table(table_from_rows(contract, rows), contract)) == []
    by_id = {row["task_id"]: row for row in rows}
    assert len(by_id) == 63
    assert by_id["7a"]["title"].startswith("Kiểm tra cải cách hành chính: ")
    assert "2021" in by_id["57"]["note"]
    assert by_id["32"]["note"].endswith("chưa báo cáo: 1.")
    assert not by_id["25"]["product"].startswith("-")


def test_a_year_without_a_plan_has_no_states_and_no_rows() -> None:
    states = task_states(Month(2026, 9), [], EVERYONE, "H24", NO_LOG)
    assert (states, task_rows(Month(2026, 9), states)) == ({}, [])
    assert tracker_values(Month(2026, 9), "H24", states) == {}
