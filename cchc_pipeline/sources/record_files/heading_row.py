"""Finding the heading row of a sheet or text.

Belongs here: the search below a title block. Does not: matching one heading (``record_form``), or
lines of sums (``total_lines``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cchc_pipeline.sources.record_files.record_form import (
    ColumnMatch,
    RecordForm,
    file_rules,
    match_headings,
)


@dataclass(frozen=True)
class HeadingRow:
    """The row of headings: its number, how many cells it has, and what they mean."""

    row: int
    width: int
    match: ColumnMatch


def find_heading(rows: Iterable[tuple[int, Sequence[str]]], form: RecordForm) -> HeadingRow | None:
    """The row that names the most fields, the first of equals; None where none names enough.

    Args:
        rows: Number and cells of the first rows.
        form: The record's form.
    """
    limits = file_rules().limits
    best: HeadingRow | None = None
    for number, cells in rows:
        match = match_headings(cells, form)
        if best is None or len(match.columns) > len(best.match.columns):
            best = HeadingRow(number, len(cells), match)
    enough = min(limits.heading_matches, len(form.fields))
    return best if best is not None and len(best.match.columns) >= enough else None
