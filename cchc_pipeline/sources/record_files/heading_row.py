"""Finding the heading row of a sheet or text.

Belongs here: the search below a title block, and headings that span two rows. Does not: matching
one heading (``record_form``), or lines that are no records (``passed_over``).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from cchc_pipeline.sources.record_files.record_form import (
    ColumnMatch,
    RecordForm,
    file_rules,
    fold_heading,
    match_headings,
)

_NAMED_PLACES = 5


@dataclass(frozen=True)
class HeadingRow:
    """The row of headings: its number, how many cells it has, and what they mean.

    ``texts`` are its cells; where the headings span two rows, ``row`` is the second, and ``texts``
    has both.
    """

    row: int
    width: int
    match: ColumnMatch
    texts: tuple[tuple[str, ...], ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What its sender should know of it."""
        if len(self.texts) < 2:
            return ()
        words = file_rules().notes.two_rows
        return (words.format(first=self.row - 1, last=self.row),)

    @property
    def unnamed(self) -> tuple[int, ...]:
        """The places without any heading between or beside the others."""
        named = {place for row in self.texts for place, text in enumerate(row) if text.strip()}
        return tuple(place for place in range(self.width) if place not in named)

    def unnamed_notes(self, rows: int) -> tuple[str, ...]:
        """What to say of rows that have something below no heading; nothing of none."""
        columns = ", ".join(str(place + 1) for place in self.unnamed[:_NAMED_PLACES])
        words = file_rules().notes.unnamed
        return (words.format(count=rows, columns=columns),) if rows else ()


def find_heading(rows: Iterable[tuple[int, Sequence[str]]], form: RecordForm) -> HeadingRow | None:
    """The row that names the most fields, the first of equals; None where none names enough.

    Two rows of which the upper has titles of groups are one, where both together name more.

    Args:
        rows: Number and cells of the first rows.
        form: The record's form.
    """
    best: HeadingRow | None = None
    for heading in _headings(rows, form):
        if best is None or len(heading.match.columns) > len(best.match.columns):
            best = heading
    enough = min(file_rules().limits.heading_matches, len(form.fields))
    return best if best is not None and len(best.match.columns) >= enough else None


def _headings(rows: Iterable[tuple[int, Sequence[str]]], form: RecordForm) -> Iterator[HeadingRow]:
    """Each row as a heading row, and after it with the row above."""
    above: tuple[str, ...] = ()
    last = 0
    known = frozenset(form.by_fold)
    most = file_rules().limits.columns
    for number, found in rows:
        cells = tuple(found)
        yield HeadingRow(number, len(cells), match_headings(cells, form), (cells,))
        if above and number == last + 1 and len(cells) <= most:
            joined = list(_joined(above[:most], cells, known))
            match = match_headings(joined, form)
            yield HeadingRow(number, len(joined), match, (above, cells))
        above, last = cells, number


def _joined(above: Sequence[str], below: Sequence[str], known: frozenset[str]) -> Iterator[str]:
    """Headings of two rows: the title of a group reaches over the empty cells to its right."""
    group = ""
    for upper, lower in zip_longest(above, below, fillvalue=""):
        group = upper if upper.strip() else group
        if not lower.strip():
            yield upper
            continue
        both = f"{group} {lower}"
        yield lower if fold_heading(both) not in known and fold_heading(lower) in known else both
