"""Ranks, recomputed scores, and the rows that say what is missing."""

from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.scores import (
    ScoreContext,
    expected_bases,
    latest_observations,
    ranking_rows,
    recomputation_rows,
    score_rows,
)
from cchc_pipeline.methodology import load_methodology
from cchc_pipeline.registers.units import Unit, UnitRegister

MONTH = Month(2026, 8)


def _unit(code: str, level: str, parent: str | None = "H24") -> Unit:
    return Unit(code, code, code, level, parent, date(2025, 7, 1), None, "official", "test")


REGISTER = UnitRegister(
    (
        _unit("H24", "city", None),
        _unit("H26", "province", None),
        _unit("H44", "province", None),
        *(_unit(f"H24.{n:02d}", "agency") for n in range(1, 4)),
        *(_unit(f"H24.{n:02d}", "commune") for n in range(11, 14)),
    )
)
CONTEXT = ScoreContext(MONTH, "H24", REGISTER, load_methodology("766-2026"), 60)


def _row(code: str, metric: str, score: float | None, **other: Any) -> dict[str, Any]:
    return {
        "period": "2026-08", "basis": "month", "unit_code": code, "metric_code": metric,
        "captured_at": "2026-09-05T22:00:00Z", "snapshot_id": "a", "score": score,
        "max_score": 100.0, "numerator": None, "denominator": None, "ratio": None,
        "obs_status": "A" if score is not None else "O", "quality_flag": None,
        "source_system": "dvcqg-2026", "methodology": "766-2026", **other,
    }  # fmt: skip


def _ranks(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {row["unit_code"]: row["rank"] for row in ranking_rows(rows, CONTEXT)}


def test_equal_scores_share_a_rank_and_the_next_one_is_skipped() -> None:
    rows = [
        _row("H24.01", "TOTAL", 80.0),
        _row("H24.02", "TOTAL", 80.0),
        _row("H24.03", "TOTAL", 70.0),
    ]
    assert _ranks(rows) == {"H24.01": 1, "H24.02": 1, "H24.03": 3}


def test_provinces_agencies_and_communes_are_ranked_apart_and_the_city_among_provinces() -> None:
    rows = [
        _row("H24", "TOTAL", 67.18), _row("H26", "TOTAL", 55.23), _row("H44", "TOTAL", 70.0),
        _row("H24.01", "TOTAL", 10.0), _row("H24.02", "TOTAL", 20.0),
        _row("H24.11", "TOTAL", 90.0), _row("H24.12", "TOTAL", 80.0),
    ]  # fmt: skip
    assert _ranks(rows) == {
        "H44": 1, "H24": 2, "H26": 3, "H24.02": 1, "H24.01": 2, "H24.11": 1, "H24.12": 2,
    }  # fmt: skip


def test_units_are_not_ranked_by_what_is_their_provinces_and_provinces_are() -> None:
    rows = [
        _row("H24", "PUBLISH_ON_TIME", 3.0), _row("H26", "PUBLISH_ON_TIME", 6.0),
        _row("H24.01", "PUBLISH_ON_TIME", 3.0), _row("H24.02", "PUBLISH_ON_TIME", 3.0),
    ]  # fmt: skip
    assert _ranks(rows) == {"H26": 1, "H24": 2}


def test_one_unit_alone_and_a_unit_without_a_value_have_no_rank() -> None:
    assert _ranks([_row("H24", "TOTAL", 67.18)]) == {}
    assert _ranks([_row("H24.01", "TOTAL", None), _row("H24.02", "TOTAL", 1.0)]) == {}


def test_a_group_with_a_null_metric_is_not_ranked_but_the_total_is() -> None:
    flagged = {"quality_flag": "MIXED_SNAPSHOT;NULL_METRIC"}
    groups = [
        _row("H24.01", "CKMB", 18.0, **flagged), _row("H24.02", "CKMB", 9.0),
        _row("H24.03", "CKMB", 8.0),
    ]  # fmt: skip
    assert _ranks(groups) == {"H24.02": 1, "H24.03": 2}
    totals = [_row("H24.01", "TOTAL", 18.0, **flagged), _row("H24.02", "TOTAL", 9.0)]
    assert _ranks(totals) == {"H24.01": 1, "H24.02": 2}


@given(st.lists(st.sampled_from([10.0, 20.0, 30.0]), min_size=2, max_size=3))
def test_a_rank_is_one_more_than_the_number_of_better_peers(scores: list[float]) -> None:
    rows = [_row(f"H24.0{n}", "TOTAL", score) for n, score in enumerate(scores, start=1)]
    for code, rank in _ranks(rows).items():
        mine = next(row["score"] for row in rows if row["unit_code"] == code)
        assert rank == 1 + sum(score > mine for score in scores)


def test_of_several_captures_the_last_is_taken_for_each_window() -> None:
    early = _row("H24", "TOTAL", 66.0, captured_at="2026-09-26", snapshot_id="a")
    late = _row("H24", "TOTAL", 67.0, captured_at="2026-10-10T07:00:40Z", snapshot_id="b")
    other = _row("H24", "TOTAL", 50.0, basis="ytd", captured_at="2026-09-02", snapshot_id="c")
    assert latest_observations([late, early, other]) == [late, other]


def test_a_metric_is_recomputed_with_its_difference_and_the_rest_stays_unknown() -> None:
    rows = [
        _row("H24", "PROGRESS_ON_TIME", 17.84, numerator=542522, denominator=608338),
        _row("H24", "TDGQ", 17.84),
        _row("H24", "CLGQ", 9.14),
        _row("H24", "TOTAL", 67.18),
    ]
    again = {row["metric_code"]: row for row in recomputation_rows(rows, CONTEXT)}
    assert again["TDGQ"]["recomputed_score"] == 17.84
    assert again["TDGQ"]["difference"] == 0
    assert "CLGQ" not in again
    assert "TOTAL" not in again


def test_a_score_that_differs_from_the_recomputed_one_stays_and_is_flagged() -> None:
    counts = {"numerator": 542522, "denominator": 608338}
    near = _row("H24", "PROGRESS_ON_TIME", 17.83, **counts)
    far = _row("H24", "PROGRESS_ON_TIME", 17.80, **counts)
    key = ("month", "H24", "PROGRESS_ON_TIME")
    assert _published([near])[key]["quality_flag"] is None
    assert _published([far])[key]["quality_flag"] == "RECOMPUTED_DIFFERS"
    assert _published([far])[key]["score"] == 17.80
    assert _published([far])[key]["difference"] == -0.04


def _published(rows: list[dict[str, Any]], context: ScoreContext = CONTEXT) -> dict[Any, Any]:
    made = score_rows(rows, recomputation_rows(rows, context), ranking_rows(rows, context), context)
    return {(r["basis"], r["unit_code"], r["metric_code"]): r for r in made}


def test_a_month_without_any_answer_has_the_root_s_rows_with_status_o_and_no_zero() -> None:
    made = _published([])
    assert {key[:2] for key in made} == {("month", "H24"), ("ytd", "H24")}
    assert {row["obs_status"] for row in made.values()} == {"O"}
    assert {row["score"] for row in made.values()} == {None}
    assert ("month", "H24", "TOTAL") in made
    assert ("month", "H24", "PUBLISH_ON_TIME") in made


def test_in_a_window_that_was_answered_a_silent_unit_has_its_rows_too() -> None:
    made = _published([_row("H24", "TOTAL", 67.18), _row("H24.01", "TOTAL", 60.0)])
    assert made["month", "H24.12", "TOTAL"]["obs_status"] == "O"
    assert ("ytd", "H24.12", "TOTAL") not in made
    assert ("month", "H26", "TOTAL") not in made


def test_a_quarter_belongs_to_its_last_month() -> None:
    assert [b.value for b in expected_bases(Month(2026, 8))] == ["month", "ytd"]
    assert [b.value for b in expected_bases(Month(2026, 9))] == ["month", "quarter", "ytd"]


def test_a_figure_captured_soon_after_its_month_is_provisional_and_later_it_is_not() -> None:
    def status(captured_at: str) -> str:
        row = _row("H24", "TOTAL", 67.18, captured_at=captured_at)
        return str(_published([row])["month", "H24", "TOTAL"]["obs_status"])

    assert status("2026-09-05") == "P"
    assert status("2026-10-30T16:59:59Z") == "P"
    assert status("2026-10-30T17:00:00Z") == "A"
    assert status("2026-11-02") == "A"


def test_what_the_source_left_empty_keeps_its_reason() -> None:
    row = _row(
        "H24", "PAYMENT_DOSSIERS", None, obs_status="L", numerator=389481, denominator=436768
    )
    published = _published([row])["month", "H24", "PAYMENT_DOSSIERS"]
    assert published["obs_status"] == "L"
    assert published["recomputed_score"] == 5.35
    assert published["difference"] is None
    assert published["ratio"] == 89.17


MAY = Month(2024, 5)
OF_2022 = {"period": "2024-05", "methodology": "766-2022", "source_system": "dvcqg-legacy"}
GROUPS = {"CKMB": 16.5, "TDGQ": 19.25, "CLGQ": 9.1, "TTTT": 6.0, "MDHL": 17.0, "MDSH": 15.4}


def _legacy(code: str, total: float, **groups: float) -> list[dict[str, Any]]:
    said = {"TOTAL": total, **(groups or GROUPS)}
    return [_row(code, metric, score, **OF_2022) for metric, score in said.items()]


def _context_of_may() -> ScoreContext:
    units = (*(_unit(c, "province", None) for c in ("H26", "H97")), _unit("H24", "city", None))
    early = tuple(replace(unit, valid_from=date(2022, 6, 1)) for unit in units)
    return ScoreContext(MAY, "H24", UnitRegister(early), load_methodology("766-2026"), 60)


def test_of_groups_alone_the_total_is_recomputed_as_their_sum_and_nothing_else() -> None:
    made = recomputation_rows(_legacy("H24", 83.26), _context_of_may())
    assert [(r["metric_code"], r["recomputed_score"], r["difference"]) for r in made] == [
        ("TOTAL", 83.25, 0.01)
    ]
    merged = _legacy("H24", 83.25, CKMB=16.5, TDGQ=19.25, DVTT=15.1, MDHL=17.0, MDSH=15.4)
    assert [r["difference"] for r in recomputation_rows(merged, _context_of_may())] == [0]
    one_lacks = [row for row in _legacy("H24", 83.25) if row["metric_code"] != "MDSH"]
    assert recomputation_rows(one_lacks, _context_of_may()) == []


def test_an_observation_s_own_methodology_says_what_is_missing_and_how_far_apart_is_far() -> None:
    made = _published(_legacy("H24", 83.30), _context_of_may())
    assert {key[2] for key in made} == {"TOTAL", *GROUPS}
    assert made["month", "H24", "TOTAL"]["quality_flag"] == "RECOMPUTED_DIFFERS"
    assert made["month", "H24", "TDGQ"]["quality_flag"] is None
    assert {made["ytd", "H24", metric]["obs_status"] for metric in GROUPS} == {"O"}


def test_a_legacy_answer_ends_no_row_of_its_month_when_nothing_had_come_before() -> None:
    context = replace(_context_of_may(), methodology=load_methodology("766-2022"))
    assert _published([], context).keys() <= _published(_legacy("H24", 83.25), context).keys()
