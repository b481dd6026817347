"""What the page of a unit shows: its course, what cost it points, its dossiers, its charts.

Belongs here: the rows of one unit, chosen and ordered; which points were lost where, and how many
cases more would have earned them; points, scales and findings of the charts. Does not: the rules of
scoring (``cchc_pipeline.methodology``), which units have a page (``units``), geometry (``charts``),
words, HTML.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.indicators.comparability import is_comparable
from cchc_pipeline.methodology import cases_needed
from publish.site.blocks.answer import (
    ANSWERS,
    FirstScreen,
    OwedTable,
    Shown,
    comparable_course,
    debts,
    flow_course,
    flow_move,
    movements,
    rating_of,
)
from publish.site.blocks.beside import Beside, units_beside
from publish.site.blocks.dossiers import Flow, flow_chart, flow_finding
from publish.site.blocks.peers import peers_chart, peers_finding, peers_of
from publish.site.charts.frame import round_ends
from publish.site.charts.trend import Point, Scale, in_time, month_label, trend_chart
from publish.site.extract import Extract, Row
from publish.site.forms import TOTAL, Forms, Names, has_score, is_sample, names_of
from publish.site.pages.month import MetricBlock, MonthWindow, window_of
from publish.site.words import number_text

COURSE, TABLE, REVISIONS = 24, 13, 30
"""Months of the drawn course, months of the tables, and the most revisions that are listed."""
Scores = Mapping[tuple[str, str], Row]


@dataclass(frozen=True)
class Loss:
    """What a metric cost, in points; or what a group cost beyond its metrics that are known.

    Args:
        row: The row of ``scores`` of the metric, or of the group.
        points: The maximum less the score.
        needed: How many cases more would have earned the maximum; None where that is not known.
        is_rest: Whether the points are those of a group that its source does not divide.
    """

    row: Row
    points: Decimal
    needed: int | None = None
    is_rest: bool = False


def losses_of(window: MonthWindow | None) -> tuple[Loss, ...]:
    """Where points were lost, the dearest first; what is the province's is no loss of a unit."""
    if window is None:
        return ()
    found = (loss for block in window.blocks for loss in _of_group(block, window))
    losses = [loss for loss in found if loss.points > 0 and not window.is_of_province(loss.row)]
    return tuple(sorted(losses, key=lambda loss: -loss.points))


def _of_group(block: MetricBlock, window: MonthWindow) -> Iterable[Loss]:
    """The metrics whose score is known, and the rest of the group if any is not."""
    metrics = [row for row in block.metrics if row["max_score"]]
    known = [
        _of_metric(row, score, window) for row in metrics if (score := _score(row)) is not None
    ]
    yield from known
    if len(known) < len(metrics) and block.group["score"] is not None:
        yield Loss(block.group, _lost(block.group) - _sum(known), is_rest=True)


def _score(row: Row) -> Decimal | None:
    """The published score, else the recomputed one; none where the source does not divide a group.

    A metric that the source left empty although it collects it counts 0 in the total.
    """
    if row["score"] is not None:
        return Decimal(str(row["score"]))
    if row["recomputed_score"] is not None:
        return Decimal(str(row["recomputed_score"]))
    return None if row["obs_status"] == "L" else Decimal(0)


def _of_metric(row: Row, score: Decimal, window: MonthWindow) -> Loss:
    maximum = Decimal(str(row["max_score"]))
    metric = window.methodology.metric(row["metric_code"])
    counts = row["numerator"], row["denominator"]
    return Loss(row, maximum - score, cases_needed(metric, *counts, maximum, window.month.last_day))


def _lost(row: Row) -> Decimal:
    return Decimal(str(row["max_score"])) - Decimal(str(row["score"]))


def _sum(losses: Sequence[Loss]) -> Decimal:
    return sum((loss.points for loss in losses), Decimal(0))


@dataclass(frozen=True)
class UnitMoment:
    """A month of a unit's course in one basis, by metric; empty where it has no scores."""

    month: Month
    rows: Mapping[str, Row]

    @property
    def total(self) -> Row | None:
        """The total, where it has a score."""
        row = self.rows.get(TOTAL)
        return row if row is not None and has_score(row) else None

    @property
    def has_scores(self) -> bool:
        """Whether the source scored anything of it, with a total or without."""
        return any(has_score(row) for row in self.rows.values())


@dataclass(frozen=True)
class ShownRevision:
    """The difference to the month before, in points; None with the reason why there is none."""

    before: Row | None
    points: Decimal | None
    reason: str = ""


@dataclass(frozen=True)
class UnitFacts:
    """Everything that the page of a unit says."""

    unit: Row
    parent: Row | None
    names: Names
    newest: Month
    window: MonthWindow | None
    course: tuple[UnitMoment, ...]
    change: ShownRevision
    losses: tuple[Loss, ...]
    flows: tuple[Flow, ...]
    fields: tuple[Row, ...]
    submissions: tuple[Row, ...]
    revisions: tuple[Row, ...]
    successions: tuple[Row, ...]
    peers: int
    answer: FirstScreen | None = None
    owed: tuple[OwedTable, ...] | None = None
    shares: tuple[Shown, ...] = ()
    beside: Beside | None = None

    @property
    def is_sample(self) -> bool:
        """Whether the unit or any of its newest scores is a sample."""
        return is_sample((self.unit, self.window.total if self.window else None))

    @property
    def share_move(self) -> Decimal | None:
        """The percentage points of dossiers in time gained since the month before."""
        return flow_move(self.shares)

    @property
    def recent(self) -> tuple[UnitMoment, ...]:
        """The months of the table, the newest first."""
        return tuple(reversed(self.course[-TABLE:]))

    @property
    def totals(self) -> list[Row]:
        """The totals that the course is drawn of; none where the source gives none."""
        return [moment.total for moment in self.course if moment.total is not None]

    @property
    def lost(self) -> Decimal:
        """All points that were lost."""
        return sum((loss.points for loss in self.losses), Decimal(0))


def unit_facts(extract: Extract) -> UnitFacts:
    """Choose and order what the page of a unit shows."""
    code, months = extract.more["unit"], [Month.parse(m) for m in extract.more["months"]]
    names = names_of(extract, months[-1])
    basis, by_month = _best_basis(extract.rows("scores"))
    course = tuple(UnitMoment(month, by_month.get(str(month), {})) for month in months[-COURSE:])
    window = _window(course, basis, code, names)
    due = [
        row for row in extract.rows("submissions") if row["period"] == extract.more["months"][-1]
    ]
    owed = debts(due, code)
    flows = _flows(extract.rows("dossier_statistics"))
    unit = _latest(extract.rows("units"), code) or {**names.unit(code), "valid_to": None}
    return UnitFacts(
        unit=unit,
        parent=_latest(extract.rows("units"), unit.get("parent_code") or ""),
        names=names,
        newest=months[-1],
        window=window,
        course=_from_first(course),
        change=_change(course),
        losses=losses_of(window),
        flows=flows,
        fields=_fields(extract.rows("dossier_statistics")),
        submissions=_newest(extract.rows("submissions"), TABLE),
        revisions=_revisions(extract.rows("revisions")),
        successions=tuple(extract.rows("successions")),
        peers=_peers(extract.more["peers"], window),
        answer=_answer(extract, window, course, owed),
        owed=owed,
        shares=flow_course(flows),
        beside=_beside(extract, window, course, flows),
    )


def _beside(
    extract: Extract,
    window: MonthWindow | None,
    course: Iterable[UnitMoment],
    flows: Iterable[Flow],
) -> Beside | None:
    """The unit beside those nearest to it in rank; None without a total."""
    if window is None or window.total["score"] is None:
        return None
    moment = next(moment for moment in course if moment.month == window.month)
    near = (row for row in extract.rows("near_scores") if row["basis"] == window.basis)
    mine = (flow.row for flow in flows if flow.month == window.month)
    return units_beside(
        [extract.more["unit"], *extract.more["neighbours"].get(window.basis.value, ())],
        [*moment.rows.values(), *near],
        [*mine, *extract.rows("near_flows")],
        [block.group["metric_code"] for block in window.blocks],
    )


def _answer(
    extract: Extract,
    window: MonthWindow | None,
    course: Sequence[UnitMoment],
    owed: tuple[OwedTable, ...] | None,
) -> FirstScreen | None:
    """The first screen beside the total; None without any scores."""
    if window is None:
        return None
    before = next((m.rows for m in course if m.month == window.month.previous()), {})
    totals = [moment.total for moment in course if moment.total is not None]
    rivals = extract.more["rivals"].get(window.basis.value, ())
    size = extract.more["size"].get(window.basis.value)
    peers = peers_of([tuple(r) for r in rivals], window.total["score"], size)
    return FirstScreen(
        rating_of(window.total), peers,
        comparable_course(totals), movements(before, window.of_groups),
        owed,
    )  # fmt: skip


def _latest(units: Iterable[Row], code: str) -> Row | None:
    """The last row of a unit; it may have ended before the newest month."""
    rows = (row for row in units if row["unit_code"] == code)
    return max(rows, key=lambda row: row["valid_from"], default=None)


def _best_basis(rows: Iterable[Row]) -> tuple[Basis, dict[str, dict[str, Row]]]:
    """The best basis in which the unit has scores in its newest scored month, and its rows.

    One with a total is better than one without.
    """
    found: dict[str, dict[str, dict[str, Row]]] = {}
    newest: dict[str, tuple[str, bool]] = {}
    for row in rows:
        found.setdefault(row["basis"], {}).setdefault(row["period"], {})[row["metric_code"]] = row
        if has_score(row):
            scored = (row["period"], row["metric_code"] == TOTAL)
            newest[row["basis"]] = max(newest.get(row["basis"], scored), scored)
    last = max(newest.values(), default=None)
    basis = next((b for b in Basis if last and newest.get(b.value) == last), Basis.MONTH)
    return basis, found.get(basis.value, {})


def _window(
    course: Sequence[UnitMoment], basis: Basis, code: str, names: Names
) -> MonthWindow | None:
    moment = next((m for m in reversed(course) if m.has_scores), None)
    if moment is None:
        return None
    rows = {(code, metric): row for metric, row in moment.rows.items()}
    return window_of(moment.month, basis, rows, code, names)


def _from_first(course: Sequence[UnitMoment]) -> tuple[UnitMoment, ...]:
    """The course from the first month that has scores."""
    given = [place for place, moment in enumerate(course) if moment.has_scores]
    return tuple(course[given[0] :]) if given else ()


def _change(course: Sequence[UnitMoment]) -> ShownRevision:
    given = [moment for moment in course if moment.total is not None]
    if len(given) < 2:
        return ShownRevision(None, None, "first")
    before, after = given[-2].total, given[-1].total
    assert before is not None  # noqa: S101 - chosen just above
    assert after is not None  # noqa: S101
    if given[-2].month.next() != given[-1].month:
        return ShownRevision(before, None, "gap")
    if not is_comparable(before, after):
        return ShownRevision(before, None, "method")
    return ShownRevision(before, Decimal(str(after["score"])) - Decimal(str(before["score"])))


def _flows(rows: Iterable[Row]) -> tuple[Flow, ...]:
    """The months of which there are dossiers, the newest first."""
    whole = [row for row in rows if row["field_code"] == "ALL" and row["finished"] is not None]
    flows = sorted((Flow(Month.parse(row["period"]), row) for row in whole), key=_month_of)
    return tuple(reversed(flows[-TABLE + 1 :]))


def _month_of(flow: Flow) -> Month:
    return flow.month


def _fields(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows by field of the newest month that has any, the largest first."""
    by_field = [row for row in rows if row["field_code"] != "ALL" and row["received"] is not None]
    last = max((row["period"] for row in by_field), default="")
    found = [row for row in by_field if row["period"] == last]
    return tuple(sorted(found, key=lambda row: (-row["received"], row["field_code"])))


def _newest(rows: Iterable[Row], months: int) -> tuple[Row, ...]:
    """The rows of the newest months, the newest first."""
    ordered = sorted(rows, key=lambda row: row["table"])
    ordered.sort(key=lambda row: row["period"], reverse=True)
    last = sorted({row["period"] for row in ordered})[-months:]
    return tuple(row for row in ordered if row["period"] in last)


def _revisions(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Newest first, in the order of the log within a release."""
    return tuple(sorted(rows, key=lambda row: row["published_at"], reverse=True))


def _peers(peers: Mapping[str, int], window: MonthWindow | None) -> int:
    return 0 if window is None else peers.get(f"{window.month} {window.basis.value}", 0)


def change_scale(
    values: Sequence[float],
    forms: Forms,
    high: float | None = None,
    target: tuple[float, str] | None = None,
) -> Scale:
    """An axis that shows how values change, and says so where it does not begin at 0.

    Args:
        values: What is drawn.
        forms: The forms of the page's language.
        high: What the axis must not pass.
        target: A value that should be reached, with its text.
    """
    start, end, ticks = round_ends(values, 0.0, high)
    said = [(value, forms.tick(value)) for value in ticks]
    note = forms.words("charts.axis", low=said[0][1], high=said[-1][1]) if start else ""
    return Scale(start, end, tuple(said), target, str(note))


def course_chart(facts: UnitFacts, forms: Forms) -> Markup:
    """The unit's total over the months; nothing where there is none."""
    totals = facts.totals
    if not totals:
        return Markup("")
    scale = change_scale([row["score"] for row in totals], forms, totals[-1]["max_score"])
    names = (course_finding(facts, forms), forms.words("unit.course_how"), "chart-course")
    last = forms.plain(totals[-1], "score")
    return trend_chart(in_time(list(_points(facts.course, forms))), scale, names, last)


def _points(course: Sequence[UnitMoment], forms: Forms) -> Iterable[tuple[Month, Point]]:
    before = None
    for moment in course:
        label = month_label(moment.month)
        total = moment.total
        if total is None:
            yield moment.month, Point(label, None, "")
            continue
        said = forms.words(
            "unit.point", month=forms.month(moment.month), score=forms.plain(total, "score")
        )
        broken = before is not None and not is_comparable(before, total)
        yield moment.month, Point(label, total["score"], said, total["obs_status"] == "P", broken)
        before = total


def course_finding(facts: UnitFacts, forms: Forms) -> Markup:
    """Whether the total rose or fell since the first month that can be compared with the last."""
    given = [moment for moment in facts.course if moment.total is not None]
    like = _comparable_run(given)
    if len(like) < 2:
        return forms.words("unit.course_plain")
    first, last = like[0], like[-1]
    assert first.total is not None  # noqa: S101 - all have a total
    assert last.total is not None  # noqa: S101
    points = Decimal(str(last.total["score"])) - Decimal(str(first.total["score"]))
    key = (
        "unit.course_up" if points > 0 else "unit.course_down" if points < 0 else "unit.course_same"
    )
    return forms.words(
        key,
        points=number_text(float(abs(points)), 2, forms.language),
        first=forms.month(first.month, inside=True),
        last=forms.month(last.month, inside=True),
    )


def _comparable_run(given: Sequence[UnitMoment]) -> Sequence[UnitMoment]:
    """The last stretch of months that were measured alike."""
    run: list[UnitMoment] = []
    for moment in reversed(given):
        if run and not is_comparable(moment.total or {}, run[-1].total or {}):
            break
        run.append(moment)
    return run[::-1]


UNIT_CHARTS: Mapping[str, Callable[..., Any]] = {
    "course_chart": course_chart,
    "course_finding": course_finding,
    "flow_chart": flow_chart,
    "flow_finding": flow_finding,
    "peers_chart": peers_chart,
    "peers_finding": peers_finding,
    **ANSWERS,
}
