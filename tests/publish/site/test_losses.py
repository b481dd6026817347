"""What cost a unit its points: nothing counted twice, nothing called lost that is only unknown."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.methodology import load_methodology
from publish.site.pages.month import MetricBlock, MonthWindow
from publish.site.pages.unit import Loss, losses_of

METHOD = load_methodology("766-2026")
PAYMENT = ("PAYMENT_PROCEDURES", "PAYMENT_INTEGRATED", "PAYMENT_DOSSIERS")


def row(metric: str, maximum: float, score: float | None, **cells: Any) -> dict[str, Any]:
    return {
        "metric_code": metric, "max_score": maximum, "score": score, "recomputed_score": None,
        "obs_status": "A" if score is not None else "L", "numerator": None, "denominator": None,
    } | cells  # fmt: skip


def losses(
    group: dict[str, Any], *metrics: dict[str, Any], level: str = "city"
) -> tuple[Loss, ...]:
    total = row("TOTAL", 100, group["score"])
    block = MetricBlock(group, metrics)
    return losses_of(MonthWindow(Month(2026, 9), Basis.YTD, total, (block,), (), METHOD, level))


def shown(found: tuple[Loss, ...]) -> list[tuple[str, str, bool]]:
    return [(loss.row["metric_code"], str(loss.points), loss.is_rest) for loss in found]


def test_a_metric_costs_what_its_score_lacks_and_the_dearest_comes_first() -> None:
    group = row("TDGQ", 20, 15.0)
    found = losses(
        group,
        row("PUBLISH_ON_TIME", 6, 5.5),
        row("PROGRESS_ON_TIME", 20, 15.5),
        row("PUBLIC_CONTENT_FULL", 2, 2.0),
    )
    assert shown(found) == [("PROGRESS_ON_TIME", "4.5", False), ("PUBLISH_ON_TIME", "0.5", False)]


@pytest.mark.parametrize(("level", "lost"), [("city", "6.0"), ("agency", None), ("commune", None)])
def test_what_is_the_provinces_is_no_loss_of_a_unit_that_repeats_it(
    level: str, lost: str | None
) -> None:
    found = losses(
        row("CKMB", 18, 10.0),
        row("PUBLISH_ON_TIME", 6, 0.0),
        row("DOSSIER_SYNC", 6, 5.0),
        level=level,
    )
    costs = {loss.row["metric_code"]: str(loss.points) for loss in found}
    assert (costs.get("PUBLISH_ON_TIME"), costs["DOSSIER_SYNC"]) == (lost, "1.0")


def test_a_group_that_its_source_does_not_divide_is_one_loss() -> None:
    found = losses(row("TTTT", 10, 6.94), *(row(metric, 2, None) for metric in PAYMENT))
    assert shown(found) == [("TTTT", "3.06", True)]


def test_what_can_be_recomputed_is_taken_out_of_the_rest_of_its_group() -> None:
    found = losses(
        row("TTTT", 10, 6.94),
        row("PAYMENT_PROCEDURES", 2, None, recomputed_score=1.05, numerator=146, denominator=349),
        row("PAYMENT_INTEGRATED", 2, None),
        row("PAYMENT_DOSSIERS", 6, None, recomputed_score=5.35),
    )
    assert shown(found) == [
        ("TTTT", "1.46", True), ("PAYMENT_PROCEDURES", "0.95", False),
        ("PAYMENT_DOSSIERS", "0.65", False),
    ]  # fmt: skip


def test_a_metric_without_any_case_counts_nothing_in_the_total_and_so_costs_its_maximum() -> None:
    found = losses(row("CKMB", 18, 12.0), row("PUBLISH_ON_TIME", 6, None, obs_status="M"))
    assert shown(found) == [("PUBLISH_ON_TIME", "6", False)]


def test_nothing_is_said_of_a_group_that_is_unknown_altogether() -> None:
    assert losses(row("TTTT", 10, None), row("PAYMENT_DOSSIERS", 6, None)) == ()


def test_a_metric_that_is_not_scored_costs_nothing() -> None:
    assert losses(row("MDHL", 18, 18.0), row("PETITION_CLASSIFICATION_STAFF", 0, None)) == ()


def test_how_many_cases_more_would_have_earned_the_maximum_is_said_where_counts_are_known() -> None:
    (loss,) = losses(
        row("TDGQ", 20, 18.0), row("PROGRESS_ON_TIME", 20, 18.0, numerator=90, denominator=100)
    )
    assert loss.needed == 10


@given(st.lists(st.tuples(st.integers(0, 600), st.booleans()), min_size=1, max_size=6))
def test_together_the_losses_are_what_the_group_lacks(parts: list[tuple[int, bool]]) -> None:
    scores = [Decimal(cents) / 100 for cents, _ in parts]
    group = row("MDSH", 6.0 * len(parts), float(sum(scores)))
    metrics = [
        row("PUBLISH_ON_TIME", 6, float(score) if known else None)
        for score, (_, known) in zip(scores, parts, strict=True)
    ]
    lacks = Decimal(str(group["max_score"])) - Decimal(str(group["score"]))
    assert sum((loss.points for loss in losses(group, *metrics)), Decimal(0)) == lacks
