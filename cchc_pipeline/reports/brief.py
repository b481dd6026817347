"""The one page for leaders: the report's main figures, each in a sentence that says no more.

Belongs here: which of them, and in which order. Does not: the sentences of chapters, which it
shares with the report.
"""

from collections.abc import Iterable

from cchc_pipeline.reports.chapters.dossiers import IN_TIME, MEASURES, dossier_facts
from cchc_pipeline.reports.chapters.flows import share_trend
from cchc_pipeline.reports.chapters.quality import source_states
from cchc_pipeline.reports.chapters.scores import moved_sentences, score_facts, total_sentence
from cchc_pipeline.reports.chapters.targets import summary_sentence, target_facts
from cchc_pipeline.reports.chapters.tasks import task_facts
from cchc_pipeline.reports.document import Lines, Paper, PaperColumn, PaperTable
from cchc_pipeline.reports.released import Released
from cchc_pipeline.reports.report import Writer, letterhead, mark_of, source_of
from cchc_pipeline.reports.span import ReportSpan
from cchc_pipeline.reports.wording import (
    DASH,
    count,
    day,
    limit,
    marked,
    named,
    percent,
    published_on,
    say,
    source_note,
    span_name,
    trend_text,
)

_SHARES = ("online", "fully_online", "paid_online", "digitised", "satisfied")


def leaders_brief(released: Released, span: ReportSpan, writer: Writer) -> Paper:
    """The main figures on one page."""
    subject = say("brief.subject", span=span_name(span))
    return Paper(
        f"tom-tat-{span.slug}",
        letterhead(writer, span.last, say("brief.kind"), subject),
        (
            *(Lines(text, "item") for text in sentences(released, span)),
            *_grid(released, span),
            Lines(_source(released, span), "note"),
        ),
        None,
        mark_of(released, span),
        source_of(released),
        released.published_at,
    )


def _source(released: Released, span: ReportSpan) -> str:
    rows = released.rows("dossier_statistics", span.months, unit_code=released.root)
    title = say("brief.source_title")
    return source_note(released, title, rows) + f" {say('brief.more', span=span_name(span))}"


def sentences(released: Released, span: ReportSpan) -> Iterable[str]:
    """The main figures, each with its course."""
    scores = score_facts(released, span, released.root)
    if scores is None:
        yield say("brief.no_scores", span=span_name(span))
    else:
        yield total_sentence(released, scores, released.root)
        yield from moved_sentences(scores)
    targets = target_facts(released, span)
    if targets.states:
        yield summary_sentence(targets, span)
        missed = [f"{state.code} ({state.name})" for state in targets.of("missed")]
        if missed:
            yield say("brief.missed", targets=named(missed, limit("brief")))
    yield from _of_dossiers(released, span)
    tasks = task_facts(released, span)
    if tasks.rows:
        overdue, last = count(len(tasks.overdue)), day(span.last.last_day)
        yield say("brief.tasks", all=count(len(tasks.rows)), overdue=overdue, day=last,
                  next=count(len(tasks.next)), days=limit("days_ahead"))  # fmt: skip
    yield _silent(released, span)


def _of_dossiers(released: Released, span: ReportSpan) -> Iterable[str]:
    facts = dossier_facts(released, span)
    if facts.whole.is_empty:
        yield say("brief.no_dossiers", span=span_name(span))
        return
    in_time = facts.whole.share(*IN_TIME)
    moved = trend_text(share_trend(facts.own, span, *IN_TIME), say("common.percentage_points"))
    counts = {
        name: DASH if value is None else count(value) for name, value in facts.whole.counts.items()
    }
    said = say("brief.dossiers", span=span_name(span), in_time=percent(in_time), **counts)
    yield f"{said}; {moved}." if moved and in_time is not None else f"{said}."


def _silent(released: Released, span: ReportSpan) -> str:
    states = source_states(released, span)
    if not states:
        return say("quality.nothing_known", span=span_name(span))
    whole = dict.fromkeys(state.name for state in states if state.missing_whole)
    units = {code for state in states for code in state.missing_units}
    if not whole and not units:
        return say("brief.all_came")
    return say("brief.silent", sources=", ".join(whole) or say("brief.none"),
               units=count(len(units)))  # fmt: skip


def _grid(released: Released, span: ReportSpan) -> Iterable[PaperTable]:
    """The shares that leaders ask for; nothing without dossiers."""
    facts = dossier_facts(released, span)
    if facts.whole.is_empty:
        return
    shares = [
        (say(f"measures.{name}"), percent(facts.whole.share(*MEASURES[name]))) for name in _SHARES
    ]
    yield PaperTable(
        marked(
            say("brief.shares", span=span_name(span), release=released.release,
                day=published_on(released)),
            facts.rows,
        ),
        tuple(PaperColumn(name, 20, is_number=True) for name, _ in shares),
        (tuple(value for _, value in shares),),
    )  # fmt: skip
