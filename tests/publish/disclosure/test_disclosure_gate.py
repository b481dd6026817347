"""The gate passes what the rule gives, and names each way of breaking it without a figure."""

import re
from collections.abc import Callable

import pytest

from publish.disclosure.gate import suppression_is_complete
from publish.disclosure.rule import disclose
from tests.publish.disclosure.small_city import ROOT, Row, counts, full_rows, row, table

CELLS = {
    ("U1", "A"): 2, ("U1", "B"): 4, ("U1", "C"): 39, ("U1", "D"): 51,
    ("U2", "A"): 4, ("U2", "B"): 7, ("U2", "C"): 30, ("U2", "D"): 61,
    ("U3", "A"): 31, ("U3", "C"): 70,
    ("U4", "A"): 1, ("U4", "D"): 2,
}  # fmt: skip
FULL = full_rows(CELLS)
GOOD = disclose(FULL, ROOT, 5)
Change = Callable[[list[Row]], list[Row]]


def failures(rows: list[Row], before: list[Row] | None = None) -> list[str]:
    previous = None if before is None else table(before)
    return list(suppression_is_complete(table(rows), table(FULL), previous, ROOT, 5))


def is_at(one: Row, unit: str, field: str) -> bool:
    return (one["unit_code"], one["field_code"]) == (unit, field)


def dropped(unit: str, field: str) -> Change:
    return lambda rows: [r for r in rows if not is_at(r, unit, field)]


def changed(unit: str, field: str, **values: object) -> Change:
    return lambda rows: [r | values if is_at(r, unit, field) else r for r in rows]


def added(unit: str, field: str, count: int, **values: object) -> Change:
    return lambda rows: [*rows, row(unit, field, count) | values]


def test_what_the_rule_gives_passes() -> None:
    assert counts(GOOD)["U1", "OTHER"] == 57, "A and B, and D because of U4"
    assert failures(GOOD) == []
    assert failures(GOOD, before=GOOD) == []


BROKEN: dict[str, tuple[Change, str]] = {
    "a secret row": (added("U1", "A", 2), "unit U1, field A: secret, and shown"),
    "a row of a small unit": (added("U4", "OTHER", 3), "field OTHER: the unit may show its total"),
    "no total": (dropped("U1", "ALL"), "unit U1, field ALL: the row is missing"),
    "a row twice": (added("U3", "C", 70), "unit U3, field C: 2 rows"),
    "a changed measure": (changed("U3", "C", rated=1), "field C: differs from the full"),
    "a row of nothing": (added("U3", "Z", 9), "field Z: no such row"),
    "no OTHER": (dropped("U1", "OTHER"), "unit U1: rows are missing, and there is no OTHER"),
    "another sum": (changed("U1", "OTHER", received=9), "OTHER: is not the sum"),
    "an empty sum": (changed("U1", "OTHER", rated=None), "OTHER: is not the sum"),
    "an unmarked OTHER": (changed("U1", "OTHER", conf_status="F"), "not marked C"),
    "a marked row": (changed("U3", "C", conf_status="C"), "not marked F"),
    "a month that is missing": (lambda rows: [], "field ALL: the row is missing"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_break_of_the_rule_is_named(name: str) -> None:
    change, line = BROKEN[name]
    assert any(line in found for found in failures(change(GOOD)))


def naive(*hidden: tuple[str, str]) -> list[Row]:
    """Primary suppression: these cells joined within their units, and nothing else."""
    rows = [r for r in FULL if (r["unit_code"], r["field_code"]) not in hidden]
    small = [r for r in rows if r["unit_code"] != "U4" or r["field_code"] == "ALL"]
    sums = {unit: [r for r in FULL if (r["unit_code"], r["field_code"]) in hidden
                   and r["unit_code"] == unit] for unit, _ in hidden}  # fmt: skip
    joined = [
        row(unit, "OTHER", 0) | {"conf_status": "C"}
        | {name: sum(p[name] for p in parts) for name in ("carried_over", "received", "rated")}
        for unit, parts in sums.items()
    ]  # fmt: skip
    return [*small, *joined]


def test_primary_suppression_alone_leaves_over_too_little_and_can_be_worked_out() -> None:
    found = failures(naive(("U1", "A"), ("U1", "B"), ("U2", "A"), ("U2", "C")))
    assert any("field B: the city's row leaves over too few" in line for line in found)
    assert any("unit U1, field B: secret, and can be worked out" in line for line in found)


def test_an_other_of_one_field_is_too_small() -> None:
    found = failures(naive(("U1", "A"), ("U2", "A"), ("U2", "B"), ("U1", "B"), ("U3", "A")))
    assert any("unit U3, field OTHER: of too few dossiers or fields" in line for line in found)


def test_a_field_that_was_in_other_may_not_be_shown() -> None:
    before = [r for r in GOOD if not is_at(r, "U1", "C")]
    assert any("unit U1, field C: was in OTHER when" in line for line in failures(GOOD, before))


def test_a_field_may_not_have_the_code_of_the_rest() -> None:
    full = [*FULL, row("U3", "OTHER", 9)]
    found = suppression_is_complete(table(GOOD), table(full), None, ROOT, 5)
    assert any("has the code OTHER" in line for line in found)


def test_no_line_tells_a_figure() -> None:
    lines = [line for change, _ in BROKEN.values() for line in failures(change(GOOD))]
    lines += failures(naive(("U1", "A"), ("U1", "B"), ("U2", "A"), ("U2", "C")))
    words = [re.sub(r"U\d|H24|2024-03|\d rows$", "", line) for line in lines]
    assert words and not any(re.search(r"\d", line) for line in words)
