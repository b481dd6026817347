"""A record's upload schema: its fields, the headings under which offices export them, its files.

Belongs here: reading ``schemas/records/<name>.yaml``, the limits for its files, and matching
headings to fields. Does not: finding the heading row in a file (``headings``), or what a field's
text means.
"""

import difflib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.contracts.model import Text
from cchc_pipeline.core.data import NO_EXTRAS, load, read_yaml, refuse, typed
from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.masking import visible
from cchc_pipeline.core.sql import identifier

FileFormat = Literal["csv", "xlsx", "xls", "jsonl", "json", "parquet", "yaml"]
_QUOTED_LETTERS = 40


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class UploadField:
    """A field of one value; a file in which no row can have a ``required`` one is refused.

    Attributes:
        name: The name, which is a heading too.
        required: Whether a file must have it.
        headings: The headings under which it stands.
        code_headings: Headings of which it is certain that codes stand below.
        beside: The field that takes the other column where a file has one under a code heading
            and another that means the same; alone, the column of that field gives this one.
    """

    name: str
    required: bool = False
    headings: tuple[str, ...] = ()
    code_headings: tuple[str, ...] = ()
    beside: str | None = None

    @property
    def every_heading(self) -> tuple[str, ...]:
        """The name and all headings."""
        return (self.name, *self.headings, *self.code_headings)

    @property
    def title(self) -> str:
        """How a message calls it: the name, with its first heading."""
        return f'{self.name} ("{self.headings[0]}")' if self.headings else self.name


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class NestedField:
    """A list of objects, in native files only; of each object the ``leaves`` are read."""

    name: str
    leaves: tuple[str, ...]

    @property
    def sql_type(self) -> str:
        """The DuckDB type of its texts."""
        return f"STRUCT({', '.join(f'{identifier(leaf)} VARCHAR' for leaf in self.leaves)})[]"


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class UploadSchema:
    """A record: ``files`` begins the names of its files, ``any_of`` asks for one field of several.

    ``total_line`` holds the words with which a line of sums begins, ``moments`` the fields whose
    numbers are Excel's serial days.
    """

    record: str
    title: Text
    basis: str
    files: str
    formats: tuple[FileFormat, ...]
    fields: tuple[UploadField, ...]
    nested: tuple[NestedField, ...] = ()
    any_of: tuple[tuple[str, ...], ...] = ()
    total_line: tuple[str, ...] = ()
    moments: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every field's name, the nested ones last."""
        return (*(item.name for item in self.fields), *(item.name for item in self.nested))

    @property
    def required(self) -> tuple[UploadField, ...]:
        """The fields that a file must have a column for."""
        return tuple(field for field in self.fields if field.required)

    @property
    def by_fold(self) -> Mapping[str, str]:
        """The field that a folded heading means."""
        return {
            fold_heading(heading): field.name
            for field in self.fields
            for heading in field.every_heading
        }


@dataclass(frozen=True)
class ColumnMatch:
    """Which column holds which field: places by the field's name, and the headings not known.

    ``width`` is the number of headings, empty ones at the end not counted.
    """

    columns: Mapping[str, int]
    doubles: tuple[str, ...]
    unknown: tuple[str, ...]
    width: int = 0


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class UploadLimits:
    """What is too much for a file; bytes, lines and rows as the names say."""

    unpacked_bytes: int
    ratio: int
    ratio_from_bytes: int
    workbook_bytes: int
    document_bytes: int
    line_bytes: int
    quoted_lines: int
    heading_rows: int
    heading_matches: int
    columns: int
    passed_lines: int
    tail_lines: int
    workbook_parts: int
    workbook_sheets: int
    workbook_part_bytes: int
    workbook_item_bytes: int
    shared_text_bytes: int
    shared_texts: int
    workbook_cells: int
    workbook_columns: int


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class _LineFaults:
    cells: str
    cells_short: str
    open_quote: str
    formula: str
    not_json: str
    not_object: str
    not_list: str
    not_objects: str
    not_scalar: str
    doubled: str
    doubled_within: str
    doubled_other: str
    nul: str
    not_text: str


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class LineWords:
    """What tells lines that are no records; ``schemas/records/_files.yaml`` says more."""

    section_mark: str
    signature: tuple[str, ...]
    signature_day: str
    signature_cells: int


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class _Notes:
    nothings: str
    two_rows: str
    unnamed: str
    merged: str
    passed: Mapping[str, str]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class FileRules:
    """The rules for all files of records: limits, refused endings, words, and what is told."""

    basis: str
    limits: UploadLimits
    refused: Mapping[str, str]
    faults: _LineFaults
    nothings: tuple[str, ...]
    lines: LineWords
    notes: _Notes


@cache
def file_rules() -> FileRules:
    """The rules in ``schemas/records/_files.yaml``.

    Raises:
        SchemaDataError: They do not fit.
    """
    name = "records/_files.yaml"
    return load(FileRules, name)


@cache
def load_upload_schema(name: str) -> UploadSchema:
    """The upload schema of a record, from ``schemas/records/<name>.yaml``.

    Raises:
        SchemaDataError: It is not usable, for instance two fields share a heading.
    """
    path = f"records/{name}.yaml"
    return parse_upload_schema(read_yaml(path), f"schemas/{path}")


def parse_upload_schema(content: object, where: str) -> UploadSchema:
    """Type and judge an upload schema.

    Args:
        content: The decoded file.
        where: Its name, for the reader of an error.

    Raises:
        SchemaDataError: Something lacks or contradicts; one line names all of it.
    """
    upload = typed(UploadSchema, content, where)
    refuse(_schema_problems(upload), where)
    return upload


def fold_heading(heading: str) -> str:
    """A key under which the spellings of one heading meet.

    Case, accents, đ and everything that is no letter or digit are dropped.
    """
    letters = unicodedata.normalize("NFD", heading.casefold()).replace("đ", "d")
    return "".join(char for char in letters if char.isalnum() and not unicodedata.combining(char))


def match_headings(headings: Sequence[str], upload: UploadSchema) -> ColumnMatch:
    """Find the fields that a row of headings names; empty ones are passed over.

    Of more columns than the limit only the first are looked at; ``check_match`` refuses them.
    """
    width = next((n for n in range(len(headings), 0, -1) if headings[n - 1].strip()), 0)
    known, places = upload.by_fold, dict[str, list[int]]()
    unknown = []
    for place, heading in enumerate(headings[: min(width, file_rules().limits.columns)]):
        name = known.get(fold_heading(heading))
        if name is not None:
            places.setdefault(name, []).append(place)
        elif heading.strip():
            unknown.append(shown(heading))
    _part_codes_from_names(headings, upload, places)
    doubles = (
        f'"{shown(headings[first])}" and "{shown(headings[other])}" ({name})'
        for name, (first, *others) in places.items()
        for other in others
    )
    columns = {name: found[0] for name, found in places.items()}
    return ColumnMatch(columns, tuple(doubles), tuple(unknown), width)


def _part_codes_from_names(
    headings: Sequence[str], upload: UploadSchema, places: dict[str, list[int]]
) -> None:
    """Where a column of codes stands beside one of names, the code decides; alone, each does."""
    for field in upload.fields:
        if field.beside is None:
            continue
        codes = {fold_heading(heading) for heading in field.code_headings}
        found = places.get(field.name, [])
        coded = [place for place in found if fold_heading(headings[place]) in codes]
        if coded and len(coded) < len(found):
            others = [place for place in found if place not in coded]
            places[field.name] = coded
            places[field.beside] = sorted([*places.get(field.beside, []), *others])
        elif not found and field.beside in places:
            places[field.name] = places.pop(field.beside)


def check_match(match: ColumnMatch, upload: UploadSchema, where: str) -> None:
    """Hold the columns of a file to its schema.

    Raises:
        SourceError: There are too many columns, two mean the same, or a field that must be there
            has none; the line names them by their headings.
    """
    most = file_rules().limits.columns
    if match.width > most:
        what = f"has {match.width} columns, and no more than {most} are read"
        raise SourceError(what, where=where, todo="delete the columns that are not asked for")
    if match.doubles:
        todo = "keep one of them, rename or delete the other"
        raise SourceError(
            f"two columns with the same meaning: {'; '.join(match.doubles)}", where=where, todo=todo
        )
    missing = list(_missing(match.columns, upload))
    if not missing:
        return
    titles = ", ".join(" or ".join(field.title for field in fields) for fields in missing)
    guesses = [guess for fields in missing if (guess := _renamed(fields, match.unknown))]
    todo = f"did you rename it? {'; '.join(guesses)}" if guesses else "add it to the export"
    raise SourceError(f"no column for {titles}", where=where, todo=todo)


def shown(text: str) -> str:
    """A heading or a name as a message quotes it: on one line, cut, nothing raw on a terminal."""
    return visible(" ".join(text[: _QUOTED_LETTERS * 4].split()), _QUOTED_LETTERS)


def _missing(columns: Mapping[str, int], upload: UploadSchema) -> Iterator[tuple[UploadField, ...]]:
    by_name = {field.name: field for field in upload.fields}
    needs = [(field.name,) for field in upload.required] + list(upload.any_of)
    for names in needs:
        if not any(name in columns for name in names):
            yield tuple(by_name[name] for name in names)


def _renamed(fields: Iterable[UploadField], unknown: Iterable[str]) -> str:
    """The unknown heading that is spelt most like a missing field's, as a hint."""
    folds = {fold_heading(heading): heading for heading in unknown}
    for field in fields:
        for spelling in (*field.headings, *field.code_headings, field.name):
            close = difflib.get_close_matches(fold_heading(spelling), folds, n=1, cutoff=0.7)
            if close:
                return f'"{folds[close[0]]}" -> "{spelling}"'
    return ""


def _schema_problems(upload: UploadSchema) -> Iterator[str]:
    names = Counter(upload.names)
    yield from (f"{name}: stands there twice" for name, count in names.items() if count > 1)
    owners: dict[str, str] = {}
    for field in upload.fields:
        for fold in {fold_heading(heading) for heading in field.every_heading}:
            if not fold:
                yield f"{field.name}: has an empty heading"
            if owners.setdefault(fold, field.name) != field.name:
                yield f"{field.name}: shares a heading with {owners[fold]}"
    for name in (name for group in upload.any_of for name in group if name not in names):
        yield f"any_of: {name} is no field"
    for field in (field for field in upload.fields if field.beside not in (None, *names)):
        yield f"{field.name}: beside names no field"
    yield from (f"moments: {name} is no field" for name in upload.moments if name not in names)
    if upload.fields and not upload.required:
        yield "fields: none is required"
