"""How those who handed dossiers in rated the handling.

Belongs here: measures of the dossiers *finished and not withdrawn* in a month that rest on ratings.
Does not: the satisfaction metrics of Decision 766, which have rules of their own.
"""

from typing import TYPE_CHECKING

from cchc_pipeline.indicators.dossier_flow import handled
from cchc_pipeline.period import Month

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Table

SATISFIED_FROM = 4
"""MucDoHaiLong from which a dossier counts as satisfied, of 1 to 5."""


def rated(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the finished, not withdrawn: "MucDoHaiLong present"."""
    return handled(dossiers, month) & dossiers.rating.notnull()


def satisfied(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the finished, not withdrawn: "≥ 4"."""
    return handled(dossiers, month) & (dossiers.rating >= SATISFIED_FROM)
