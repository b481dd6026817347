"""CSV files: DuckDB's own scan where every line is one row, line by line where that shifts rows.

Belongs here: the delimiter, the heading row, the choice between both ways. Does not: whether the
text is sound (``text_inspection``), cutting odd lines (``csv_lines``), or what a value means.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb

from cchc_pipeline.core.sql import literal
from cchc_pipeline.sources.readers.csv_lines import CsvLines
from cchc_pipeline.sources.readers.headings import HeadingRow, find_heading, has_code, no_heading
from cchc_pipeline.sources.readers.passed_over import PassedOverTally, line_rule, records, with_gaps
from cchc_pipeline.sources.readers.staged_rows import Staging, stage_rows
from cchc_pipeline.sources.readers.text_inspection import Grid, TextFacts, head_text, inspect_text
from cchc_pipeline.sources.readers.text_relation import (
    TextRelation,
    clean,
    clean_text,
    nothing_notes,
)
from cchc_pipeline.sources.readers.upload_schema import UploadLimits, UploadSchema, check_match

_DELIMITERS = ",;\t"
_LINE_OF_DUCKDB = 2_000_000
_BETWEEN, _AROUND = "\x1f", "\x1e"


@dataclass(frozen=True)
class _Passed:
    """The texts of lines that are no records, as DuckDB sees them, and what is said of them."""

    texts: tuple[str, ...]
    notes: tuple[str, ...]


def read_csv(
    file: str, path: Path, upload: UploadSchema, scratch: Path, limits: UploadLimits
) -> TextRelation:
    """The table of a CSV file.

    Args:
        file: The dropped file's name.
        path: The plain text.
        upload: The record's upload schema.
        scratch: The folder for rows that DuckDB cannot read in place.
        limits: What is too much.

    Raises:
        SourceError: The text is not sound, or has no heading row that fits the schema.
    """
    head = head_text(path)
    if "\ufffd" in head:
        inspect_text(file, path, limits.line_bytes)
    delimiter, heading = _look(head, upload, limits)
    if heading is None:
        inspect_text(file, path, limits.line_bytes)
        raise no_heading(file, head[:20_000], upload, limits)
    check_match(heading.match, upload, f"{file}, line {heading.row}")
    cut = CsvLines(file, delimiter, line_rule(heading, upload), limits)
    grid = Grid(delimiter, heading.width, heading.row, cut.rule.key or 0)
    facts = inspect_text(file, path, limits.line_bytes, grid)
    if facts.is_even and heading.width > 1:
        in_place = _scan(path, cut, grid, facts)
        if in_place is not None:
            return in_place
    staged = scratch / f"{path.name[:24]}.rows.parquet"
    return stage_rows(Staging(file, None, upload, heading, staged, facts.spelling), cut.rows(path))


def _look(head: str, upload: UploadSchema, limits: UploadLimits) -> tuple[str, HeadingRow | None]:
    """The delimiter that shows the best heading row.

    A quote that is left open above the headings hides them: then each line is taken by itself.
    """
    for cut in (_head_rows, _head_lines):
        found = [
            (delimiter, find_heading(cut(head, delimiter, limits.heading_rows), upload))
            for delimiter in _DELIMITERS
        ]
        best = max(found, key=lambda pair: len(pair[1].match.columns) if pair[1] else 0)
        if best[1] is not None:
            break
    return best


def _head_rows(head: str, delimiter: str, count: int) -> list[tuple[int, Sequence[str]]]:
    """The first rows; each has the number of the line on which it ends."""
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    try:
        return [(reader.line_num, cells) for cells in islice(reader, count)]
    except csv.Error:
        return []


def _head_lines(head: str, delimiter: str, count: int) -> list[tuple[int, Sequence[str]]]:
    lines = islice(io.StringIO(head, newline=""), count)
    return [
        (number, next(csv.reader([line], delimiter=delimiter), []))
        for number, line in enumerate(lines, start=1)
    ]


def _scan(path: Path, cut: CsvLines, grid: Grid, facts: TextFacts) -> TextRelation | None:
    """The table as DuckDB scans it in place, on all cores; None where that cannot tell its lines.

    A row whose code looks like one is a record, and its other cells are not looked at: on a
    million rows that is a third of the reading.
    """
    passed = _passed_over(cut, facts)
    if passed is None:
        return None
    heading = cut.rule.heading
    raws = [f"c{place}" for place in range(grid.width)]
    texts = [clean(raw, facts.spelling) for raw in raws]
    is_blank = f"(coalesce({', '.join(texts)}) IS NULL)"
    is_total = _no_record(texts[grid.key], is_blank, raws, passed.texts)
    source = _source(path, grid, facts)
    records_only = f"{source} WHERE NOT {is_total}"
    taken = [raws[place] for place in heading.match.columns.values()]
    return TextRelation(
        file=cut.file,
        sheet=None,
        source=source,
        columns={field: texts[place] for field, place in heading.match.columns.items()},
        row=None,
        first_row=heading.row + 1,
        row_fault=None,
        is_total=is_total,
        is_blank=is_blank,
        dropped=heading.match.unknown,
        notes=(
            *heading.notes,
            *(() if facts.lines > heading.row else ("there is nothing below the heading row",)),
            *passed.notes,
            *_unnamed_notes(heading, texts, records_only),
            *nothing_notes(records_only, taken, facts.spelling),
        ),
    )


def _unnamed_notes(heading: HeadingRow, texts: Sequence[str], source: str) -> tuple[str, ...]:
    below = [texts[place] for place in heading.unnamed]
    if not below:
        return ()
    some = f"coalesce({', '.join(below)}) IS NOT NULL"
    with duckdb.connect() as connection:
        query = f"SELECT count(*) FILTER ({some}) FROM {source}"  # noqa: S608 - a reader's SQL
        return heading.unnamed_notes(connection.execute(query).fetchall()[0][0])


def _source(path: Path, grid: Grid, facts: TextFacts) -> str:
    types = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(grid.width))
    longest = f", max_line_size={facts.longest + 16}" if facts.longest > _LINE_OF_DUCKDB else ""
    return (
        f"read_csv({literal(path)}, auto_detect=false, header=false, skip={grid.heading_row},"
        f" delim={literal(grid.delimiter)}, quote='\"', escape='\"', compression='none',"
        f" strict_mode=true{longest}, columns={{{types}}})"
    )


def _no_record(key: str, is_blank: str, raws: Sequence[str], passed: Sequence[str]) -> str:
    """Whether a line is blank or passed over, as SQL that is never NULL."""
    no_record = is_blank
    if passed:
        whole = ", ".join(f"coalesce({raw}, '')" for raw in raws)
        known = literal(_AROUND + _AROUND.join(passed) + _AROUND)
        line = f"concat_ws({literal(_BETWEEN)}, {whole})"
        around = literal(_AROUND)
        no_record = f"({is_blank} OR contains({known}, concat({around}, {line}, {around})))"
    return f"CASE WHEN {has_code(key)} THEN false ELSE {no_record} END"


def _passed_over(cut: CsvLines, facts: TextFacts) -> _Passed | None:
    """The lines without a code that are no records; None where they cannot be told by their texts.

    These are few, so the rule judges them in hand, and DuckDB knows them by what stands in them.
    """
    if facts.codeless is None:
        return None
    lines = [(number, cut.alone(text)) for number, text in facts.codeless]
    if any(cells is None for _, cells in lines):
        return None
    by_number = {number: cells for number, cells in lines if cells is not None}
    tally = PassedOverTally()
    kept = {n for n, _ in records(with_gaps(by_number, facts.last_row), cut.rule, tally)}
    texts = {
        _BETWEEN.join(cells)
        for number, cells in by_number.items()
        if number not in kept and any(map(clean_text, cells))
    }
    both = texts & {_BETWEEN.join(cells) for n, cells in by_number.items() if n in kept}
    if both or len(texts) > cut.limits.passed_lines:
        return None
    return _Passed(tuple(sorted(texts)), tally.notes())
