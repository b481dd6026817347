"""The first screen: a total's level, its place among peers, its course, what moved and is owed.

Belongs here: which points can be told together, which group rose and fell most, who owes figures;
the small line. Does not: bands (``cchc_pipeline.methodology``), peers (``peers``), geometry
(``charts``), words, HTML.

Nothing is said of a movement where two figures were not measured alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.comparability import is_comparable
from cchc_pipeline.methodology import Rating, load_ratings, rate
from publish.site.blocks.dossiers import Flow
from publish.site.blocks.peers import Peers
from publish.site.charts.frame import round_ends
from publish.site.charts.trend import Point, Scale, in_time, spark_chart
from publish.site.forms import TOTAL, Forms, Names, Row
from publish.site.words import number_text

POINTS = 12
"""The most points of the small line."""
Shown = tuple[Month, Decimal, bool]
"""A month of the small line, its value, and whether that may still change."""


@dataclass(frozen=True)
class Movement:
    """By how many points a group changed."""

    metric: str
    points: Decimal


@dataclass(frozen=True)
class OwedTable:
    """A table that is owed: by so many units, or by the publishing one where ``units`` is 0."""

    table: str
    units: int


@dataclass(frozen=True)
class FirstScreen:
    """What the first screen says beside a total, its rank and its change.

    Args:
        rating: The band of the total; None where there is no total or no band was in force.
        peers: The units that it is ranked among.
        course: The last comparable totals, oldest first.
        moves: The changes of the groups; None where they cannot be compared.
        owed: What is owed for the month; None where nothing was due.
    """

    rating: Rating | None
    peers: Peers
    course: tuple[Shown, ...]
    moves: tuple[Movement, ...] | None
    owed: tuple[OwedTable, ...] | None

    @property
    def rose(self) -> Movement | None:
        """The group that rose most."""
        best = max(self.moves or (), key=lambda move: move.points, default=None)
        return best if best and best.points > 0 else None

    @property
    def fell(self) -> Movement | None:
        """The group that fell most."""
        worst = min(self.moves or (), key=lambda move: move.points, default=None)
        return worst if worst and worst.points < 0 else None


def rating_of(total: Row) -> Rating | None:
    """The band of a total of 100 points, where the bands were in force in its month."""
    scale, month = load_ratings(), Month.parse(total["period"])
    begun = scale.valid_from <= month.last_day
    ended = scale.valid_to is not None and scale.valid_to < month.first_day
    return rate(total["score"]) if begun and not ended and total["max_score"] == 100 else None


def comparable_course(totals: Iterable[Row]) -> tuple[Shown, ...]:
    """The last totals that were measured alike, oldest first.

    Args:
        totals: Totals of a unit in one basis, oldest first.
    """
    run: list[Row] = []
    for total in reversed([row for row in totals if row["score"] is not None]):
        if run and not is_comparable(total, run[0]):
            break
        run.insert(0, total)
    return tuple(
        (Month.parse(row["period"]), Decimal(str(row["score"])), row["obs_status"] == "P")
        for row in run[-POINTS:]
    )


def movements(before: Mapping[str, Row], after: Mapping[str, Row]) -> tuple[Movement, ...] | None:
    """How the groups of a total changed; None where they cannot be compared.

    Args:
        before: The unit's rows of the month before by metric.
        after: Its groups of the month by metric, and its total.
    """
    old, new = before.get(TOTAL), after.get(TOTAL)
    if old is None or new is None or None in (old["score"], new["score"]):
        return None
    if not is_comparable(old, new):
        return None
    pairs = ((code, before.get(code), row) for code, row in after.items() if code != TOTAL)
    return tuple(
        Movement(code, Decimal(str(row["score"])) - Decimal(str(was["score"])))
        for code, was, row in pairs
        if was is not None and None not in (was["score"], row["score"])
        and was["max_score"] == row["max_score"]
    )  # fmt: skip


def debts(submissions: Iterable[Row], root: str) -> tuple[OwedTable, ...] | None:
    """Which tables are owed for a month, and by how many units; None where nothing was due.

    Args:
        submissions: What was due of the units that are asked about.
        root: The unit that is asked for: where it lacks a table, the table as a whole is owed.
    """
    due = [row for row in submissions if row["status"] != "not_expected"]
    owing: dict[str, set[str]] = {}
    for row in due:
        if row["status"] == "missing":
            owing.setdefault(row["table"], set()).add(row["unit_code"])
    found = (OwedTable(name, 0 if root in by else len(by)) for name, by in sorted(owing.items()))
    return tuple(found) if due else None


def debts_text(owed: Sequence[OwedTable], forms: Forms) -> Markup:
    """The owed tables in one line."""
    parts = (
        forms.words(
            "answer.debt",
            table=forms.source(debt.table, inside=True),
            units=forms.count(debt.units),
        )
        if debt.units
        else Markup("{}").format(forms.source(debt.table, inside=True))
        for debt in owed
    )
    return forms.words("site.separator").join(parts)


def move_text(key: str, move: Movement | None, names: Names, forms: Forms) -> Markup:
    """What rose or fell most, or that nothing did; ``key`` is ``rose`` or ``fell``."""
    if move is None:
        return forms.words(f"answer.none_{key}")
    return forms.words(
        f"answer.{key}",
        group=forms.name(names.metric(move.metric)),
        points=forms.signed(move.points),
    )


def flow_course(flows: Iterable[Flow]) -> tuple[Shown, ...]:
    """The share in time of the last months that have one, oldest first."""
    ordered = sorted(flows, key=lambda flow: str(flow.month))
    return tuple(
        (flow.month, flow.in_time, flow.row["obs_status"] == "P")
        for flow in ordered
        if flow.in_time is not None
    )[-POINTS:]


def flow_move(course: Sequence[Shown]) -> Decimal | None:
    """The percentage points gained since the month just before; None where it has no share."""
    if len(course) < 2 or course[-2][0].next() != course[-1][0]:
        return None
    return course[-1][1] - course[-2][1]


def answer_line(
    course: Sequence[Shown], forms: Forms, identifier: str, target: float | None = None
) -> Markup:
    """The small line of the last points; nothing of fewer than two."""
    if len(course) < 2:
        return Markup("")
    values = [float(value) for _, value, _ in course]
    low, high, _ = round_ends(values if target is None else [*values, target])
    aim = None if target is None else (target, "")
    points = in_time(
        [(month, _point(month, value, open_, forms)) for month, value, open_ in course]
    )
    names = (_line_name(course, forms), forms.words("answer.line_how"), identifier)
    ends = (_end(course[0], forms), _end(course[-1], forms))
    return spark_chart(points, Scale(low, high, (), aim), names, ends)


def _point(month: Month, value: Decimal, is_open: bool, forms: Forms) -> Point:
    shown = number_text(float(value), 2, forms.language)
    said = forms.words("indicator.point", month=forms.month(month), value=shown)
    return Point("", float(value), said, is_open)


def _end(shown: Shown, forms: Forms) -> str:
    month, value, _ = shown
    return f"{month.month}/{month.year}: {number_text(float(value), 2, forms.language)}"


def _line_name(course: Sequence[Shown], forms: Forms) -> Markup:
    return forms.words(
        "answer.line", count=forms.count(len(course)),
        first=forms.month(course[0][0], inside=True), last=forms.month(course[-1][0], inside=True),
    )  # fmt: skip


ANSWERS: Mapping[str, Any] = {
    "answer_line": answer_line,
    "debts_text": debts_text,
    "move_text": move_text,
}
"""What the template of the first screen calls."""
