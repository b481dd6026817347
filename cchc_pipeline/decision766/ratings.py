"""The rating of a total: the bands, their names and thresholds.

Belongs here: ``schemas/decision-766/ratings.yaml``, and the band of a total. Does not: the total.
"""

from datetime import date
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.decision766.methodology import NO_EXTRAS, Confidence, Filled, Points
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.typed_data import refuse, typed

_RATINGS = "decision-766/ratings.yaml"


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
