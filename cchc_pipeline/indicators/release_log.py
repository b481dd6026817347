"""Target 31: were the results of each month made public in time, and in every place named?

Belongs here: judging a log of publications against the plan's places and deadline. Does not:
reading the log from releases and confirmations (``publish.release.publication_log``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cchc_pipeline.core.period import Month


@dataclass(frozen=True)
class Publication:
    """The results of a month became public in a place."""

    month: Month
    place: str
    published_at: datetime


@dataclass(frozen=True)
class PublicationLog:
    """What is known of publications; nothing is known of a place without an entry."""

    entries: tuple[Publication, ...] = ()

    def on_time(self, month: Month, places: Iterable[str]) -> bool | None:
        """Whether a month was public in all places by the end of the following month.

        The plan says "hằng tháng" and sets no day; the deadline stands in the plan's data, marked
        as believed.

        Returns:
            True or False where every place is confirmed or one was late; else None.
        """
        verdicts = [self._in_time(month, place) for place in places]
        if False in verdicts:
            return False
        return None if None in verdicts else True

    def _in_time(self, month: Month, place: str) -> bool | None:
        moments = [e.published_at for e in self.entries if (e.month, e.place) == (month, place)]
        return min(moments) < month.next().end if moments else None


def months_on_time(
    log: PublicationLog, months: Iterable[Month], places: tuple[str, ...]
) -> tuple[int | None, bool | None]:
    """How many months were public on time, and whether all that are due were.

    Returns:
        The count (None if nothing is confirmed of any month) and False as soon as one was late,
        True if all are confirmed on time, None if some are unknown.
    """
    verdicts = [log.on_time(month, places) for month in months]
    if all(verdict is None for verdict in verdicts):
        return None, None
    count = sum(verdict is True for verdict in verdicts)
    if False in verdicts:
        return count, False
    return count, None if None in verdicts else True
