"""Headings and names: where they stand, which fields they mean, and which lines are sums.

Belongs here: keys of JSON, columns of Parquet and of views, names within lists, which all meet as
headings do; the search for a heading row below a title block, in one row or two, and what is told
where there is none; what a code looks like and which line is a sum, also as SQL. Does not: matching
one heading (``upload_schema``), other lines that are no records (``passed_over``), or the words,
which the schema has.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.sql import literal
from cchc_pipeline.sources.readers.unpacking import name_font
from cchc_pipeline.sources.readers.upload_schema import (
    ColumnMatch,
    NestedField,
    UploadLimits,
    UploadSchema,
    check_match,
    file_rules,
    fold_heading,
    match_headings,
    shown,
)

_TOLD = 2
_KEEP_ONE = "keep one of them, rename or delete the other"
_NAMED_PLACES = 5
_CODE = r"[0-9A-Za-z._/-]*[0-9][0-9A-Za-z._/-]*"
CODE = re.compile(_CODE, re.ASCII)
"""What a record's code looks like, whatever the record."""
SHORTEST_CODE = 6
"""A code of fewer letters may be the number of a column, or a count."""
_BOUND_LETTERS = str.maketrans("đĐ", "dD")


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


def find_heading(
    rows: Iterable[tuple[int, Sequence[str]]], upload: UploadSchema
) -> HeadingRow | None:
    """The row that names the most fields, the first of equals; None where none names enough.

    Two rows of which the upper has titles of groups are one, where both together name more.

    Args:
        rows: Number and cells of the first rows.
        upload: The record's upload schema.
    """
    best: HeadingRow | None = None
    for heading in _headings(rows, upload):
        if best is None or len(heading.match.columns) > len(best.match.columns):
            best = heading
    enough = min(file_rules().limits.heading_matches, len(upload.fields))
    return best if best is not None and len(best.match.columns) >= enough else None


def no_heading(where: str, text: str, upload: UploadSchema, limits: UploadLimits) -> SourceError:
    """Tell of a table without a heading row, and of an old font encoding where it looks like one.

    Args:
        where: The file or sheet.
        text: Its first rows; none of it is quoted.
        upload: The record's upload schema.
        limits: How far was looked.
    """
    font = name_font(text)
    if font:
        todo = "convert it to Unicode"
        return SourceError(f"its headings look like {font} letters", where=where, todo=todo)
    wanted = ", ".join(field.title for field in upload.required)
    what = f"no heading row in the first {limits.heading_rows} rows"
    return SourceError(what, where=where, todo=f"add one with at least {wanted}")


def _headings(
    rows: Iterable[tuple[int, Sequence[str]]], upload: UploadSchema
) -> Iterator[HeadingRow]:
    """Each row as a heading row, and after it with the row above."""
    above: tuple[str, ...] = ()
    last = 0
    known = frozenset(upload.by_fold)
    most = file_rules().limits.columns
    for number, found in rows:
        cells = tuple(found)
        yield HeadingRow(number, len(cells), match_headings(cells, upload), (cells,))
        if above and number == last + 1 and len(cells) <= most:
            joined = list(_joined(above[:most], cells, known))
            match = match_headings(joined, upload)
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


@dataclass(frozen=True)
class KeyMatch:
    """Which name of the file holds which field or list of the schema, and the names not known."""

    fields: Mapping[str, str]
    lists: Mapping[str, str]
    unknown: tuple[str, ...]


def match_keys(keys: Iterable[str], upload: UploadSchema, where: str) -> KeyMatch:
    """Find the fields and lists that the names of a file mean.

    Args:
        keys: The names; one that stands there twice is two columns of one name.
        upload: The record's upload schema.
        where: The file or view, for the reader of an error.

    Raises:
        SourceError: Two names mean the same, or a field that must be there is not.
    """
    by_fold = {fold_heading(item.name): item.name for item in upload.nested}
    listed: dict[str, str] = {}
    plain, doubles = [], []
    for key in keys:
        item = by_fold.get(fold_heading(key))
        if item is None:
            plain.append(key)
        elif item in listed:
            doubles.append(_double(listed[item], key, item))
        else:
            listed[item] = key
    match = match_headings(plain, upload)
    told = (*match.doubles, *doubles)[:_TOLD]
    check_match(replace(match, doubles=told), upload, where)
    fields = {field: plain[place] for field, place in match.columns.items()}
    return KeyMatch(fields, listed, match.unknown)


def match_leaves(keys: Iterable[str], item: NestedField, where: str) -> Mapping[str, str]:
    """By leaf, the name that holds it in the entries of a list.

    Raises:
        SourceError: Two names mean the same leaf.
    """
    by_fold = {fold_heading(leaf): leaf for leaf in item.leaves}
    found: dict[str, str] = {}
    for key in keys:
        leaf = by_fold.get(fold_heading(key))
        if leaf in found:
            double = _double(found[leaf], key, f"{item.name}.{leaf}")
            what = f"two names with the same meaning: {double}"
            raise SourceError(what, where=where, todo=_KEEP_ONE)
        if leaf is not None:
            found[leaf] = key
    return found


def _double(one: str, other: str, name: str) -> str:
    return f'"{shown(one)}" and "{shown(other)}" ({name})'


@dataclass(frozen=True)
class TotalRule:
    """What makes a line one of sums.

    It begins with a word for a sum, has no code in the schema's first required field, and most of
    the required fields are empty.

    Attributes:
        words: Regular expression of the words, for lower-case text.
        letters: The letters that they begin with, both cases.
        required: The required fields.
    """

    words: str
    letters: frozenset[str]
    required: tuple[str, ...]

    @property
    def most_filled(self) -> int:
        """How many required fields a line of sums may fill, with its label or a count."""
        return max(1, len(self.required) // 2)

    def begins(self, first: str) -> bool:
        """Whether a row's first text, which is not empty, begins with a word for a sum."""
        if first[0] not in self.letters:
            return False
        return bool(re.match(self.words, unicodedata.normalize("NFC", first).lower()))

    def holds(self, texts: Mapping[str, str]) -> bool:
        """Whether the trimmed texts of a row that so begins are otherwise those of a sum."""
        code = texts.get(self.required[0], "")
        if len(code) >= SHORTEST_CODE and CODE.fullmatch(code):
            return False
        return sum(bool(texts.get(name)) for name in self.required) <= self.most_filled


def has_code(text: str) -> str:
    """Whether a text of a field of codes looks like one, as SQL that is never NULL."""
    return (
        f"coalesce(length({text}) >= {SHORTEST_CODE}"
        f" AND regexp_full_match({text}, {literal(_CODE)}), false)"
    )


def total_rule(upload: UploadSchema) -> TotalRule:
    """The rule of a schema; its words count as written and without any accent.

    A word that has lost half of its accents is another word: công is not cộng.
    """
    bare = [
        "".join(char for char in unicodedata.normalize("NFD", word) if char.isascii())
        for word in (word.translate(_BOUND_LETTERS) for word in upload.total_line)
    ]
    words = sorted({word.lower() for word in (*upload.total_line, *bare)})
    return TotalRule(
        words=f"^({'|'.join(map(re.escape, words))})([ :]|$)",
        letters=frozenset(case for word in words for case in (word[0], word[0].upper())),
        required=tuple(field.name for field in upload.required),
    )
