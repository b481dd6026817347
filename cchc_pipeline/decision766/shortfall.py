"""What a metric fell short by, in points and in cases.

Belongs here: how many cases more would have earned a score, by the metric's own rule. Does not: the
rules (``methodology``), computing a score (``scoring``), or which units are shown (``publish``).
"""

from datetime import date
from decimal import Decimal

from cchc_pipeline.decision766.methodology import Metric
from cchc_pipeline.decision766.scoring import recompute_metric


def cases_needed(
    metric: Metric, numerator: int | None, denominator: int | None, wanted: Decimal, on: date
) -> int | None:
    """The least number of cases more in the numerator that earns a score, the rest unchanged.

    Args:
        metric: The metric.
        numerator: Its count, at most the denominator; None if the source gave none.
        denominator: Likewise.
        wanted: The score, in points.
        on: The day whose threshold applies.

    Returns:
        None where nothing can be said: counts are missing, there is no case at all, or the score
        cannot be earned by all of them.
    """
    if numerator is None or not denominator or numerator > denominator:
        return None
    if not _earns(metric, denominator, denominator, wanted, on):
        return None
    low, high = numerator, denominator
    while low < high:
        middle = (low + high) // 2
        if _earns(metric, middle, denominator, wanted, on):
            high = middle
        else:
            low = middle + 1
    return low - numerator


def _earns(metric: Metric, numerator: int, denominator: int, wanted: Decimal, on: date) -> bool:
    score = recompute_metric(metric, numerator, denominator, on).score
    return score is not None and score >= wanted
