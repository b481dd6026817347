"""Telling lines that are no records: sums, repeated headings, column numbers, sections, signatures.

Belongs here: the rule for rows in hand, and counting what is passed over for a note. Does not: the
words (``schemas/records``), lines of sums (``headings``), or judging a record's cells.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from cchc_pipeline.sources.readers.headings import (
    CODE,
    SHORTEST_CODE,
    HeadingRow,
    TotalRule,
    total_rule,
)
from cchc_pipeline.sources.readers.text_relation import BLANKS, clean_text
from cchc_pipeline.sources.readers.upload_schema import (
    UploadSchema,
    file_rules,
    fold_heading,
    match_headings,
)

_COLUMN_NUMBER = re.compile(r"[(\[]?(?:(?P<letter>[A-Z])|(?P<number>\d{1,3}))[)\].]?(?:\s*=.*)?")
_ORDINAL = re.compile(r"(?:[IVXLC]+|[A-Za-z]|\d{1,3}(?:\.\d{1,2})*)[.)]?")
_LONG_CODE = re.compile(r"(?=(?:\D*\d){6})[0-9A-Za-z._/-]{8,}")
_NUMBERS = 3


@dataclass(frozen=True)
class Unreadable:
    """Stands for the cells of a line that cannot be cut into cells; ``fault`` says why."""

    fault: str


Cells = Sequence[str | None] | Unreadable


@dataclass
class PassedOverTally:
    """Lines that were passed over by kind: how many, and the first one's number.

    ``unnamed`` counts the records that have something below no heading.
    """

    lines: dict[str, tuple[int, int]] = field(default_factory=dict)
    unnamed: int = 0

    def add(self, kind: str, number: int) -> None:
        """Count a line."""
        count, first = self.lines.get(kind, (0, number))
        self.lines[kind] = (count + 1, min(first, number))

    def notes(self) -> tuple[str, ...]:
        """One note a kind, in the order in which the rules name them."""
        return tuple(
            words.format(count=self.lines[kind][0], first=self.lines[kind][1])
            for kind, words in file_rules().notes.passed.items()
            if kind in self.lines
        )


@dataclass(frozen=True)
class LineRule:
    """What makes a line below a heading row no record.

    Attributes:
        heading: The heading row.
        total: The rule for lines of sums.
        key: The place of the code, without which a line may be no record.
        repeated: The folded texts of the heading row, which may be two.
    """

    heading: HeadingRow
    total: TotalRule
    key: int | None
    repeated: tuple[tuple[str, ...], ...]

    def is_plain(self, cells: Cells) -> bool:
        """Whether a line is certainly a record: it has a code at its place."""
        if isinstance(cells, Unreadable) or self.key is None or self.key >= len(cells):
            return False
        text = (cells[self.key] or "").strip(BLANKS)
        return len(text) >= SHORTEST_CODE and CODE.fullmatch(text) is not None

    def kind(self, cells: Cells) -> str | None:
        """What a line is that is no record, ``blank`` or a kind of ``notes``; None for a record."""
        if isinstance(cells, Unreadable):
            return None
        texts = [clean_text(cell or "") for cell in cells]
        filled = {place: text for place, text in enumerate(texts) if text}
        if not filled:
            return "blank"
        if self._has_code(filled):
            return None
        kinds: Mapping[str, Callable[[], bool]] = {
            "total": lambda: self._is_total(filled),
            "heading": lambda: self._is_heading(filled),
            "numbers": lambda: self._is_numbers(filled),
            "section": lambda: self._is_section(filled, len(cells)),
        }
        return next((kind for kind, holds in kinds.items() if holds()), None)

    def may_sign(self, cells: Cells) -> bool:
        """Whether a line may be part of a signature block, if nothing but such lines follow."""
        if isinstance(cells, Unreadable):
            return False
        filled = [text for cell in cells if (text := clean_text(cell or ""))]
        if len(filled) > file_rules().lines.signature_cells:
            return False
        return _signs(filled) or not any(char.isdigit() for text in filled for char in text)

    def begins_signature(self, cells: Cells) -> bool:
        """Whether a line may be the first of a signature block."""
        return not isinstance(cells, Unreadable) and _signs(
            [text for cell in cells if (text := clean_text(cell or ""))]
        )

    def _has_code(self, filled: Mapping[int, str]) -> bool:
        code = filled.get(self.key, "") if self.key is not None else ""
        return len(code) >= SHORTEST_CODE and CODE.fullmatch(code) is not None

    def _is_total(self, filled: Mapping[int, str]) -> bool:
        places = self.heading.match.columns
        by_field = {name: filled[place] for name, place in places.items() if place in filled}
        return self.total.begins(next(iter(filled.values()))) and self.total.holds(by_field)

    def _is_heading(self, filled: Mapping[int, str]) -> bool:
        folds = {place: fold_heading(text) for place, text in filled.items()}
        for row in self.repeated:
            same = sum(place < len(row) and row[place] == fold for place, fold in folds.items())
            if same >= 2 and same * 2 > len(folds):
                return True
        return False

    def _is_numbers(self, filled: Mapping[int, str]) -> bool:
        """Numbers under at least half of the headings."""
        return len(filled) * 2 >= self.heading.match.width and _are_numbers([*filled.values()])

    def _is_section(self, filled: Mapping[int, str], cells: int) -> bool:
        """One text that is no code, where a merged title stands: in the first columns."""
        (place, text), *others = filled.items()
        unknown = place not in self.heading.match.columns.values()
        if len(others) == 1 and unknown and _ORDINAL.fullmatch(text):
            (place, text), *others = others
        if others or not _is_title(text):
            return False
        if cells < self.heading.width:
            return re.match(file_rules().lines.section_mark, text) is not None
        return place <= max(self.key or 0, 1)


def line_rule(heading: HeadingRow, upload: UploadSchema) -> LineRule:
    """The rule below a heading row."""
    required = next((item.name for item in upload.required), None)
    repeated = tuple(tuple(fold_heading(text) for text in row) for row in heading.texts)
    key = heading.match.columns.get(required) if required else None
    return LineRule(heading, total_rule(upload), key, repeated)


def records(
    lines: Iterable[tuple[int, Cells]], rule: LineRule, tally: PassedOverTally
) -> Iterator[tuple[int, Cells]]:
    """The lines that are records, readable or not; the others are counted, blank ones are not.

    Args:
        lines: Number and cells of all lines below the heading row, in their order.
        rule: Tells them apart.
        tally: Counts what is passed over.
    """
    held: list[tuple[int, Cells]] = []
    most = file_rules().limits.tail_lines
    for number, cells in lines:
        if not rule.is_plain(cells):
            kind = rule.kind(cells)
            if kind is not None:
                if kind != "blank":
                    tally.add(kind, number)
                continue
            if len(held) < most and rule.may_sign(cells):
                held.append((number, cells))
                continue
        yield from held
        held.clear()
        yield number, cells
    signed = next((n for n, line in enumerate(held) if rule.begins_signature(line[1])), len(held))
    yield from held[:signed]
    for number, _ in held[signed:]:
        tally.add("signature", number)


def own_rule(names: Sequence[str], upload: UploadSchema) -> LineRule:
    """The rule for rows of a file that has its own names, in their order."""
    heading = HeadingRow(0, len(names), match_headings(names, upload), (tuple(names),))
    return line_rule(heading, upload)


def passed_rows(
    lines: Mapping[int, Cells], last: int, rule: LineRule
) -> tuple[frozenset[int], tuple[str, ...]]:
    """The numbers of the lines without a code that are no records, blank ones too, and the notes.

    Args:
        lines: The cells of all lines without a code, by their numbers, which ascend.
        last: The number of the last line of all.
        rule: Tells them apart.
    """
    tally = PassedOverTally()
    kept = {number for number, _ in records(with_gaps(lines, last), rule, tally)}
    return frozenset(lines.keys() - kept), tally.notes()


def with_gaps(lines: Mapping[int, Cells], last: int) -> Iterator[tuple[int, Cells]]:
    """Lines in their order, with a mark for the records that stand between and below them."""
    record = Unreadable("")
    before = 0
    for number, cells in lines.items():
        if number != before + 1:
            yield number - 1, record
        yield number, cells
        before = number
    if before != last:
        yield last, record


def _signs(texts: Sequence[str]) -> bool:
    words = file_rules().lines
    folds = tuple(fold_heading(word) for word in words.signature)
    return any(
        fold_heading(text).startswith(folds) or re.search(words.signature_day, text.lower())
        for text in texts
    )


def _are_numbers(texts: Sequence[str]) -> bool:
    """Whether texts number columns: letters in their order, then numbers, or one of both."""
    found = [_COLUMN_NUMBER.fullmatch(text) for text in texts]
    marks = [match for match in found if match is not None]
    if len(marks) < max(_NUMBERS, len(texts)):
        return False
    letters = [ord(match["letter"]) for match in marks if match["letter"]]
    numbers = [int(match["number"]) for match in marks if match["number"]]
    return all(after == before + 1 for row in (letters, numbers) for before, after in pairwise(row))


def _is_title(text: str) -> bool:
    """Whether a text is words, and holds nothing like the code of a record or a date."""
    if sum(char.isalpha() for char in text) < 2 or CODE.fullmatch(text):
        return False
    return not any(_LONG_CODE.fullmatch(word.strip("(),;:")) for word in text.split())
