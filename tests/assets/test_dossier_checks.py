"""Nothing of an export is lost between its files, what is kept of them, and what is counted.

Each check finds the fault that is planted in tables that were right. All dossiers are invented.
"""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from assets.month_checks import unaccounted_rows, uncounted_rows
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.checks import blocking_lines, check_table
from cchc_pipeline.indicators.dossier_statistics import statistics_table
from cchc_pipeline.storage.lake import table_from_rows
from tests.indicators.sample_dossiers import FILE, MARCH, Row, counts, dossier, not_taken_in

UNITS = ("H24.M01", "H24.M02")
Rows = list[dict[str, Any]]


def _account(unit: str, accepted: int, quarantined: int, waiting: int = 0) -> dict[str, Any]:
    return {
        "period": "2024-03", "file": FILE, "unit": unit, "provenance": "sample",
        "rows": accepted + quarantined + 1, "accepted": accepted, "quarantined": quarantined,
        "duplicates": 1, "not_received": waiting, "given": None,
    }  # fmt: skip


def _refused(row: int, unit: str | None, rule: str) -> dict[str, Any]:
    return {
        "period": "2024-03", "file": FILE, "row": row, "unit_code": unit, "field": None,
        "rule": rule, "message_vi": "Lỗi mẫu.", "expected_vi": "Mẫu",
    }  # fmt: skip


def _accounts() -> Rows:
    return [
        _account("H24.M01", 2, 1, 1), _account("H24.M02", 1, 0), _account("UNKNOWN", 1, 1, 1),
    ]  # fmt: skip


def _accepted() -> list[Row]:
    rows = [dossier(), not_taken_in(), dossier(unit_code="H24.M02"), not_taken_in(unit_code=None)]
    return [row | {"row": number} for number, row in enumerate(rows, start=2)]


def _quarantine() -> Rows:
    return [
        _refused(10, "H24.M01", "RECEIVED_MISSING"),
        _refused(10, "H24.M01", "RATING_OUT_OF_RANGE"),
        _refused(11, None, "UNIT_UNKNOWN"),
    ]


def _judged(accounts: Rows, accepted: Rows, refused: Rows) -> list[str]:
    tables = {"dossier_accounts": accounts, "dossiers": accepted, "dossier_quarantine": refused}
    made = (table_from_rows(load_contract(name), rows) for name, rows in tables.items())
    return unaccounted_rows(*made)


def test_an_export_of_which_nothing_is_lost_has_nothing_to_tell() -> None:
    assert _judged(_accounts(), _accepted(), _quarantine()) == []
    assert _judged([], [], []) == []


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (lambda a, k, q: k.pop(2), f"{FILE}, H24.M02: accepted by its account 1, kept 0"),
        (lambda a, k, q: q.pop(2), f"{FILE}, UNKNOWN: quarantined by its account 1, kept 0"),
        (lambda a, k, q: q.append(_refused(12, "H24.M02", "CODE_MISSING")),
         f"{FILE}, H24.M02: quarantined by its account 0, kept 1"),
        (lambda a, k, q: k[1].update(status=4),
         f"{FILE}, H24.M01: not_received by its account 1, kept 0"),
        (lambda a, k, q: k[0].update(unit_code="H24.M02"),
         f"{FILE}, H24.M01: accepted by its account 2, kept 1"),
        (lambda a, k, q: k[0].update(file="ho-so-khac.csv"),
         "ho-so-khac.csv, H24.M01: accepted by its account 0, kept 1"),
        (lambda a, k, q: a.pop(1), f"{FILE}, H24.M02: accepted by its account 0, kept 1"),
        (lambda a, k, q: q[2].update(row=2), "1 rows are accepted and quarantined"),
    ],
)  # fmt: skip
def test_a_row_that_is_lost_made_up_or_kept_twice_is_told(
    plant: Callable[[Rows, Rows, Rows], Any], told: str
) -> None:
    accounts, accepted, refused = _accounts(), _accepted(), _quarantine()
    plant(accounts, accepted, refused)
    assert told in _judged(accounts, accepted, refused)


def test_a_refused_row_that_is_called_a_duplicate_is_told() -> None:
    accounts = _accounts()
    accounts[0] |= {"quarantined": 0, "duplicates": 2}
    assert _judged(accounts, _accepted(), _quarantine()) == [
        f"{FILE}, H24.M01: quarantined by its account 0, kept 1"
    ]


def test_an_account_whose_parts_are_not_its_rows_breaks_its_contract() -> None:
    contract = load_contract("dossier_accounts")
    for lost in ({"rows": 9}, {"duplicates": 0}, {"not_received": 3}):
        table = table_from_rows(contract, [_account("H24.M01", 2, 1) | lost])
        assert blocking_lines(check_table(table, contract))


def _statistics(*rows: Row) -> pa.Table:
    return statistics_table(MARCH, "H24", UNITS, counts(rows))


def test_accepted_rows_are_not_received_carried_over_or_received() -> None:
    accounts = table_from_rows(load_contract("dossier_accounts"), _accounts())
    rows = _accepted()
    assert uncounted_rows(_statistics(*rows), accounts, "H24") == []
    lost = [
        "H24: 4 rows accepted, 3 counted",
        "H24.M02: 1 rows accepted, 0 counted",
    ]
    assert uncounted_rows(_statistics(*rows[:2], rows[3]), accounts, "H24") == lost
    ahead = rows[2] | {"received_at": MARCH.next().start.replace(tzinfo=None)}
    assert uncounted_rows(_statistics(*rows[:2], ahead, rows[3]), accounts, "H24") == lost


def test_a_month_without_an_export_has_nothing_to_count() -> None:
    accounts = table_from_rows(load_contract("dossier_accounts"), [])
    missing = statistics_table(MARCH, "H24", UNITS, None)
    assert uncounted_rows(missing, accounts, "H24") == []
