"""Scores computed again from counts, their ratings, and what was missed by how much.

Belongs here: the arithmetic of a metric, a group and the total; the bands of
``schemas/decision-766/ratings.yaml``; how many cases more would have earned a score, by the
metric's own rule. Does not: rules and thresholds (``methodology``), replacing a score that a source
published, or which units are shown (``publish``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.core.data import NO_EXTRAS, read_yaml, refuse, typed
from cchc_pipeline.methodology.methodology import (
    Confidence,
    Filled,
    Methodology,
    Metric,
    Points,
)

_RATINGS = "decision-766/ratings.yaml"
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Recomputed:
    """A score computed from counts.

    ``known`` is False where nothing can be said (counts missing, no rule for the case). A score of
    None that is known is null by rule: it is published as null and counts 0 in sums.
    """

    score: Decimal | None
    known: bool


UNKNOWN = Recomputed(None, known=False)


def round_score(value: float | Decimal) -> Decimal:
    """Round to 2 decimals, ties away from 0, as the source does: a float by its binary value."""
    return Decimal(value).quantize(_CENT, ROUND_HALF_UP)


def percent(numerator: float | None, denominator: float | None) -> Decimal | None:
    """The ratio in per cent, 2 decimals; None at denominator 0 or where a count is missing."""
    if numerator is None or not denominator:
        return None
    return round_score(float(100 * Fraction(numerator) / Fraction(denominator)))


def recompute_metric(
    metric: Metric, numerator: int | None, denominator: int | None, on: date
) -> Recomputed:
    """The score of a metric by its rule, at most its maximum.

    Args:
        metric: The metric.
        numerator: Its count, not negative; None if the source gave none.
        denominator: Likewise.
        on: The day whose threshold applies.
    """
    rule = metric.rule
    full = rule.threshold(on)
    if rule.kind == "fixed":
        return Recomputed(round_score(metric.max_score), known=True)
    if rule.kind == "tracked" or numerator is None or denominator is None or full is None:
        return UNKNOWN
    if denominator == 0:
        return _at_zero(metric)
    ratio = 100 * Fraction(numerator, denominator)
    if rule.ratio_input == "rounded_percent":
        ratio = Fraction(round_score(float(ratio)))
    # One double at the end, of the exact value: the source's ties are those of its binary doubles.
    points = float(Fraction(metric.max_score) * ratio / Fraction(full))
    return Recomputed(min(round_score(points), round_score(metric.max_score)), known=True)


def _at_zero(metric: Metric) -> Recomputed:
    return {
        "none": Recomputed(None, known=True),
        "zero": Recomputed(round_score(0.0), known=True),
        "full": Recomputed(round_score(metric.max_score), known=True),
        "unknown": UNKNOWN,
    }[metric.rule.zero_denominator]


def recompute_group(
    methodology: Methodology, group: str, metrics: Mapping[str, Recomputed]
) -> Recomputed:
    """The sum of a group's scored metrics; unknown where one of them is, null counts 0.

    Args:
        methodology: The methodology; where it knows no metrics, nothing can be said.
        group: A group's code, merged ones included.
        metrics: Recomputed metrics by code.

    Raises:
        KeyError: There is no such group.
    """
    if methodology.has_groups_only:
        return UNKNOWN
    scored = (metric for metric in methodology.metrics_of(group) if not metric.is_tracked_only)
    return _sum(metrics.get(metric.code, UNKNOWN) for metric in scored)


def recompute_total(methodology: Methodology, groups: Mapping[str, Recomputed]) -> Recomputed:
    """The plain sum of the groups; unknown where one of them is.

    Args:
        methodology: The methodology.
        groups: Recomputed groups by code; merged ones are not looked at, their parts are.
    """
    return _sum(groups.get(group.code, UNKNOWN) for group in methodology.groups)


def _sum(parts: Iterable[Recomputed]) -> Recomputed:
    known = list(parts)
    if not all(part.known for part in known):
        return UNKNOWN
    return Recomputed(
        sum((part.score or Decimal(0) for part in known), Decimal("0.00")), known=True
    )


def add_up(methodology: Methodology, published: Mapping[str, float | None]) -> Recomputed:
    """The plain sum of published group scores, null counting 0; unknown where a group is absent.

    Args:
        methodology: The methodology.
        published: Scores by group, in the layout with or without merged groups.
    """
    groups = methodology.summed_groups(published)
    if not groups:
        return UNKNOWN
    points = (Decimal(str(published[group] or 0)) for group in groups)
    return Recomputed(sum(points, Decimal("0.00")), known=True)


def difference(published: float | Decimal | None, recomputed: Recomputed) -> Decimal | None:
    """Published less recomputed, in points; None unless both are numbers."""
    if published is None or recomputed.score is None:
        return None
    return Decimal(str(published)) - recomputed.score


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


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Rating:
    """The name of a band of totals; ``at_least`` belongs to it."""

    code: Filled
    name_vi: Filled
    name_en: Filled
    at_least: Points


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class RatingScale:
    """The bands, the highest first, and how well their names and thresholds are known."""

    valid_from: date
    valid_to: date | None
    names_confidence: Confidence
    thresholds_confidence: Confidence
    basis: Filled
    bands: Annotated[tuple[Rating, ...], Field(min_length=1)]


@cache
def load_ratings() -> RatingScale:
    """The rating bands, from ``schemas/decision-766/ratings.yaml``.

    Raises:
        SchemaDataError: The data are not usable.
    """
    return parse_ratings(read_yaml(_RATINGS), f"schemas/{_RATINGS}")


def parse_ratings(content: Any, where: str) -> RatingScale:
    """Type and judge the content of a file of rating bands.

    Raises:
        SchemaDataError: Something lacks, or the bands are not in falling order down to 0.
    """
    scale = typed(RatingScale, content, where)
    starts = [band.at_least for band in scale.bands]
    falling = all(upper > lower for upper, lower in pairwise(starts))
    refuse([] if falling and starts[-1] == 0 else ["bands do not fall from the best to 0"], where)
    return scale


def rate(total: float | Decimal | None) -> Rating | None:
    """The rating of a total as published; None where there is no total.

    The thresholds are believed, not confirmed: see ``load_ratings().thresholds_confidence``.
    """
    if total is None:
        return None
    points = Decimal(str(total))
    return next((band for band in load_ratings().bands if points >= band.at_least), None)
