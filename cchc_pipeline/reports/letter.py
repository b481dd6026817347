"""The letter to a unit: its figures, what cost it points, what it owes, the sheet of its errors.

Belongs here: choosing what concerns one unit and saying it. Does not: the sheet itself
(``error_sheets``), or the sentences that it shares with the report.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from cchc_pipeline.contracts.sources import listed_sources
from cchc_pipeline.core.period import Month
from cchc_pipeline.methodology import Methodology, cases_needed, load_methodology
from cchc_pipeline.reports.chapters.dossiers import IN_TIME, MEASURES, dossier_facts
from cchc_pipeline.reports.chapters.flows import FlowSum, sum_of
from cchc_pipeline.reports.chapters.scores import (
    ScoreFacts,
    group_grid,
    moved_sentences,
    score_facts,
    total_sentence,
)
from cchc_pipeline.reports.chapters.tasks import led_by, task_facts, task_grid
from cchc_pipeline.reports.document import Block, Lines, Paper, PaperColumn, PaperTable, Title
from cchc_pipeline.reports.released import ALL, Released, Row
from cchc_pipeline.reports.report import Writer, closing, letterhead, mark_of, source_of
from cchc_pipeline.reports.span import ReportSpan
from cchc_pipeline.reports.wording import (
    DASH,
    count,
    day,
    limit,
    marked,
    month_name,
    percent,
    plain,
    remark,
    say,
    source_note,
    span_name,
    two,
)


@dataclass(frozen=True)
class PointLoss:
    """A metric that a unit lost points by, and how many more cases would have earned them."""

    row: Row
    name: str
    points: Decimal
    cases: int | None


def point_losses(released: Released, facts: ScoreFacts, unit: str) -> tuple[PointLoss, ...]:
    """Where a unit lost points, the dearest first.

    What is the province's is no loss of its own; nothing is said of a metric whose score neither
    the source nor the counts tell.
    """
    rows = released.rows("scores", (facts.month,), unit_code=unit, basis=facts.basis.value)
    scored = [loss for row in rows if (loss := _loss(released, row, facts)) is not None]
    return tuple(sorted(scored, key=lambda loss: (-loss.points, loss.name)))


def _loss(released: Released, row: Row, facts: ScoreFacts) -> PointLoss | None:
    score = row["score"] if row["score"] is not None else row["recomputed_score"]
    methodology: Methodology | None = (
        load_methodology(row["methodology"]) if row["methodology"] else None
    )
    code = row["metric_code"]
    if methodology is None or score is None or not row["max_score"]:
        return None
    if not methodology.is_metric(code) or methodology.metric(code).of_province:
        return None
    maximum = Decimal(str(row["max_score"]))
    points = maximum - Decimal(str(score))
    if points <= 0:
        return None
    known = released.metrics.get((methodology.code, code))
    cases = cases_needed(
        methodology.metric(code), row["numerator"], row["denominator"], maximum,
        facts.month.last_day,
    )  # fmt: skip
    return PointLoss(row, str(known["name_vi"]) if known else code, points, cases)


def unit_letter(
    released: Released, span: ReportSpan, writer: Writer, unit: str, sheets: Iterable[str]
) -> Paper:
    """The letter to a unit.

    Args:
        released: The released figures.
        span: The time that it tells of.
        writer: Who writes.
        unit: The unit's code.
        sheets: The sheets of its errors that go with it, by their names.
    """
    name = released.name(unit, span.last)
    blocks = (
        Lines(say("letter.opening", office=writer.office, name=name, span=span_name(span))),
        *_scores(released, span, unit),
        *_dossiers(released, span, unit),
        *_owed(released, span, unit, name),
        *_errors(released, span, unit, tuple(sheets)),
        Lines(say("letter.end", office=writer.office, name=name)),
    )
    return Paper(
        f"cong-van-{unit}-{span.slug}",
        letterhead(writer, span.last, "", say("letter.subject", span=span_name(span)), name),
        blocks,
        closing(writer, span.last.year, is_letter=True),
        mark_of(released, span),
        source_of(released),
        released.published_at,
    )


def _scores(released: Released, span: ReportSpan, unit: str) -> Iterable[Block]:
    facts = score_facts(released, span, unit)
    if facts is None:
        yield Title(say("letter.scores_title"), 2)
        yield Lines(say("letter.no_scores", span=span_name(span)))
        return
    own = [one.row for one in (facts.total, *facts.groups) if one]
    yield Title(marked(say("letter.scores_title"), own), 2)
    yield Lines(total_sentence(released, facts, unit))
    yield from (Lines(text) for text in moved_sentences(facts))
    yield group_grid(facts, own)
    yield from _losses(point_losses(released, facts, unit))
    yield Lines(source_note(released, say("scores.table"), own), "note")


def _losses(losses: tuple[PointLoss, ...]) -> Iterable[Block]:
    if not losses:
        yield Lines(say("letter.no_losses"))
        return
    rows = [loss.row for loss in losses]
    yield Lines(say("letter.losses", points=two(sum((x.points for x in losses), Decimal(0)))))
    yield PaperTable(
        marked(say("letter.losses_grid"), rows),
        (
            PaperColumn(say("letter.metric"), 42),
            PaperColumn(say("scores.score"), 11, is_number=True),
            PaperColumn(say("scores.maximum"), 11, is_number=True),
            PaperColumn(say("letter.lost"), 11, is_number=True),
            PaperColumn(say("letter.counts"), 15, is_number=True),
            PaperColumn(say("letter.cases"), 11, is_number=True),
        ),
        tuple(_loss_cells(loss) for loss in losses[: limit("losses")]),
    )


def _loss_cells(loss: PointLoss) -> tuple[str, ...]:
    row = loss.row
    has_counts = None not in (row["numerator"], row["denominator"])
    counts = f"{plain(row['numerator'])}/{plain(row['denominator'])}" if has_counts else DASH
    maximum = Decimal(str(row["max_score"]))
    cases = count(loss.cases) if loss.cases is not None else DASH
    return loss.name, two(maximum - loss.points), plain(maximum), two(loss.points), counts, cases


def _dossiers(released: Released, span: ReportSpan, unit: str) -> Iterable[Block]:
    rows = released.rows("dossier_statistics", span.months, unit_code=unit, field_code=ALL)
    flow = sum_of(rows, span.months)
    yield Title(marked(say("letter.dossiers_title"), rows), 2)
    if flow.is_empty:
        yield Lines(say("letter.no_dossiers", span=span_name(span), reason=remark(_last(rows))))
        return
    numbers = {name: DASH if v is None else count(v) for name, v in flow.counts.items()}
    if flow.lacking:
        months = ", ".join(month_name(month) for month in flow.lacking)
        yield Lines(say("dossiers.lacking", months=months, span=span_name(span)))
    yield Lines(
        say("letter.dossiers", span=span_name(span), in_time=percent(flow.share(*IN_TIME)),
            month=month_name(span.last), **numbers)
    )  # fmt: skip
    whole = dossier_facts(released, span).whole
    yield _measures(flow, whole, rows)
    yield Lines(source_note(released, say("dossiers.table"), rows), "note")


def _last(rows: tuple[Row, ...]) -> Row | None:
    return rows[-1] if rows else None


def _measures(flow: FlowSum, whole: FlowSum, rows: Iterable[Row]) -> PaperTable:
    """The unit's shares beside those of the whole."""
    pairs = {"in_time": IN_TIME, **MEASURES}
    return PaperTable(
        marked(say("letter.measures"), rows),
        (
            PaperColumn(say("dossiers.measure_name"), 44),
            PaperColumn(say("dossiers.part"), 14, is_number=True),
            PaperColumn(say("dossiers.whole"), 14, is_number=True),
            PaperColumn(say("letter.own_share"), 14, is_number=True),
            PaperColumn(say("letter.whole_share"), 14, is_number=True),
        ),
        tuple(
            (
                say(f"measures.{name}"),
                *(DASH if n is None else count(n) for n in (flow.total(part), flow.total(of))),
                percent(flow.share(part, of)), percent(whole.share(part, of)),
            )
            for name, (part, of) in pairs.items()
        ),
    )  # fmt: skip


def _owed(released: Released, span: ReportSpan, unit: str, name: str) -> Iterable[Block]:
    """What it has not handed in, targets that wait for it, tasks it leads that are overdue."""
    yield Title(say("letter.owed_title"), 2)
    told = [*_owed_sources(released, span, unit), *_owed_targets(released, span, name)]
    tasks = led_by(task_facts(released, span), name)
    if tasks.overdue:
        told.append(
            say("letter.tasks", count=count(len(tasks.overdue)), day=day(span.last.last_day))
        )
    yield from (Lines(text, "item") for text in told)
    if tasks.overdue:
        yield task_grid(tasks.overdue, marked(say("tasks.overdue_grid"), tasks.overdue))
    if not told:
        yield Lines(say("letter.owes_nothing", span=span_name(span)))


def _owed_sources(released: Released, span: ReportSpan, unit: str) -> Iterable[str]:
    names = {source.source: source.name.vi for source in listed_sources()}
    for row in released.rows("submissions", span.months, unit_code=unit, status="missing"):
        month = month_name(Month.parse(row["period"]))
        yield say("letter.source", name=names.get(row["table"], row["table"]), month=month)


def _owed_targets(released: Released, span: ReportSpan, name: str) -> Iterable[str]:
    rows = released.rows("plan_indicators", (span.last,), unit_code=released.root, basis="ytd")
    codes = [
        str(row["indicator_id"])
        for row in rows
        if row["obs_status"] in ("O", "P") and name in str(row["owed_by"] or "").split("; ")
    ]
    if codes:
        yield say("letter.targets", codes=", ".join(codes), month=month_name(span.last))


def _errors(
    released: Released, span: ReportSpan, unit: str, sheets: tuple[str, ...]
) -> Iterable[Block]:
    """How many rows were set aside, and the sheets that list them."""
    rows = released.rows("quarantine_summary", span.months, unit_code=unit)
    faults = sum(row["quarantined"] for row in rows)
    yield Title(marked(say("letter.errors_title"), rows), 2)
    if not faults:
        yield Lines(say("letter.no_errors", span=span_name(span)))
        return
    yield Lines(say("letter.errors", count=count(faults), span=span_name(span)))
    yield from (Lines(say("letter.sheet", name=sheet), "item") for sheet in sheets)
    if not sheets:
        yield Lines(say("letter.no_sheet"))
    yield Lines(source_note(released, say("letter.errors_table"), rows), "note")
