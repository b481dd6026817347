"""The report of a period, chapter by chapter, and what stands above and below every paper.

Belongs here: the order of chapters, the opening, letterhead and closing by Nghị định 30/2020/NĐ-CP.
Does not: what a chapter says, or the form of pages (``word_file``, ``paper_page``).
"""

from collections.abc import Callable
from dataclasses import dataclass

from cchc_pipeline.core.period import Month
from cchc_pipeline.government import government_of
from cchc_pipeline.plan import plan_of
from cchc_pipeline.reports.chapters.dossiers import annex, dossier_chapter, petition_chapter
from cchc_pipeline.reports.chapters.procedures import procedure_chapter
from cchc_pipeline.reports.chapters.quality import quality_chapter, silent_annex
from cchc_pipeline.reports.chapters.scores import score_chapter
from cchc_pipeline.reports.chapters.targets import target_chapter
from cchc_pipeline.reports.chapters.tasks import task_chapter
from cchc_pipeline.reports.document import (
    AnnexStart,
    Block,
    Closing,
    Letterhead,
    Lines,
    Paper,
    Title,
)
from cchc_pipeline.reports.released import Released
from cchc_pipeline.reports.span import ReportSpan
from cchc_pipeline.reports.wording import (
    day,
    listed,
    month_name,
    published_on,
    say,
    shipped_words,
    span_name,
)

_Chapter = Callable[[Released, ReportSpan, str], tuple[Block, ...]]
_CHAPTERS: tuple[_Chapter, ...] = (
    score_chapter, target_chapter, dossier_chapter, petition_chapter, task_chapter,
    procedure_chapter, quality_chapter,
)  # fmt: skip
_NUMBERS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII")


@dataclass(frozen=True)
class Writer:
    """Who writes papers: the office that publishes, of which province or city."""

    root: str
    office: str


def period_report(released: Released, span: ReportSpan, writer: Writer) -> Paper:
    """The report to sign."""
    chapters = (
        block
        for number, chapter in zip(_NUMBERS, _CHAPTERS, strict=False)
        for block in chapter(released, span, number)
    )
    blocks = (
        *(Lines(text) for text in _opening(released, span, writer)),
        *chapters,
        Title(say("report.proposals_title", number=_NUMBERS[len(_CHAPTERS)])),
        Lines(say("report.proposals")),
        Lines(say("report.end", office=writer.office)),
        *_annexes(released, span),
    )
    kind, subject = say("report.kind"), say("report.subject", span=span_name(span))
    return Paper(
        f"bao-cao-{span.slug}",
        letterhead(writer, span.last, kind, subject),
        blocks,
        closing(writer, span.last.year),
        mark_of(released, span),
        source_of(released),
        released.published_at,
    )


def _annexes(released: Released, span: ReportSpan) -> tuple[Block, ...]:
    parts = (*annex(released, span), *silent_annex(released, span))
    return (AnnexStart(say("annex.title", span=span_name(span))), *parts) if parts else ()


def _opening(released: Released, span: ReportSpan, writer: Writer) -> tuple[str, ...]:
    plan = plan_of(writer.root, span.last.year)
    asked = (
        say("report.by_plan", year=span.last.year, number=plan.decision.number,
            day=day(plan.decision.date))
        if plan
        else say("report.by_decision")
    )  # fmt: skip
    said = [say("report.opening", asked=asked, office=writer.office, span=span_name(span))]
    said.append(say("report.from_release", release=released.release, day=published_on(released)))
    if not span.is_whole:
        said.append(say("report.until", month=month_name(span.last), span=span_name(span)))
    if mark_of(released, span):
        said.append(say("report.is_sample"))
    return tuple(said)


def mark_of(released: Released, span: ReportSpan) -> str:
    """The mark of a paper whose figures sample data went into; nothing of a real one."""
    return say("common.mark") if released.has_sample(span.months) else ""


def source_of(released: Released) -> str:
    """Which release the figures of a paper are of: it stands on every page."""
    return say("common.footer", release=released.release, day=published_on(released))


def letterhead(
    writer: Writer, month: Month, kind: str, subject: str, addressee: str = ""
) -> Letterhead:
    """What stands above; number, day and month are left to be filled in."""
    place = government_of(writer.root)
    superior = _in_full(place.unit.vi)
    office = _in_full(writer.office)
    own = office.removesuffix(superior).strip() if office != superior else ""
    return Letterhead(
        superior.upper() if own else "",
        (own or office).upper(),
        say("form.number_of_report" if kind else "form.number_of_letter"),
        say("form.dated", place=place.place.vi),
        kind,
        subject,
        addressee,
    )


def _in_full(name: str) -> str:
    """A name without the abbreviations that a letterhead does not have."""
    for short, full in shipped_words()["in_full"].items():
        name = name.replace(short, full)
    return name


def closing(writer: Writer, year: int, *, is_letter: bool = False) -> Closing:
    """Who receives the paper, and who signs it."""
    if is_letter:
        return Closing(listed("form.recipients_of_letter"), listed("form.signer"))
    plan, place = plan_of(writer.root, year), government_of(writer.root)
    first, *others = (text.format(root=place.unit.vi) for text in listed("form.recipients"))
    body = [say("form.to_report", body=plan.reporting.addressee)] if plan else []
    return Closing((first, *body, *others), listed("form.signer"))
