"""What cost a unit its points: by metric, and by group where the source scores the group only.

Belongs here: which points were lost where, and how many cases more would have earned them. Does
not: the rules of scoring (``cchc_pipeline.decision766``), words, HTML.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cchc_pipeline.decision766 import cases_needed
from publish.site.extract import Row
from publish.site.month import MetricBlock, Window


@dataclass(frozen=True)
class Loss:
    """What a metric cost, in points; or what a group cost beyond its metrics that are known.

    Args:
        row: The row of ``scores`` of the metric, or of the group.
        points: The maximum less the score.
        needed: How many cases more would have earned the maximum; None where that is not known.
        is_rest: Whether the points are those of a group that its source does not divide.
    """

    row: Row
    points: Decimal
    needed: int | None = None
    is_rest: bool = False


def losses_of(window: Window | None) -> tuple[Loss, ...]:
    """Where points were lost, the dearest first; together they are what the total lacks."""
    if window is None:
        return ()
    found = (loss for block in window.blocks for loss in _of_group(block, window))
    losses = [loss for loss in found if loss.points > 0]
    return tuple(sorted(losses, key=lambda loss: -loss.points))


def _of_group(block: MetricBlock, window: Window) -> Iterable[Loss]:
    """The metrics whose score is known, and the rest of the group if any is not."""
    metrics = [row for row in block.metrics if row["max_score"]]
    known = [
        _of_metric(row, score, window) for row in metrics if (score := _score(row)) is not None
    ]
    yield from known
    if len(known) < len(metrics) and block.group["score"] is not None:
        yield Loss(block.group, _lost(block.group) - _sum(known), is_rest=True)


def _score(row: Row) -> Decimal | None:
    """The published score, else the recomputed one; none where the source does not divide a group.

    A metric that the source left empty although it collects it counts 0 in the total.
    """
    if row["score"] is not None:
        return Decimal(str(row["score"]))
    if row["recomputed_score"] is not None:
        return Decimal(str(row["recomputed_score"]))
    return None if row["obs_status"] == "L" else Decimal(0)


def _of_metric(row: Row, score: Decimal, window: Window) -> Loss:
    maximum = Decimal(str(row["max_score"]))
    metric = window.methodology.metric(row["metric_code"])
    counts = row["numerator"], row["denominator"]
    return Loss(row, maximum - score, cases_needed(metric, *counts, maximum, window.month.last_day))


def _lost(row: Row) -> Decimal:
    return Decimal(str(row["max_score"])) - Decimal(str(row["score"]))


def _sum(losses: Sequence[Loss]) -> Decimal:
    return sum((loss.points for loss in losses), Decimal(0))
