"""A figure beside others: a month beside earlier ones, a unit beside its neighbours in rank.

Belongs here: which two figures may be told as a difference, and the difference. Does not: which
months or units stand beside each other (``publish.site.pages``), words, HTML.

Any other two rows of a table are put beside each other by a script (``templates/script.js``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.comparability import is_comparable
from publish.site.blocks.dossiers import Flow
from publish.site.forms import TOTAL, Row, flags_of


@dataclass(frozen=True)
class Side:
    """A unit in a month.

    Args:
        key: What tells it from the others: the code of the unit, or the month.
        scores: Its total and groups by metric, in one basis.
        flow: Its dossiers; None where there are none.
    """

    key: str
    scores: Mapping[str, Row]
    flow: Flow | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it has no figure at all."""
        return self.flow is None and not any(r["score"] is not None for r in self.scores.values())


@dataclass(frozen=True)
class Beside:
    """Some sides, each told against the first.

    Args:
        own: What the page is about.
        others: What stands beside it; empty where there is nothing.
        groups: The groups that are shown, in order.
        lacking: What tells the sides that were looked for and have no figure.
    """

    own: Side
    others: tuple[Side, ...]
    groups: tuple[str, ...]
    lacking: tuple[str, ...] = ()

    @property
    def has_flows(self) -> bool:
        """Whether any of them has dossiers."""
        return any(side.flow is not None for side in (self.own, *self.others))

    def gap(self, other: Side, metric: str) -> Decimal | None:
        """The points of the first above another; None where they were not measured alike."""
        mine, theirs = self.own.scores.get(metric), other.scores.get(metric)
        if mine is None or theirs is None or not _is_alike(mine, theirs):
            return None
        return Decimal(str(mine["score"])) - Decimal(str(theirs["score"]))

    def climbed(self, other: Side) -> int | None:
        """The ranks that the first stands above another."""
        mine, theirs = self.own.scores.get(TOTAL), other.scores.get(TOTAL)
        if mine is None or theirs is None or None in (mine["rank"], theirs["rank"]):
            return None
        return int(theirs["rank"] - mine["rank"]) if is_comparable(theirs, mine) else None

    def received_gap(self, other: Side) -> int | None:
        """The dossiers received more than in another."""
        counts = [side.flow.row["received"] if side.flow else None for side in (self.own, other)]
        mine, theirs = counts
        return None if mine is None or theirs is None else mine - theirs

    def share_gap(self, other: Side) -> Decimal | None:
        """The percentage points of dossiers in time above another."""
        shares = [side.flow.in_time if side.flow else None for side in (self.own, other)]
        mine, theirs = shares
        return None if mine is None or theirs is None else mine - theirs


def beside(own: Side, others: Sequence[Side], groups: Sequence[str]) -> Beside:
    """What stands beside a month or unit; nothing beside what has no figure."""
    given = () if own.is_empty else tuple(side for side in others if not side.is_empty)
    lacking = tuple(side.key for side in others if side.is_empty)
    return Beside(own, given, tuple(groups), lacking)


def months_beside(
    month: Month, scores: Iterable[Row], flows: Iterable[Row], groups: Sequence[str]
) -> Beside:
    """A unit's month beside the one before and the same month of the year before.

    Args:
        month: The month.
        scores: The unit's rows in one basis, of these months at least.
        flows: Its rows ALL of the dossiers.
        groups: The groups that are shown, in order.
    """
    shown = [str(m) for m in (month, month.previous(), year_before(month))]
    own, *others = _sides(shown, "period", scores, flows)
    return beside(own, others, groups)


def units_beside(
    codes: Sequence[str], scores: Iterable[Row], flows: Iterable[Row], groups: Sequence[str]
) -> Beside:
    """A unit beside others in the same month.

    Args:
        codes: The unit, then the others.
        scores: Their rows of that month in one basis.
        flows: Their rows ALL of the dossiers of that month.
        groups: The groups that are shown, in order.
    """
    own, *others = _sides(codes, "unit_code", scores, flows)
    return beside(own, others, groups)


def _sides(
    keys: Sequence[str], column: str, scores: Iterable[Row], flows: Iterable[Row]
) -> list[Side]:
    """A side for each value of a column."""
    by_key: dict[str, dict[str, Row]] = {key: {} for key in keys}
    for row in scores:
        by_key.setdefault(row[column], {})[row["metric_code"]] = row
    given = {
        row[column]: Flow(Month.parse(row["period"]), row)
        for row in flows
        if row["finished"] is not None
    }
    return [Side(key, by_key[key], given.get(key)) for key in keys]


def year_before(month: Month) -> Month:
    """The same month of the year before."""
    return Month(month.year - 1, month.month)


def _is_alike(mine: Row, theirs: Row) -> bool:
    """Whether two scores count the same things out of the same maximum."""
    if None in (mine["score"], theirs["score"]) or mine["max_score"] != theirs["max_score"]:
        return False
    has_gaps = any("NULL_METRIC" in flags_of(row) for row in (mine, theirs))
    return is_comparable(theirs, mine) and not has_gaps
