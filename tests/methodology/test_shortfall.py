"""How many cases more would have earned a score: exactly the least number, or nothing said."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.methodology import Metric, cases_needed, load_methodology, recompute_metric

DAY = date(2026, 9, 30)
METHOD = load_methodology("766-2026")
COUNTED = [m for m in METHOD.metrics if m.rule.kind in {"proportional", "capped"}]


def score(metric: Metric, numerator: int, denominator: int) -> Decimal:
    found = recompute_metric(metric, numerator, denominator, DAY).score
    assert found is not None
    return found


@given(st.sampled_from(COUNTED), st.integers(1, 9000), st.data())
def test_it_is_the_least_number_that_earns_the_score(
    metric: Metric, denominator: int, data: st.DataObject
) -> None:
    numerator = data.draw(st.integers(0, denominator))
    needed = cases_needed(metric, numerator, denominator, metric.max_score, DAY)
    assert needed is not None
    assert score(metric, numerator + needed, denominator) >= metric.max_score
    if needed:
        assert score(metric, numerator + needed - 1, denominator) < metric.max_score


def test_of_a_proportional_metric_all_cases_are_needed_for_full_marks() -> None:
    metric = METHOD.metric("PROGRESS_ON_TIME")
    assert cases_needed(metric, 90, 100, metric.max_score, DAY) == 10


def test_of_a_capped_metric_only_those_up_to_its_threshold() -> None:
    metric = METHOD.metric("ONLINE_SUBMISSION")
    assert cases_needed(metric, 40, 100, metric.max_score, DAY) == 10


def test_nothing_more_is_needed_for_what_was_earned() -> None:
    metric = METHOD.metric("ONLINE_SUBMISSION")
    assert cases_needed(metric, 80, 100, metric.max_score, DAY) == 0


@pytest.mark.parametrize(("numerator", "denominator"), [(None, 100), (40, None), (0, 0), (7, 5)])
def test_nothing_is_said_where_counts_are_missing_or_mean_nothing(
    numerator: int | None, denominator: int | None
) -> None:
    metric = METHOD.metric("PROGRESS_ON_TIME")
    assert cases_needed(metric, numerator, denominator, metric.max_score, DAY) is None


def test_nothing_is_said_of_a_score_that_all_cases_would_not_earn() -> None:
    metric = METHOD.metric("PROGRESS_ON_TIME")
    assert cases_needed(metric, 1, 2, metric.max_score + 1, DAY) is None
