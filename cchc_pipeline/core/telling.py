"""What a run tells of itself while it goes.

Belongs here: the values that are told, and who is told them. Does not: how they look
(``cchc_pipeline.cli.progress``), or anything of Dagster: whoever shows them imports this first.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cchc_pipeline.core.period import Month

SIDE_BY_SIDE, YEARS, PREVIEW = "side_by_side", "years", "preview"
"""What is told as a job and is none of Dagster's: the halves of a backfill, of which each step is a
month, and the preview of a command."""


@dataclass(frozen=True)
class Turn:
    """A month is to be made now.

    Attributes:
        month: The month.
        is_whole: Whether all of it is made, or only what it takes from earlier months.
        why: What is not current, of a month that was not asked for.
    """

    month: Month
    is_whole: bool
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class Begun:
    """A job began.

    Attributes:
        job: Its name.
        month: Of which month; None for the publication, and for the halves of a backfill.
        steps: How many steps it has.
        seconds: How long such a job took when it ran well last; None if it never did.
    """

    job: str
    month: Month | None
    steps: int
    seconds: float | None = None


@dataclass(frozen=True)
class StepEvent:
    """A step of the job that began last: it begins, or has ended."""

    name: str
    has_ended: bool


@dataclass(frozen=True)
class Made:
    """A month is made and current; ``why`` is what had changed since it was made last."""

    month: Month
    why: tuple[str, ...] = ()


Telling = str | Turn | Begun | StepEvent | Made
"""A line in words, or something that happened."""
Progress = Callable[[Telling], None]
