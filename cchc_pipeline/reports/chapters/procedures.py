"""The chapter on procedures that came, changed or went, as two catalogues compared tell it.

Belongs here: counting these rows and saying them. Does not: comparing catalogues.
"""

from collections import Counter
from collections.abc import Iterable

from cchc_pipeline.contracts import load_code_list
from cchc_pipeline.reports.document import Block, Lines, PaperColumn, PaperTable, Title
from cchc_pipeline.reports.released import Released, Row
from cchc_pipeline.reports.span import ReportSpan
from cchc_pipeline.reports.wording import DASH, count, limit, marked, say, source_note, span_name

_TABLE = "procedure_changes"


def procedure_chapter(released: Released, span: ReportSpan, number: str) -> tuple[Block, ...]:
    """The chapter of a report; without a row nothing is concluded."""
    rows = released.rows(_TABLE, span.months)
    title = Title(marked(say("catalogue.title", number=number), rows))
    if not rows:
        return title, Lines(say("catalogue.none", span=span_name(span)))
    return (
        title,
        *(Lines(text, "item") for text in change_sentences(rows, span)),
        *_grid(rows, span),
        Lines(source_note(released, say("catalogue.table"), rows), "note"),
    )


def change_sentences(rows: Iterable[Row], span: ReportSpan) -> Iterable[str]:
    """How many procedures of each catalogue came, changed and went; one counts once a change."""
    catalogues = _names("catalogues")
    changes = _names("catalogue_changes")
    found = {(r["period"], r["catalogue"], r["procedure_key"], r["change"]) for r in rows}
    for catalogue in sorted({key[1] for key in found}):
        counts = Counter(key[3] for key in found if key[1] == catalogue)
        parts = ", ".join(
            say("catalogue.one_change", count=count(counts[code]), name=name.lower())
            for code, name in changes.items()
        )
        name = catalogues.get(catalogue, catalogue)
        yield say("catalogue.counts", catalogue=name, span=span_name(span), parts=parts)


def _grid(rows: tuple[Row, ...], span: ReportSpan) -> Iterable[Block]:
    """The procedures that came or went, by name, unless they are many."""
    whole = [row for row in rows if row["column"] == "*"]
    if not 0 < len(whole) <= limit("changed_procedures"):
        return
    changes = _names("catalogue_changes")
    yield PaperTable(
        marked(say("catalogue.grid", span=span_name(span)), whole),
        (
            PaperColumn(say("catalogue.code"), 16),
            PaperColumn(say("catalogue.name"), 66),
            PaperColumn(say("catalogue.change"), 18),
        ),
        tuple(
            (row["procedure_code"], row["name_vi"] or DASH, changes[row["change"]]) for row in whole
        ),
    )


def _names(code_list: str) -> dict[str, str]:
    return {code.code: code.name.vi for code in load_code_list(code_list).codes}
