"""Leagues of a month: units of one level, the best first, and their spread.

Belongs here: the order of units; dots, axis and finding of the chart. Does not: their ranks, which
the domain computes (``cchc_pipeline.indicators.scores``), geometry (``charts``), words, HTML.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any

from markupsafe import Markup

from cchc_pipeline.indicators.comparability import is_comparable
from publish.site.blocks.peers import FEWEST
from publish.site.charts.dots import Axis, Dot, dot_plot
from publish.site.charts.frame import round_ends
from publish.site.forms import (
    LEVELS,
    TOTAL,
    Forms,
    Names,
    Row,
    flags_of,
    is_sample,
    total_of,
)
from publish.site.words import collation_key, number_text

Scores = Mapping[tuple[str, str], Row]


@dataclass(frozen=True)
class Standing:
    """A unit in a league: its total, its groups in the league's order, its total of last month.

    ``before`` is None where there is none, or one that was not measured alike.
    """

    unit: Row
    total: Row
    groups: tuple[Row | None, ...]
    is_root: bool
    before: Row | None = None

    @property
    def is_sample(self) -> bool:
        """Whether its figures, or the unit itself, are samples."""
        return is_sample((self.total, self.unit))

    @property
    def has_parts(self) -> bool:
        """Whether any of its groups has a score."""
        return any(row is not None and row["score"] is not None for row in self.groups)

    @property
    def change(self) -> Decimal | None:
        """The points gained since the month before; None where that cannot be told."""
        if self.before is None or self.total["score"] is None:
            return None
        return Decimal(str(self.total["score"])) - Decimal(str(self.before["score"]))

    @property
    def climbed(self) -> int | None:
        """The ranks gained since the month before; None where there is no rank of both."""
        if self.before is None or None in (self.before["rank"], self.total["rank"]):
            return None
        return int(self.before["rank"] - self.total["rank"])


@dataclass(frozen=True)
class League:
    """Units of one level, the best first."""

    level: str
    groups: tuple[Row, ...]
    standings: tuple[Standing, ...]

    @property
    def ranked(self) -> int:
        """How many of them have a rank."""
        return sum(standing.total["rank"] is not None for standing in self.standings)

    @property
    def has_incomparable(self) -> bool:
        """Whether a group of some unit holds an empty metric."""
        rows = (row for standing in self.standings for row in standing.groups)
        return any("NULL_METRIC" in flags_of(row) for row in rows)

    @property
    def has_changes(self) -> bool:
        """Whether any unit can be compared with the month before."""
        return any(standing.before is not None for standing in self.standings)

    @property
    def scored(self) -> tuple[Standing, ...]:
        """Those with a total."""
        return tuple(s for s in self.standings if s.total["score"] is not None)

    @property
    def median(self) -> float | None:
        """The total in the middle; None without any."""
        totals = [standing.total["score"] for standing in self.scored]
        return median(totals) if totals else None


def leagues_of(
    rows: Scores, before: Scores, root: str, groups: Sequence[str], names: Names
) -> Iterable[League]:
    """The leagues that hold any unit but the root.

    Args:
        rows: Scores of the month by unit and metric.
        before: Those of the month before, in the same basis.
        root: The publishing unit.
        groups: The groups that are shown, in order.
        names: The code lists.
    """
    by_level: dict[str, list[Standing]] = {}
    for unit in dict.fromkeys(code for code, _ in rows):
        total = total_of(rows, unit)
        if total is not None:
            parts = tuple(rows.get((unit, group)) for group in groups)
            old = _like(before.get((unit, TOTAL)), total)
            standing = Standing(names.unit(unit), total, parts, unit == root, old)
            by_level.setdefault(names.league(unit), []).append(standing)
    titles = tuple(names.metric(group) for group in groups)
    for level in LEVELS:
        standings = sorted(by_level.get(level, ()), key=_place)
        if any(not standing.is_root for standing in standings):
            yield League(level, titles, tuple(standings))


def _like(before: Row | None, total: Row) -> Row | None:
    """The total of the month before, if both can be compared."""
    if before is None or before["score"] is None or not is_comparable(before, total):
        return None
    return before


def _place(standing: Standing) -> tuple[float, Any]:
    rank = standing.total["rank"]
    return (float("inf") if rank is None else rank, collation_key(standing.unit["name_vi"]))


def has_spread(league: League) -> bool:
    """Whether a drawing of the league tells anything."""
    return len({standing.total["score"] for standing in league.scored}) >= FEWEST


def spread_chart(league: League, forms: Forms, identifier: str) -> Markup:
    """The totals of a league on one axis."""
    middle = league.median or 0.0
    dots = [
        Dot(
            standing.total["score"],
            f"{forms.name(standing.unit)}: {forms.plain(standing.total, 'score')}",
            standing.is_root,
        )
        for standing in league.scored
    ]
    low, high, steps = round_ends([dot.value for dot in dots])
    ticks = tuple((value, forms.tick(value)) for value in steps)
    said = forms.words("spread.median", score=number_text(middle, 2, forms.language))
    names = (spread_finding(league, forms), forms.words("spread.how"), identifier)
    return dot_plot(dots, Axis(low, high, ticks, (middle, str(said))), names)


def spread_finding(league: League, forms: Forms) -> Markup:
    """Between which totals the units lie, and how far the publishing one is from the middle."""
    scores = sorted(standing.total["score"] for standing in league.scored)
    return forms.words(
        "spread.finding",
        count=forms.count(len(scores)),
        lowest=number_text(scores[0], 2, forms.language),
        highest=number_text(scores[-1], 2, forms.language),
    )
