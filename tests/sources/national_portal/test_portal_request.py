"""Which requests make a snapshot, and when the portal is not asked."""

from datetime import datetime

import pytest

from cchc_pipeline.core.period import TIMEZONE, Basis, Month
from cchc_pipeline.sources.national_portal.request import (
    Ask,
    SnapshotRequests,
    load_national_portal,
    refusals,
    snapshot_requests,
)

ROOT_ID = "019d2be3-6a85-74ec-a349-88e0abf6a032"
FIFTH_OF_OCTOBER = datetime(2026, 10, 5, 4, 30, tzinfo=TIMEZONE)
GROUPS = {
    "transparency", "dvc-progress-tree", "provide-online-tree", "formality-online-payment-tree",
    "handling-satisfaction", "dossier-digitized",
}  # fmt: skip


def plans(month: Month, now: datetime = FIFTH_OF_OCTOBER) -> dict[Basis, SnapshotRequests]:
    return {plan.basis: plan for plan in snapshot_requests(month, "H24", ROOT_ID, now)}


def ask(plan: SnapshotRequests, endpoint: str) -> Ask:
    return next(item for item in plan.asks if item.endpoint.name == endpoint and item.root_code)


def test_a_snapshot_is_six_groups_the_provinces_and_the_roots_children() -> None:
    asks = plans(Month(2026, 9))[Basis.MONTH].asks
    assert {(item.endpoint.name, item.root_code) for item in asks} == {
        ("service-results", None),
        ("service-results", "H24"),
        *((name, "H24") for name in GROUPS),
    }


def test_the_six_groups_are_those_of_the_decision() -> None:
    groups = {endpoint.group for endpoint in load_national_portal().endpoints if endpoint.group}
    assert groups == {"CKMB", "TDGQ", "CLGQ", "TTTT", "MDHL", "MDSH"}


def test_a_request_names_month_root_and_page() -> None:
    assert ask(plans(Month(2026, 8))[Basis.MONTH], "dvc-progress-tree").body == {
        "timeType": "month",
        "year": 2026,
        "month": 8,
        "rootDepartmentId": ROOT_ID,
        "currentPage": 1,
        "pageSize": 100,
    }


def test_the_table_of_provinces_is_asked_without_a_root() -> None:
    asks = plans(Month(2026, 8))[Basis.MONTH].asks
    national = next(item for item in asks if item.root_code is None)
    assert "rootDepartmentId" not in national.body


def test_a_quarter_and_the_year_so_far_are_named_in_the_request() -> None:
    found = plans(Month(2026, 9))
    quarter = ask(found[Basis.QUARTER], "transparency").body
    assert (quarter["timeType"], quarter["quarter"], quarter["year"]) == ("quarter", 3, 2026)
    year = ask(found[Basis.YTD], "transparency").body
    assert year["timeType"] == "year"
    assert not {"month", "quarter"} & year.keys()


@pytest.mark.parametrize(
    ("basis", "first", "last"),
    [
        (Basis.MONTH, "2026-09-01", "2026-09-30"),
        (Basis.QUARTER, "2026-07-01", "2026-09-30"),
        (Basis.YTD, "2026-01-01", "2026-10-05"),
    ],
)
def test_satisfaction_is_asked_by_dates(basis: Basis, first: str, last: str) -> None:
    body = ask(plans(Month(2026, 9))[basis], "handling-satisfaction").body
    assert (body["fromDate"], body["toDate"]) == (first, last)
    assert "timeType" not in body


def test_the_year_so_far_of_december_ends_with_the_year() -> None:
    now = datetime(2027, 1, 5, tzinfo=TIMEZONE)
    body = ask(plans(Month(2026, 12), now)[Basis.YTD], "handling-satisfaction").body
    assert (body["fromDate"], body["toDate"]) == ("2026-01-01", "2026-12-31")


@pytest.mark.parametrize(
    ("month", "now", "bases"),
    [
        (Month(2026, 9), FIFTH_OF_OCTOBER, {"month", "quarter", "ytd"}),
        (Month(2026, 8), datetime(2026, 9, 30, 23, 59, tzinfo=TIMEZONE), {"month", "ytd"}),
        (Month(2026, 8), FIFTH_OF_OCTOBER, {"month"}),
        (Month(2026, 6), FIFTH_OF_OCTOBER, {"month", "quarter"}),
        (Month(2025, 12), FIFTH_OF_OCTOBER, set()),
    ],
)
def test_only_what_the_portal_can_still_say_is_asked(
    month: Month, now: datetime, bases: set[str]
) -> None:
    assert {str(basis) for basis in plans(month, now)} == bases
    assert {str(refusal.basis) for refusal in refusals(month, now)} == set(Basis) - bases


def test_a_refusal_says_why() -> None:
    quarter, year = refusals(Month(2026, 8), FIFTH_OF_OCTOBER)
    assert (quarter.basis, quarter.reason) == (Basis.QUARTER, "2026-08 closes no quarter")
    assert year.basis == Basis.YTD
    assert "knows the year so far only as of now; 2026-08's was known in 2026-09" in year.reason
    before = refusals(Month(2025, 12), FIFTH_OF_OCTOBER)
    assert all("the service starts with 2026-01" in refusal.reason for refusal in before)
