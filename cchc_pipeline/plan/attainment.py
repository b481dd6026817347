"""How a value stands to its target, and the share still needed until the year's end.

Belongs here: exact arithmetic on counts and shares. Does not: where a value comes from, or which
targets a run-rate is worked out for, which the plan's data say.
"""

import math
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from cchc_pipeline.errors import UsageError

Exact = int | Decimal | Fraction


class Comparator(StrEnum):
    """How a value must stand to its target."""

    AT_LEAST = ">="
    MORE_THAN = ">"
    EXACTLY = "="

    @property
    def code(self) -> str:
        """Its code in published tables, where no text may begin like a formula."""
        return {">=": "ge", ">": "gt", "=": "eq"}[self.value]


class RunRateReason(StrEnum):
    """Why a share still needed has a value, or has none."""

    NEEDED = "needed"
    SAFE = "safe"
    UNREACHABLE = "unreachable"
    NO_CASES = "no_cases"


@dataclass(frozen=True)
class RunRate:
    """The share needed among the cases still to come, exactly; None unless ``reason`` is NEEDED.

    For a target of *more than* a share, this share itself is not enough, anything above it is.
    """

    share: Fraction | None
    reason: RunRateReason

    @property
    def percent(self) -> Decimal | None:
        """The share in per cent, rounded half up to 2 decimals."""
        if self.share is None:
            return None
        return Decimal(math.floor(self.share * 10_000 + Fraction(1, 2))).scaleb(-2)


def attained(value: Exact | None, comparator: Comparator, target: Exact) -> bool | None:
    """Whether a value attains a target, judged exactly; None when there is no value.

    Args:
        value: In the target's unit; a share times 100, not rounded.
        comparator: How the value must stand to the target.
        target: In its unit.
    """
    if value is None:
        return None
    reached, wanted = Fraction(value), Fraction(target)
    return {
        Comparator.AT_LEAST: reached >= wanted,
        Comparator.MORE_THAN: reached > wanted,
        Comparator.EXACTLY: reached == wanted,
    }[comparator]


def required_run_rate(
    numerator: Exact, denominator: Exact, month: int, target: Exact, comparator: Comparator
) -> RunRate:
    """The share needed among the cases to come until 31/12 for a floor target to be attained.

    As many cases are taken to come each month as the year to date had on average. *Exactly* 100 %
    is a floor of 100. For *more than* a target, the share of 0 is not yet safe and a share of 1 no
    longer enough.

    Args:
        numerator: Cases of the year to date that count.
        denominator: All cases of the year to date.
        month: The last month of the year to date, 1 to 12.
        target: In per cent.
        comparator: How the share must stand to the target at the year's end.

    Raises:
        UsageError: ``month`` is no month, or a count is negative.
    """
    if month not in range(1, 13) or numerator < 0 or denominator < 0:
        raise UsageError(
            f"no run-rate from {numerator} of {denominator} in month {month}",
            todo="give counts from 0 and a month from 1 to 12",
        )
    so_far = Fraction(denominator)
    to_come = so_far / month * (12 - month)
    if to_come == 0:
        return RunRate(None, RunRateReason.NO_CASES)
    share = (Fraction(target) / 100 * (so_far + to_come) - Fraction(numerator)) / to_come
    reason = _judge_share(share, strictly=comparator is Comparator.MORE_THAN)
    return RunRate(share if reason is RunRateReason.NEEDED else None, reason)


def _judge_share(share: Fraction, *, strictly: bool) -> RunRateReason:
    if share < 0 or (share == 0 and not strictly):
        return RunRateReason.SAFE
    if share > 1 or (share == 1 and strictly):
        return RunRateReason.UNREACHABLE
    return RunRateReason.NEEDED
