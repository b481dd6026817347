"""CSV files: DuckDB's own scan where every line is one row, Python's reader where that shifts rows.

Belongs here: the delimiter, the heading row, the choice between both ways. Does not: whether the
text is sound (``text_inspection``), or what a value means.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from cchc_pipeline.errors import SourceError
from cchc_pipeline.sources.record_files.heading_row import HeadingRow, find_heading
from cchc_pipeline.sources.record_files.legacy_encodings import name_font
from cchc_pipeline.sources.record_files.record_form import Limits, RecordForm, check_match
from cchc_pipeline.sources.record_files.staged_rows import Staging, stage_rows
from cchc_pipeline.sources.record_files.text_inspection import (
    Grid,
    TextFacts,
    head_text,
    inspect_text,
)
from cchc_pipeline.sources.record_files.text_relation import TextRelation, clean, literal
from cchc_pipeline.sources.record_files.total_lines import total_rule

_DELIMITERS = ",;\t"
_LINE_OF_DUCKDB = 2_000_000

csv.field_size_limit(1 << 26)  # a line is bounded before; the default of 128 KB is below that


def read_csv(
    file: str, path: Path, form: RecordForm, scratch: Path, limits: Limits
) -> TextRelation:
    """The table of a CSV file.

    Args:
        file: The dropped file's name.
        path: The plain text.
        form: The record's form.
        scratch: The folder for rows that DuckDB cannot read in place.
        limits: What is too much.

    Raises:
        SourceError: The text is not sound, or has no heading row that fits the form.
    """
    head = head_text(path)
    if "\ufffd" in head:
        inspect_text(file, path, limits.line_bytes)
    delimiter, heading = _look(head, form, limits)
    if heading is None:
        inspect_text(file, path, limits.line_bytes)
        raise no_heading(file, head[:20_000], form, limits)
    check_match(heading.match, form, f"{file}, line {heading.row}")
    grid = Grid(delimiter, heading.width, heading.row)
    facts = inspect_text(file, path, limits.line_bytes, grid)
    if facts.is_even and heading.width > 1:
        return _scan(file, path, form, heading, grid, facts)
    staged = scratch / f"{path.name[:24]}.rows.parquet"
    staging = Staging(file, None, form, heading, staged, facts.spelling)
    return stage_rows(staging, _rows(file, path, grid, limits))


def no_heading(where: str, text: str, form: RecordForm, limits: Limits) -> SourceError:
    """Tell of a table without a heading row, and of an old font encoding where it looks like one.

    Args:
        where: The file or sheet.
        text: Its first rows; none of it is quoted.
        form: The record's form.
        limits: How far was looked.
    """
    font = name_font(text)
    if font:
        todo = "convert it to Unicode"
        return SourceError(f"its headings look like {font} letters", where=where, todo=todo)
    wanted = ", ".join(field.title for field in form.required)
    what = f"no heading row in the first {limits.heading_rows} rows"
    return SourceError(what, where=where, todo=f"add one with at least {wanted}")


def _look(head: str, form: RecordForm, limits: Limits) -> tuple[str, HeadingRow | None]:
    """The delimiter that shows the best heading row."""
    found = [
        (delimiter, find_heading(_head_rows(head, delimiter, limits.heading_rows), form))
        for delimiter in _DELIMITERS
    ]
    return max(found, key=lambda pair: len(pair[1].match.columns) if pair[1] else 0)


def _head_rows(head: str, delimiter: str, count: int) -> list[tuple[int, Sequence[str]]]:
    """The first rows; each has the number of the line on which it ends."""
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    try:
        return [(reader.line_num, cells) for cells in islice(reader, count)]
    except csv.Error:
        return []


def _scan(
    file: str, path: Path, form: RecordForm, heading: HeadingRow, grid: Grid, facts: TextFacts
) -> TextRelation:
    """The table as DuckDB scans it in place, on all cores."""
    types = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(grid.width))
    longest = f", max_line_size={facts.longest + 16}" if facts.longest > _LINE_OF_DUCKDB else ""
    texts = [clean(f"c{place}", facts.spelling) for place in range(grid.width)]
    columns = {field: texts[place] for field, place in heading.match.columns.items()}
    first = f"coalesce({', '.join(texts)})"
    is_blank = f"{first} IS NULL"
    return TextRelation(
        file=file,
        sheet=None,
        source=(
            f"read_csv({literal(path)}, auto_detect=false, header=false, skip={heading.row},"
            f" delim={literal(grid.delimiter)}, quote='\"', escape='\"', compression='none',"
            f" strict_mode=true{longest}, columns={{{types}}})"
        ),
        columns=columns,
        row=None,
        first_row=heading.row + 1,
        row_fault=None,
        is_total=total_rule(form).no_record(first, is_blank, columns),
        is_blank=f"({is_blank})",
        dropped=heading.match.unknown,
        notes=_notes(facts, heading),
    )


def _notes(facts: TextFacts, heading: HeadingRow) -> tuple[str, ...]:
    return () if facts.lines > heading.row else ("there is nothing below the heading row",)


def _rows(file: str, path: Path, grid: Grid, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """Rows below the heading row, each with the number of the line on which it begins.

    Raises:
        SourceError: A quote that is never closed swallows the lines after it.
    """
    with path.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=grid.delimiter, strict=False)
        before = 0
        try:
            for cells in reader:
                if reader.line_num - before > limits.quoted_lines:
                    raise _not_closed(file, before + 1)
                if before >= grid.heading_row:
                    yield before + 1, cells
                before = reader.line_num
        except csv.Error:
            raise _not_closed(file, before + 1) from None


def _not_closed(file: str, line: int) -> SourceError:
    what = "a quoted cell begins here and does not end"
    return SourceError(what, where=f"{file}, line {line}", todo='close it, or remove the "')
