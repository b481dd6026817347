"""Two catalogues compared: what is new, changed in what, or gone; and what cannot be said."""

from collections.abc import Mapping
from typing import Any

import pytest

from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.procedure_changes import (
    CITY,
    NATIONAL,
    Catalogue,
    catalogue_of,
    change_rows,
)

SEPTEMBER, OCTOBER, DECEMBER = Month(2026, 9), Month(2026, 10), Month(2026, 12)
OF_CITY, OF_MINISTRY = "0" * 8, "1" * 8
UNITS = {OF_CITY: "H24.01"}
Rows = dict[str, dict[str, Any]]


def national(number: int, **other: Any) -> dict[str, Any]:
    return {
        "period": "2026-09", "formality_id": f"id-{number:04d}",
        "procedure_code": f"1.{number:06d}", "name_vi": f"Thủ tục {number}", "state": "ACTIVE",
        "department_id": OF_CITY if number % 2 else OF_MINISTRY,
        "publishing_departments": OF_MINISTRY, "applied_departments": None,
    } | other  # fmt: skip


def catalogue(count: int = 5741) -> Rows:
    rows = [national(number) for number in range(1, count + 1)]
    return {row["formality_id"]: row for row in rows}


def compared(before: Rows, after: Rows, *lacking: str) -> list[dict[str, Any]]:
    return change_rows(
        NATIONAL,
        [
            Catalogue(OCTOBER, after, "after" not in lacking),
            Catalogue(SEPTEMBER, before, "before" not in lacking),
        ],
        UNITS,
    )


PLANTED: Mapping[int, Mapping[str, Any]] = {
    **{number: {"name_vi": f"Thủ tục {number} (sửa)"} for number in range(100, 106)},
    **{number: {"state": "INACTIVE"} for number in range(200, 204)},
    **{number: {"department_id": OF_MINISTRY} for number in (301, 303)},
    401: {"procedure_code": "2.000401"},
    402: {"applied_departments": OF_CITY},
    403: {"publishing_departments": None},
    500: {"name_vi": "Thủ tục 500 (sửa)", "state": "INACTIVE"},
    502: {"state": None},
}
"""What is changed of a procedure, by its number: 17 procedures, 18 cells."""


def test_thirty_planted_changes_in_5741_procedures_are_found_and_nothing_else() -> None:
    before, after = catalogue(), catalogue()
    gone, came = range(1000, 1006), range(6001, 6008)
    for number, changes in PLANTED.items():
        after[f"id-{number:04d}"] |= changes
    for number in gone:
        del after[f"id-{number:04d}"]
    after |= {f"id-{number:04d}": national(number) for number in came}
    found = compared(before, after)
    assert len({row["procedure_key"] for row in found}) == len(PLANTED) + 6 + 7 == 30
    told = {(row["procedure_key"], row["change"], row["column"]) for row in found}
    assert told == {
        *((f"id-{n:04d}", "changed", column) for n, made in PLANTED.items() for column in made),
        *((f"id-{n:04d}", "gone", "*") for n in gone),
        *((f"id-{n:04d}", "new", "*") for n in came),
    }
    assert len(found) == len(told)


def test_a_change_says_before_and_now_whose_it_is_and_what_it_is_compared_with() -> None:
    before, after = catalogue(3), catalogue(3)
    after["id-0003"] |= {"name_vi": "Tên mới"}
    assert compared(before, after) == [
        {
            "period": "2026-10", "catalogue": NATIONAL, "compared_with": "2026-09",
            "procedure_key": "id-0003", "column": "name_vi", "change": "changed",
            "procedure_code": "1.000003", "name_vi": "Tên mới", "field_code": "UNKNOWN",
            "unit_code": "H24.01", "old_value": "Thủ tục 3", "new_value": "Tên mới",
        }
    ]  # fmt: skip


def test_a_month_of_another_name_alone_is_no_change() -> None:
    after = {key: row | {"period": "2026-10"} for key, row in catalogue(5).items()}
    assert not compared(catalogue(5), after)


@pytest.mark.parametrize(
    ("lacking", "told"),
    [("neither", {"new", "gone", "changed"}), ("after", {"new", "changed"}),
     ("before", {"gone", "changed"})],
)  # fmt: skip
def test_where_rows_were_set_aside_what_lacks_may_have_been_there(
    lacking: str, told: set[str]
) -> None:
    before, after = catalogue(4), catalogue(4)
    del before["id-0001"], after["id-0002"]
    after["id-0003"] |= {"state": "INACTIVE"}
    assert {row["change"] for row in compared(before, after, lacking)} == told


def test_a_month_without_a_catalogue_is_bridged() -> None:
    found = change_rows(
        NATIONAL, [Catalogue(SEPTEMBER, catalogue(2)), Catalogue(DECEMBER, catalogue(3))], {}
    )
    assert [(row["period"], row["compared_with"]) for row in found] == [("2026-12", "2026-09")]


def test_the_citys_catalogue_is_compared_by_code_with_field_and_flags() -> None:
    row = {"period": "2024-03", "procedure_code": "1.000001", "name_vi": "Một", "field_code": "LV1",
           "in_force": True, "eligible": None}  # fmt: skip
    before = {"1.000001": row}
    after = {"1.000001": row | {"in_force": False, "eligible": True}}
    found = change_rows(CITY, [Catalogue(SEPTEMBER, before), Catalogue(OCTOBER, after)], {})
    assert [(r["column"], r["old_value"], r["new_value"], r["field_code"]) for r in found] == [
        ("in_force", "true", "false", "LV1"), ("eligible", None, "true", "LV1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "quarantined", "whole"),
    [("received", 0, True), ("received", 1, False), ("partial", 0, False)],
)
def test_a_catalogue_is_whole_if_nothing_of_it_was_set_aside(
    status: str, quarantined: int, whole: bool
) -> None:
    told = [{"table": NATIONAL, "status": status, "quarantined": quarantined}]
    found = catalogue_of(NATIONAL, OCTOBER, catalogue(2).values(), told)
    assert found is not None
    assert found.is_whole is whole
    assert catalogue_of(NATIONAL, OCTOBER, [], told) is None
    assert catalogue_of(CITY, OCTOBER, catalogue(2).values(), told) is None
