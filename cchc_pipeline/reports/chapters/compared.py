"""The part on two counts of the same dossiers: the city's own, and the national portal's.

Belongs here: choosing the window and saying the differences. Does not: comparing
(``cchc_pipeline.indicators.reconciliation``); a cause is a hint, never a finding.
"""

from collections.abc import Iterable

from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.indicators.reconciliation import Compared, our_figures, reconcile
from cchc_pipeline.reports.document import Block, Lines, PaperColumn, PaperTable, Title
from cchc_pipeline.reports.released import ALL, SAMPLE, Released
from cchc_pipeline.reports.span import ReportSpan
from cchc_pipeline.reports.wording import count, limit, say, window_name

_WORDS_OF_PAGES = "pages/messages/reconciliation.yaml"


def compared_figures(released: Released, span: ReportSpan) -> tuple[Basis, list[Compared]] | None:
    """What both count, in the best window of which both tell; None where there is none."""
    for basis in span.bases:
        months = _months(span, basis)
        if not {*months} <= {*released.months}:
            continue
        statistics = released.rows("dossier_statistics", months, field_code=ALL)
        periods = [str(month) for month in months]
        handed_in = released.rows("submissions", months)
        ours = our_figures(statistics, periods, handed_in, released.root)
        scores = released.rows("scores", (span.last,), basis=basis.value)
        if found := reconcile(ours, scores):
            return basis, found
    return None


def _months(span: ReportSpan, basis: Basis) -> tuple[Month, ...]:
    """The months that a score of a basis counts."""
    first = Month(span.last.year, 1) if basis is Basis.YTD else span.last
    if basis is Basis.QUARTER:
        first = Month(span.last.year, 3 * span.last.quarter - 2)
    return tuple(first.to(span.last))


def compared_part(released: Released, span: ReportSpan) -> Iterable[Block]:
    """The part of the chapter on the figures themselves."""
    yield Title(say("compared.title"), 2)
    known = compared_figures(released, span)
    if known is None:
        yield Lines(say("compared.none"))
        return
    basis, found = known
    differing = [one for one in found if one.difference]
    window = window_name(span.last, basis)
    yield Lines(
        say("compared.summary", window=window, all=count(len(found)),
            agreeing=count(len(found) - len(differing)))
    )  # fmt: skip
    if differing:
        yield _table(released, span, window, differing)
        yield Lines(say("compared.hint"), "note")


def _table(
    released: Released, span: ReportSpan, window: str, found: Iterable[Compared]
) -> PaperTable:
    """The whole first, then the greatest differences."""
    causes = read_yaml(_WORDS_OF_PAGES)["reconciliation"]["cause_of"]
    ordered = sorted(found, key=lambda one: (one.unit_code != released.root, -abs(one.difference)))
    shown = ordered[: limit("compared")]
    is_sample = any(SAMPLE in (one.our_provenance, one.their_provenance) for one in shown)
    caption = say("compared.grid", window=window)
    return PaperTable(
        f"{caption} – {say('common.mark')}" if is_sample else caption,
        (
            PaperColumn(say("common.unit"), 30),
            PaperColumn(say("compared.measure"), 17),
            PaperColumn(say("compared.ours"), 12, is_number=True),
            PaperColumn(say("compared.theirs"), 12, is_number=True),
            PaperColumn(say("compared.difference"), 12, is_number=True),
            PaperColumn(say("compared.cause"), 22),
        ),
        tuple(
            (
                released.name(one.unit_code, span.last), say(f"compared.is_{one.measure}"),
                count(one.ours), count(one.theirs), _signed(one.difference),
                causes[one.cause]["vi"],
            )
            for one in shown
        ),
    )  # fmt: skip


def _signed(number: int) -> str:
    return f"+{count(number)}" if number > 0 else count(number)
