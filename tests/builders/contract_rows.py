"""Good rows and breaches of the tables that come of dossiers, forms, catalogue and petitions.

Belongs here: for each declared rule, what breaks it in an otherwise good row. Does not: assertions
(``test_contracts``). All of it is DỮ LIỆU MẪU.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.indicators.test_dossier_statistics import BREACHES as OF_STATISTICS

_DOSSIER: dict[str, Any] = {
    "period": "2024-03", "file": "ho-so.csv", "row": 2, "unit_code": "H24.M01",
    "procedure_code": "9.900001", "field_code": "LV1", "status": 10,
    "submitted_at": datetime(2024, 3, 5, 8), "received_at": datetime(2024, 3, 5, 9),
    "received_timed": True, "due_at": datetime(2024, 3, 12, 17), "due_timed": True,
    "finished_at": datetime(2024, 3, 11, 9), "finished_timed": True,
}  # fmt: skip
_ACCOUNT: dict[str, Any] = {
    "period": "2024-03", "file": "ho-so.csv", "unit": "H24.M01", "provenance": "sample",
    "rows": 4, "accepted": 2, "quarantined": 1, "duplicates": 1, "not_received": 1,
}  # fmt: skip
_PETITIONS: dict[str, Any] = {
    "period": "2024-03", "unit_code": "H24", "carried_over": 1, "received": 4, "answered": 3,
    "on_time": 1, "late": 1, "no_deadline": 1, "open_in_time": 1, "open_overdue": 1, "rated": 2,
    "satisfied": 1, "obs_status": "A",
}  # fmt: skip
_REPORT: dict[str, Any] = {
    "period": "2024-03", "unit_code": "H24.M01", "item_id": "45", "numerator": 1.0,
    "denominator": 2.0, "value": 50.0, "status": "DONE", "completed_on": "2024-03-05",
}  # fmt: skip
_NOTHING = ("numerator", "denominator", "value", "status", "completed_on")

GOOD_ROWS: Mapping[str, dict[str, Any]] = {
    "dossiers": _DOSSIER,
    "dossier_accounts": _ACCOUNT,
    "dossier_continuity": {
        "period": "2024-03", "unit_code": "H24", "previous_open": 3, "carried_over": 3,
        "difference": 0,
    },
    "year_to_date": {
        "period": "2024-03", "kind": "sum", "unit_code": "H24", "item_id": "II.5",
        "procedure_code": "", "numerator": 1, "denominator": 2, "months": 3,
    },
    "input_submissions": {
        "period": "2024-03", "unit_code": "H24", "table": "petitions", "rows": 3, "accepted": 1,
        "quarantined": 1, "duplicates": 1, "status": "received", "provenance": "sample",
    },
    "agency_reports": _REPORT,
    "procedures": {
        "procedure_code": "9.900001", "name_vi": "Mẫu", "field_code": "UNKNOWN",
        "in_force": True, "first_period": "2024-02", "last_period": "2024-03",
    },
    "petition_statistics": _PETITIONS,
    "quarantine_summary": {
        "period": "2024-03", "unit_code": "H24", "table": "dossiers", "rule": "FEE_NEGATIVE",
        "quarantined": 2,
    },
    "revisions": {
        "release": "2024-03.r2", "published_at": "2024-05-10T01:00:00Z", "table": "scores",
        "key": "period=2024-03", "column": "score", "old_value": "1.00", "new_value": "2.00",
        "reason_code": "SRC",
    },
    "corrections": {
        "period": "2026-09", "basis": "month", "unit_code": "H24", "metric_code": "TDGQ",
        "column": "score", "action": "replace", "source_value": 81.25, "corrected_value": 18.25,
        "reason_code": "SRC", "reason_vi": "Mẫu", "reason_en": "Sample", "reported_by": "Mẫu",
        "reported_on": "2026-10-20",
    },
}  # fmt: skip

BREACHES: Mapping[str, tuple[dict[str, Any], ...]] = {
    "dossiers.due_before_received": (
        {"due_at": datetime(2024, 3, 5, 8)},
        {"due_at": datetime(2024, 3, 4, 23, 59, 59), "due_timed": False},
    ),
    "dossiers.finished_without_date": ({"finished_at": None},),
    "dossiers.open_with_date": ({"status": 4},),
    "dossiers.finished_before_received": ({"finished_at": datetime(2024, 3, 5, 8)},),
    "dossiers.received_after_period": ({"received_at": datetime(2024, 4, 1)},),
    "dossiers.finished_before_period": ({"finished_at": datetime(2024, 2, 29, 23)},),
    "dossiers.submitted_after_received": ({"submitted_at": datetime(2024, 3, 6)},),
    "dossier_accounts.rows_are_accounted_for": ({"rows": 5}, {"not_received": 3}),
    "dossier_continuity.difference_is_exact": ({"difference": 1},),
    "dossier_continuity.nothing_lost_between_months": ({"carried_over": 2, "difference": -1},),
    "year_to_date.sums_count_their_months": ({"months": None}, {"kind": "report"}),
    "year_to_date.states_have_their_month": ({"kind": "catalogue"}, {"stated_in": "2024-02"}),
    "year_to_date.part_within_whole": ({"numerator": 3},),
    "year_to_date.procedures_are_named": ({"procedure_code": "1.000001"},),
    "input_submissions.rows_are_accounted_for": ({"accepted": 2},),
    "agency_reports.reports_something": (dict.fromkeys(_NOTHING),),
    "agency_reports.done_has_day": ({"completed_on": None}, {"status": None}),
    "agency_reports.part_within_whole": ({"numerator": 3.0},),
    "procedures.periods_in_order": ({"first_period": "2024-04"},),
    "revisions.values_differ": ({"new_value": "1.00"}, dict.fromkeys(("old_value", "new_value"))),
    "corrections.withheld_has_no_value": ({"corrected_value": None}, {"action": "withhold"}),
    "petition_statistics.value_and_status": ({"obs_status": "O"}, {"received": None}),
    "petition_statistics.all_are_answered_or_open": ({"received": 5},),
    "petition_statistics.answered_by_time": ({"late": 2},),
    "petition_statistics.parts_within_whole": ({"rated": 4}, {"satisfied": 3}),
}
SHOWN_ELSEWHERE = frozenset(f"dossier_statistics.{rule}" for rule in OF_STATISTICS)
"""Rules that another test module shows to fail (``indicators.test_dossier_statistics``)."""
