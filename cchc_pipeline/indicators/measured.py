"""What was measured of a target: counts, the exact value, and how it came to be known.

Belongs here: this one type, which dossiers, agency forms and catalogues all answer with. Does not:
the target that it is compared with (``cchc_pipeline.plan``), or the published row (``plan_rows``).
"""

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from cchc_pipeline.period import Basis
from cchc_pipeline.plan import Exact

Counted = int | Decimal
Key = tuple[str, str, Basis]
"""Unit, target and basis: what a measured value is of."""
VALUELESS = frozenset("LMOQ")
"""The observation statuses (SDMX CL_OBS_STATUS) of a row without a value."""


@dataclass(frozen=True)
class Measured:
    """A target's value for a unit and a basis, exactly; the published row rounds it.

    Attributes:
        numerator: What counts; in cases, or in the target's unit.
        denominator: What it is taken of; None where the target is no share.
        value: In the target's unit, not rounded: a share times 100. None exactly when ``status`` is
            one of L, M, O, Q.
        status: A code of ``obs_status``: A reported, P some reports or months are missing, O nobody
            reported, M cannot exist (the denominator is 0), L not collected on this basis.
        owed_by: Who still owes data, joined by "; "; None leaves it to the plan, which names its
            own bodies wherever the status is O or P.
        conclusive: Whether the value says if the target is attained; not while those who have not
            reported could turn it.

    Raises:
        ValueError: Value and status contradict each other; a mistake of the code, not of a source.
    """

    numerator: Counted | None = None
    denominator: Counted | None = None
    value: Exact | None = None
    status: str = "O"
    owed_by: str | None = None
    conclusive: bool = True

    def __post_init__(self) -> None:
        """Hold value and status together."""
        if (self.value is None) != (self.status in VALUELESS):
            raise ValueError(f"status {self.status} does not go with the value {self.value}")

    @classmethod
    def share(
        cls,
        numerator: Counted,
        denominator: Counted,
        *,
        status: str = "A",
        owed_by: str | None = None,
    ) -> "Measured":
        """A share in per cent; one of a denominator of 0 cannot exist (M).

        Args:
            numerator: Cases that count.
            denominator: All cases.
            status: Of a share that exists: A, or P if some reports or months are missing.
            owed_by: Who owes what is missing.
        """
        if denominator == 0:
            return cls(numerator, denominator, None, "M", owed_by)
        value = Fraction(numerator) * 100 / Fraction(denominator)
        return cls(numerator, denominator, value, status, owed_by)

    @classmethod
    def count(cls, number: Counted, *, status: str = "A", owed_by: str | None = None) -> "Measured":
        """A count, which is its own value and has no denominator."""
        return cls(number, None, number, status, owed_by)


MISSING = Measured()
"""Nobody reported: never left out, never 0 (domain: section 6)."""


def two_decimals(value: Exact) -> Decimal:
    """Rounded once, half up, from the exact value."""
    return Decimal(math.floor(Fraction(value) * 100 + Fraction(1, 2))).scaleb(-2)
