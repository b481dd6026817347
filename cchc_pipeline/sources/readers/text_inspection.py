"""One pass over a text file that says whether it is sound, and how exactly it can be read.

Belongs here: UTF-8, NUL bytes, the longest line, what cleaning its texts need, whether every line
has the same cells, and the few lines without a code. Does not: cutting lines into cells
(``csv_lines``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.sources.readers.headings import SHORTEST_CODE
from cchc_pipeline.sources.readers.text_relation import BLANKS, Spelling, clean_text
from cchc_pipeline.sources.readers.unpacking import name_encoding
from cchc_pipeline.sources.readers.upload_schema import file_rules

_BLOCK = 1 << 20  # fits the cache of a core, which halves the time
_SAMPLE = 1 << 16
_QUOTE, _NEWLINE, _RETURN = 34, 10, 13
_MARKS = (b"\xcc", b"\xcd")
_ODD_BLANKS = tuple(char.encode() for char in BLANKS if char not in "\r\n\t ")
_CODELESS_LINES = 20_000  # more of them are not kept in memory
_OTHER, _CODE_LETTER, _DIGIT = 0, 1, 2
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF8_TODO = "save it as UTF-8 (in Excel: CSV UTF-8)"


@dataclass(frozen=True)
class Grid:
    """What every line below the heading row should be: ``width`` cells with a delimiter between.

    The cell at ``key`` has the record's code.
    """

    delimiter: str
    width: int
    heading_row: int
    key: int = 0


@dataclass(frozen=True)
class TextFacts:
    """What a pass learnt.

    Attributes:
        lines: How many there are.
        longest: The longest line in bytes.
        spelling: What its texts need to be clean.
        is_even: Each line below the heading row is one row of the grid, so that a row's place
            gives its number.
        has_mixed_ends: Not all lines end alike (LF or CRLF).
        ends_whole: The last line has its line end, which a text that was cut off has not.
        codeless: Of an even text, number and text of the lines which seem to have no code, and
            may be no records; None where there are too many.
        last_row: Of an even text, the number of its last line that is not empty.
    """

    lines: int
    longest: int
    spelling: Spelling
    is_even: bool
    has_mixed_ends: bool
    ends_whole: bool = True
    codeless: tuple[tuple[int, str], ...] | None = None
    last_row: int = 0


@dataclass
class _Pass:
    """The state of a pass."""

    lines: int = 0
    longest: int = 0
    has_marks: bool = False
    has_odd_blanks: bool = False
    has_guards: bool = False
    has_nothings: bool = False
    is_even: bool = True
    returns: int = 0
    newlines: int = 0
    has_mixed_ends: bool = False
    ends_whole: bool = True
    codeless: list[tuple[int, bytes]] | None = field(default_factory=list)
    last_row: int = 0

    @property
    def spelling(self) -> Spelling:
        """What cleaning needs by what was seen so far."""
        return Spelling(self.has_marks, self.has_odd_blanks, self.has_guards, self.has_nothings)


def inspect_text(file: str, path: Path, line_bytes: int, grid: Grid | None = None) -> TextFacts:
    """Read a text file through once, in bounded memory.

    Args:
        file: The dropped file's name.
        path: The plain text.
        line_bytes: The longest line that is allowed.
        grid: What the lines should be, for CSV.

    Raises:
        SourceError: It is not UTF-8, holds NUL bytes, or has a line that is too long; the line
            names the row.
    """
    state = _Pass(is_even=grid is not None)
    for block, is_last in _blocks(file, path, line_bytes):
        _check_bytes(file, block, state.lines, is_last)
        ends = np.flatnonzero(np.frombuffer(block, np.uint8) == _NEWLINE)
        _note_ends(block, len(ends), state)
        _note_spelling(block, state)
        if grid is not None and state.is_even:
            state.is_even = _note_rows(block, ends, is_last, grid, state)
        elif grid is None and not state.has_nothings:
            state.has_nothings = _has_nothings(block, _quotes(block))
        state.longest = max(state.longest, _longest(ends, len(block)))
        state.ends_whole = block.endswith(b"\n")
        state.lines += len(ends) + (not state.ends_whole)
        if state.longest > line_bytes:
            raise _too_long(file, state.lines)
    codeless = state.codeless if grid is not None else None
    is_even = state.is_even and not state.has_mixed_ends
    return TextFacts(
        state.lines,
        state.longest,
        state.spelling if is_even or grid is None else Spelling(),
        is_even,
        state.has_mixed_ends,
        state.ends_whole,
        None if codeless is None else tuple((n, line.decode()) for n, line in codeless),
        state.last_row,
    )


def head_text(path: Path, size: int = 1 << 20) -> str:
    """The first lines of a text; what is not UTF-8 in them is replaced."""
    with path.open("rb") as content:
        start = content.read(size)
    whole = start if len(start) < size else start[: start.rfind(b"\n") + 1] or start
    return whole.decode("utf-8-sig", errors="replace")


def _blocks(file: str, path: Path, line_bytes: int) -> Iterator[tuple[bytes, bool]]:
    """Blocks of whole lines, and whether it is the last."""
    rest, lines = b"", 0
    with path.open("rb") as content:
        chunk = content.read(_BLOCK)
        if chunk.startswith(_UTF16) or _is_utf16(chunk[:200]):
            raise SourceError("is UTF-16", where=file, todo=_UTF8_TODO)
        while chunk:
            following = content.read(_BLOCK)
            cut = chunk.rfind(b"\n") + 1 if following else len(chunk)
            if cut:
                block, rest = rest + chunk[:cut], chunk[cut:]
                lines += block.count(b"\n")
                yield block, not following
            else:
                rest += chunk
            if len(rest) > line_bytes:
                raise _too_long(file, lines + 1)
            chunk = following


def _is_utf16(start: bytes) -> bool:
    """Whether every other byte is NUL, as in plain words of UTF-16 without a mark."""
    halves = (start[::2], start[1::2])
    return any(len(half) > 3 and half.count(0) * 2 > len(half) for half in halves)


def _check_bytes(file: str, block: bytes, lines: int, is_last: bool) -> None:
    nul = block.find(b"\0")
    if nul >= 0:
        row = lines + block.count(b"\n", 0, nul) + 1
        what = "holds NUL bytes, which no text has"
        raise SourceError(what, where=f"{file}, line {row}", todo="export the file again")
    if not _is_utf8(block):
        raise _not_utf8(file, block, lines, is_last)


def _is_utf8(block: bytes) -> bool:
    """Whether bytes are UTF-8, by Arrow, which needs a twentieth of the time of decoding."""
    offsets = pa.py_buffer(np.array([0, len(block)], dtype=np.int64))
    try:
        pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(block)]).validate(
            full=True
        )
    except pa.ArrowInvalid:
        return False
    return True


def _not_utf8(file: str, block: bytes, lines: int, is_last: bool) -> SourceError:
    at, breaks_off = 0, False
    try:
        block.decode()
    except UnicodeDecodeError as error:
        at, breaks_off = error.start, is_last and error.reason == "unexpected end of data"
    row = lines + block.count(b"\n", 0, at) + 1
    if breaks_off:
        todo = "wait until it is copied whole, or export it again"
        what = "is cut off: its last line ends within a letter"
        return SourceError(what, where=f"{file}, line {row}", todo=todo)
    sample = _not_decodable(block[block.rfind(b"\n", 0, at) + 1 :][:_SAMPLE])
    guess = name_encoding(sample)
    what = "is not UTF-8" + (f", it looks like {guess}" if guess else "")
    return SourceError(what, where=f"{file}, line {row}", todo=_UTF8_TODO)


def _not_decodable(sample: bytes) -> bytes:
    """The lines of a sample that are not UTF-8, since others may stand between them."""
    return b"\n".join(line for line in sample.split(b"\n") if not _is_utf8(line))


def _note_spelling(block: bytes, state: _Pass) -> None:
    """Remember what cleaning is needed; of Vietnamese letters NFC changes combining marks only.

    A backslash may begin the JSON escape of any letter. Single bytes are looked for first, which
    is ten times as fast.
    """
    body = block[3:] if not state.lines and block.startswith(b"\xef\xbb\xbf") else block
    escaped = b"\\" in body
    state.has_marks = state.has_marks or escaped or any(mark in body for mark in _MARKS)
    state.has_guards = (
        state.has_guards or escaped or b"'" in body or (b"=" in body and b'="' in body)
    )
    if not state.has_odd_blanks:
        state.has_odd_blanks = (
            escaped
            or b"\t" in body
            or any(blank[:1] in body and blank in body for blank in _ODD_BLANKS)
        )


def _longest(ends: Any, size: int) -> int:
    edges = np.concatenate(([-1], ends, [size]))
    return int(np.diff(edges).max()) - 1


def _note_ends(block: bytes, newlines: int, state: _Pass) -> None:
    """Remember whether lines end alike: every newline follows a return, or none does."""
    returns = block.count(b"\r")
    state.returns += returns
    state.newlines += newlines
    if (returns and returns != block.count(b"\r\n")) or state.returns not in {0, state.newlines}:
        state.has_mixed_ends = True


def _note_rows(block: bytes, ends: Any, is_last: bool, grid: Grid, state: _Pass) -> bool:
    """Whether the block's lines below the heading row are all rows of the grid.

    Of each row the first letters of its code are looked at, of each cell the first one and its
    length: that tells the few lines and cells at which a closer look is worth while.
    """
    start, number = 0, state.lines + 1
    if not state.lines:
        start = int(ends[grid.heading_row - 1]) + 1 if len(ends) >= grid.heading_row else len(block)
        number = grid.heading_row + 1
        if grid.heading_row > 1 and b'"' in block[:start]:
            return False  # a quoted newline in the title block would shift what is skipped
    body = block[start:].rstrip(b"\r\n") if is_last else block[start:]
    body = body + b"\n" if is_last and body else body
    if not body:
        return True
    letters: Any = np.frombuffer(body, np.uint8)
    marks = _marks(body, letters, ord(grid.delimiter))
    if marks is None or not _are_rows(letters[marks], grid):
        return False
    if not state.has_nothings:
        state.has_nothings = _has_nothings(body, marks)
    _note_codeless(body, letters, marks.reshape(-1, grid.width), grid, number, state)
    state.last_row = number + len(marks) // grid.width - 1
    return True


def _are_rows(kinds: Any, grid: Grid) -> bool:
    line = grid.delimiter.encode() * (grid.width - 1) + b"\n"
    return bool(kinds.tobytes() == line * (len(kinds) // len(line)))


def _marks(body: bytes, letters: Any, delimiter: int) -> Any:
    """The places of delimiters and newlines between cells; None if a quote is odd."""
    if b'"' in body:
        return _outside_quotes(letters, delimiter)
    return np.flatnonzero((letters == _NEWLINE) | (letters == delimiter))


def _quotes(block: bytes) -> Any:
    return np.flatnonzero(np.frombuffer(block, np.uint8) == _QUOTE)


def _has_nothings(body: bytes, marks: Any) -> bool:
    """Whether a cell between marks says that nothing is in it; at most too often."""
    letters: Any = np.frombuffer(body, np.uint8)
    starts = np.concatenate(([0], marks[:-1] + 1))
    starts += letters[starts] == _QUOTE
    begins, longest = _nothing_letters()
    found = np.flatnonzero(begins[letters[starts]] & (marks - starts <= longest))
    cells = {body[starts[at] : marks[at]] for at in found.tolist()}
    texts = [cell.decode(errors="replace").strip().removesuffix('"') for cell in cells]
    return any(text and not clean_text(text.replace('""', '"')) for text in texts)


@cache
def _nothing_letters() -> tuple[Any, int]:
    """Which bytes may begin a cell that says nothing, blanks before it too; its longest."""
    words = [word.encode() for word in file_rules().nothings]
    begins = np.zeros(256, dtype=bool)
    for text in (
        *words,
        *(char.encode() for char in BLANKS if char not in "\r\n"),
        b"\\",
        b"'",
        b"=",
    ):
        begins[[*text[:1].lower(), *text[:1].upper()]] = True
    return begins, max(map(len, words)) + 12


def _note_codeless(
    body: bytes, letters: Any, rows: Any, grid: Grid, number: int, state: _Pass
) -> None:
    """Keep the lines whose code does not begin as one does: with letters and a digit in six."""
    if state.codeless is None:
        return
    lines = np.concatenate(([0], rows[:-1, -1] + 1))
    places = rows[:, grid.key - 1] + 1 if grid.key else lines
    looked_at = np.minimum(places[:, None] + np.arange(SHORTEST_CODE), len(letters) - 1)
    kinds = _code_letters()[letters[looked_at]]
    codeless = (kinds == _OTHER).any(axis=1) | ~(kinds == _DIGIT).any(axis=1)
    found = np.flatnonzero(codeless).tolist()
    if len(found) + len(state.codeless) > _CODELESS_LINES:
        state.codeless = None
        return
    ends = rows[:, -1]
    state.codeless += [(number + at, body[lines[at] : ends[at]]) for at in found]


@cache
def _code_letters() -> Any:
    kinds = np.full(256, _OTHER, dtype=np.uint8)
    kinds[list(b"0123456789")] = _DIGIT
    kinds[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._/-")] = _CODE_LETTER
    return kinds


def _outside_quotes(letters: Any, delimiter: int) -> Any:
    """The delimiters and newlines between cells; None if a quote is odd or holds a newline."""
    special = (letters == _NEWLINE) | (letters == delimiter) | (letters == _QUOTE)
    places = np.flatnonzero(special)
    kinds = letters[places]
    quotes = kinds == _QUOTE
    inside = (np.cumsum(quotes, dtype=np.uint32) & 1).astype(bool)
    if inside[-1] or np.any((kinds == _NEWLINE) & inside):
        return None
    opening, closing = places[quotes & inside], places[quotes & ~inside]
    if not _are_regular(letters, opening, closing, delimiter):
        return None
    return places[~quotes & ~inside]


def _are_regular(letters: Any, opening: Any, closing: Any, delimiter: int) -> bool:
    """Whether quotes open at a cell's start, close at its end, and are doubled within."""
    before, after = letters[opening - 1], letters[closing + 1]
    before[opening == 0] = _NEWLINE
    may_open = (before == delimiter) | (before == _NEWLINE) | (before == _QUOTE)
    ends = (after == _NEWLINE) | (after == _RETURN)
    may_close = (after == delimiter) | ends | (after == _QUOTE)
    return bool(may_open.all() and may_close.all())


def _too_long(file: str, line: int) -> SourceError:
    what = "a line is too long to be a record"
    return SourceError(what, where=f"{file}, line {line}", todo="export the file again")
