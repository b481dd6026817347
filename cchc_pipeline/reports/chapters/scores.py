"""The chapter on Decision 766: the total, its groups, what moved, units ahead and behind by level.

Belongs here: choosing these figures and saying them. Does not: their course (``trend``), or ranks
and scores, which are released.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.core.written import collation_key
from cchc_pipeline.indicators.comparability import is_comparable
from cchc_pipeline.methodology import load_methodology
from cchc_pipeline.reports.chapters.trend import Move, Trend, course_months, course_of, trend_of
from cchc_pipeline.reports.charts import ShareBar, bar_picture
from cchc_pipeline.reports.document import Block, Lines, PaperColumn, PaperTable, Picture, Title
from cchc_pipeline.reports.released import NULL_METRIC, TOTAL, Released, Row
from cchc_pipeline.reports.span import ReportSpan
from cchc_pipeline.reports.wording import (
    DASH,
    PER_CENT,
    count,
    limit,
    marked,
    plain,
    provisional,
    remark,
    say,
    source_note,
    step_name,
    trend_cell,
    trend_text,
    two,
    window_name,
)

_HOME_LEVELS = frozenset({"city", "province"})
_BELOW = ("agency", "district", "commune")


@dataclass(frozen=True)
class Scored:
    """A unit's total or group, its name, and what became of it."""

    row: Row
    name: str
    trend: Trend | None


@dataclass(frozen=True)
class LevelTable:
    """The units of one level that have a total, the highest first.

    ``has_gaps`` says that a group of one of them lacks a metric's score.
    """

    level: str
    units: tuple[Scored, ...]
    has_gaps: bool = False


@dataclass(frozen=True)
class ScoreFacts:
    """What is known of a unit's scores in a span, in the best window that has any."""

    month: Month
    basis: Basis
    total: Scored | None
    groups: tuple[Scored, ...]
    peers: int
    levels: tuple[LevelTable, ...]

    @property
    def moved(self) -> tuple[Scored, ...]:
        """The groups whose movement can be told, the greatest rise first."""
        told = [group for group in self.groups if _difference(group) is not None]
        return tuple(sorted(told, key=lambda group: -(_difference(group) or 0)))

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows that are told of."""
        own = (self.total, *self.groups)
        return tuple(
            one.row for one in (*own, *(u for part in self.levels for u in part.units)) if one
        )


def _difference(scored: Scored) -> Decimal | None:
    return scored.trend.difference if scored.trend else None


def score_facts(released: Released, span: ReportSpan, unit: str) -> ScoreFacts | None:
    """What the release knows of a unit's scores in a span; None of nothing."""
    for basis in span.bases:
        rows = _by_place(released.rows("scores", (span.last,), basis=basis.value))
        if any(code == unit and row["score"] is not None for (code, _), row in rows.items()):
            return _facts(released, span.last, basis, unit, rows)
    return None


def _facts(
    released: Released, month: Month, basis: Basis, unit: str, rows: Mapping[tuple[str, str], Row]
) -> ScoreFacts:
    own = {metric: row for (code, metric), row in rows.items() if code == unit}
    course = _Course(released, month, basis)
    total = own.get(TOTAL)
    has_total = total is not None and total["score"] is not None
    home = _level(released.units(month), unit)
    peers = [r for (code, m), r in rows.items() if m == TOTAL and r["rank"] is not None
             and _level(released.units(month), code) == home]  # fmt: skip
    return ScoreFacts(
        month,
        basis,
        course.scored(total, say("scores.total")) if has_total and total else None,
        tuple(course.scored(own[code], name) for code, name in _groups(released, own)),
        len(peers),
        tuple(_levels(released, month, rows, course)),
    )


def _by_place(rows: Iterable[Row]) -> dict[tuple[str, str], Row]:
    return {(row["unit_code"], row["metric_code"]): row for row in rows}


def _level(units: Mapping[str, Row], code: str) -> str:
    """The league of a unit: the city stands among the provinces."""
    level = str(units[code]["level"]) if code in units else ""
    return "province" if level in _HOME_LEVELS else level


def _groups(released: Released, own: Mapping[str, Row]) -> Iterable[tuple[str, str]]:
    """The groups that the unit's total is the sum of, in the methodology's order, by name."""
    first = next(row for row in own.values() if row["score"] is not None)
    methodology = load_methodology(first["methodology"])
    scores = {metric: row["score"] for metric, row in own.items()}
    codes = methodology.summed_groups(scores) or tuple(g.code for g in methodology.groups)
    for code in codes:
        if code in own:
            known = released.metrics.get((methodology.code, code))
            yield code, str(known["name_vi"]) if known else code


class _Course:
    """The scores of earlier periods in one basis, to compare with."""

    def __init__(self, released: Released, month: Month, basis: Basis) -> None:
        self._months = course_months(min(released.months), month, basis)
        rows = released.rows("scores", released.months, basis=basis.value)
        self._rows = {(r["unit_code"], r["metric_code"], r["period"]): r for r in rows}

    def scored(self, row: Row, name: str) -> Scored:
        """A figure with what became of it; a new year's first one is no first one at all."""
        course = course_of(self._months, lambda month: self._value(row, month))
        trend = trend_of(course)
        if trend and trend.move is Move.FIRST and self._was_before(row):
            trend = None
        return Scored(row, name, trend)

    def _was_before(self, row: Row) -> bool:
        place = row["unit_code"], row["metric_code"]
        oldest = str(self._months[0])
        return any(
            key[:2] == place and key[2] < oldest and found["score"] is not None
            for key, found in self._rows.items()
        )

    def _value(self, row: Row, month: Month) -> tuple[Decimal | None, bool]:
        found = self._at(row, month)
        if found is None or found["score"] is None:
            return None, False
        place = self._months.index(month)
        before = self._at(row, self._months[place - 1]) if place else None
        anew = before is not None and not _is_alike(before, found)
        return Decimal(str(found["score"])), anew

    def _at(self, row: Row, month: Month) -> Row | None:
        return self._rows.get((row["unit_code"], row["metric_code"], str(month)))


def _is_alike(before: Row, after: Row) -> bool:
    same_scale = before["max_score"] == after["max_score"]
    return same_scale and after["obs_status"] != "B" and is_comparable(before, after)


def _levels(
    released: Released, month: Month, rows: Mapping[tuple[str, str], Row], course: _Course
) -> Iterable[LevelTable]:
    units = released.units(month)
    for level in _BELOW:
        codes = [c for (c, metric), row in rows.items() if metric == TOTAL
                 and _level(units, c) == level and row["score"] is not None]  # fmt: skip
        found = [course.scored(rows[code, TOTAL], str(units[code]["name_vi"])) for code in codes]
        gaps = any(NULL_METRIC in str(row["quality_flag"] or "") and _level(units, code) == level
                   for (code, _), row in rows.items())  # fmt: skip
        if found:
            yield LevelTable(level, tuple(sorted(found, key=_best_first)), gaps)


def _best_first(scored: Scored) -> tuple[float, object]:
    return -scored.row["score"], collation_key(scored.name)


# What is said of them


def score_chapter(released: Released, span: ReportSpan, number: str) -> tuple[Block, ...]:
    """The chapter of a report."""
    facts = score_facts(released, span, released.root)
    if facts is None:
        rows = released.rows("scores", (span.last,), unit_code=released.root, metric_code=TOTAL)
        reason = remark(rows[0] if rows else None)
        return (
            Title(say("scores.title", number=number)),
            Lines(say("scores.none", reason=reason)),
            Lines(source_note(released, say("scores.table"), rows), "note"),
        )
    own = [one.row for one in (facts.total, *facts.groups) if one]
    return (
        Title(marked(say("scores.title", number=number), own)),
        Lines(total_sentence(released, facts, released.root)),
        *(Lines(text) for text in moved_sentences(facts)),
        group_grid(facts, own),
        group_picture(facts),
        Lines(source_note(released, say("scores.table"), own), "note"),
        *_units_part(released, facts),
    )


def total_sentence(released: Released, facts: ScoreFacts, unit: str) -> str:
    """The total, its rank among its peers, and what became of it."""
    name, window = released.name(unit, facts.month), window_name(facts.month, facts.basis)
    if facts.total is None:
        return say("scores.no_total", name=name, window=window)
    row = facts.total.row
    said = say(
        "scores.total_is", name=name, window=window, score=two(row["score"]),
        maximum=plain(row["max_score"]), status=provisional(row),
    )  # fmt: skip
    if row["rank"] is not None and facts.peers > 1:
        level = _level(released.units(facts.month), unit)
        said += say(
            "scores.rank", rank=row["rank"], peers=count(facts.peers), kind=say(f"levels.{level}")
        )
    moved = trend_text(facts.total.trend, say("scores.points"), facts.basis)
    return f"{said}; {moved}." if moved else f"{said}."


def moved_sentences(facts: ScoreFacts) -> Iterable[str]:
    """What rose and fell most; or why nothing can be said of it."""
    moved = facts.moved
    if not moved:
        return
    rose = [group for group in moved if group.trend and group.trend.move is Move.RISE]
    fell = [group for group in reversed(moved) if group.trend and group.trend.move is Move.FALL]
    before = moved[0].trend.before if moved[0].trend else None
    since = step_name(before, facts.basis) if before else ""
    for key, groups in (("rose", rose), ("fell", fell)):
        if groups:
            parts = (_moved(group) for group in groups)
            yield say(f"scores.{key}", before=since, groups="; ".join(parts))
    if not rose and not fell:
        yield say("scores.unmoved", before=since)


def _moved(group: Scored) -> str:
    return say("scores.moved", name=group.name, points=two(abs(_difference(group) or Decimal(0))))


def group_grid(facts: ScoreFacts, rows: Iterable[Row]) -> PaperTable:
    """The groups against their maximum, with the total."""
    lines = [*facts.groups, *([facts.total] if facts.total else [])]
    return PaperTable(
        marked(say("scores.groups", window=window_name(facts.month, facts.basis)), rows),
        (
            PaperColumn(say("scores.group"), 31),
            PaperColumn(say("scores.score"), 11, is_number=True),
            PaperColumn(say("scores.maximum"), 11, is_number=True),
            PaperColumn(say("scores.reached"), 15, is_number=True),
            PaperColumn(say("scores.change"), 14, is_number=True),
            PaperColumn(say("scores.place"), 10, is_number=True),
            PaperColumn(say("common.remark"), 16),
        ),
        tuple(_group_cells(one) for one in lines),
        frozenset({len(facts.groups)} if facts.total else ()),
    )


def _group_cells(one: Scored) -> tuple[str, ...]:
    row = one.row
    score = two(row["score"]) if row["score"] is not None else DASH
    reached = f"{two(row['ratio'])}{PER_CENT}" if row["ratio"] is not None else DASH
    rank = str(row["rank"]) if row["rank"] is not None else DASH
    return (
        one.name, score, plain(row["max_score"]), reached, trend_cell(one.trend), rank, remark(row)
    )  # fmt: skip


def group_picture(facts: ScoreFacts) -> Picture:
    """The groups as bars against their maximum."""
    bars = [
        ShareBar(
            one.name,
            one.row["score"] / one.row["max_score"] if one.row["score"] is not None else None,
            say("scores.bar", score=two(one.row["score"]), maximum=plain(one.row["max_score"]))
            if one.row["score"] is not None
            else status_or_dash(one.row),
        )
        for one in facts.groups
    ]
    said = say("scores.picture", window=window_name(facts.month, facts.basis))
    return Picture(bar_picture(bars), marked(said, [one.row for one in facts.groups]))


def status_or_dash(row: Row) -> str:
    """Why there is no figure."""
    return f"{DASH} {remark(row)}".strip()


def _units_part(released: Released, facts: ScoreFacts) -> Iterable[Block]:
    yield Title(say("scores.units_title"), 2)
    if not facts.levels:
        yield Lines(say("scores.no_units"))
        return
    yield Lines(say("scores.apart"))
    for part in facts.levels:
        rows = [unit.row for unit in part.units]
        yield Lines(_ends_sentence(part))
        if part.has_gaps:
            yield Lines(say("scores.gaps"))
        yield _units_grid(part, facts)
        yield Lines(source_note(released, say("scores.table"), rows), "note")


def _ends_sentence(part: LevelTable) -> str:
    """The highest and the lowest, all of them where several share a total; one is no league."""
    level = say(f"levels.{part.level}")
    if len(part.units) == 1:
        only = part.units[0]
        return say("scores.only", kind=level, name=only.name, score=two(only.row["score"]))
    scores = [unit.row["score"] for unit in part.units]
    if min(scores) == max(scores):
        return say("scores.level", kind=level, count=count(len(scores)), score=two(scores[0]))
    return say(
        "scores.ends", kind=level, count=count(len(scores)),
        highest=_sharing(part, max(scores)), high=two(max(scores)),
        lowest=_sharing(part, min(scores)), low=two(min(scores)),
    )  # fmt: skip


def _sharing(part: LevelTable, score: float) -> str:
    names = [unit.name for unit in part.units if unit.row["score"] == score]
    return ", ".join(names)


def _units_grid(part: LevelTable, facts: ScoreFacts) -> PaperTable:
    """All of them if they are few, else the ends."""
    ends, level = limit("ends"), say(f"levels.{part.level}")
    shown = [*part.units]
    is_cut = len(shown) > 2 * ends + 1
    if is_cut:
        shown = [*shown[:ends], *shown[-ends:]]
    cells = [_unit_cells(unit) for unit in shown]
    if is_cut:
        cells.insert(ends, ("…", say("scores.between", count=count(len(part.units) - 2 * ends)),
                            "…", "…", ""))  # fmt: skip
    window = window_name(facts.month, facts.basis)
    return PaperTable(
        marked(say("scores.units", kind=level, window=window), [u.row for u in part.units]),
        (
            PaperColumn(say("scores.place"), 10, is_number=True),
            PaperColumn(say("common.unit"), 44),
            PaperColumn(say("scores.total"), 12, is_number=True),
            PaperColumn(say("scores.change"), 14, is_number=True),
            PaperColumn(say("common.remark"), 20),
        ),
        tuple(cells),
    )


def _unit_cells(unit: Scored) -> tuple[str, ...]:
    row = unit.row
    rank = str(row["rank"]) if row["rank"] is not None else DASH
    return rank, unit.name, two(row["score"]), trend_cell(unit.trend), remark(row)
