"""The layout of summed tables as types: which words mean which column, and what must add up.

Belongs here: the content of ``schemas/forms/summed_tables.yaml``. Does not: reading a table.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.core.data import NO_EXTRAS, load
from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.sources.readers.upload_schema import fold_heading


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class KnownForm:
    """A form, and the words that show a table to be it; the last one needs none."""

    code: str
    words: tuple[str, ...]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class TableLimits:
    """What is too much for a summed table."""

    bytes: int
    rows: int
    columns: int
    heading_rows: int


@typed_dataclass(frozen=True)
class MeantBy:
    """What a column is called here, and the words that must stand above it."""

    words: tuple[str, ...]
    column: Annotated[str, Field(validation_alias="as")]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Sum:
    """A column, and the sets of columns of which the first that is told adds up to it."""

    whole: str
    parts: tuple[tuple[str, ...], ...]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Problem:
    """Why a file is refused, and what is to be done."""

    vi: str
    todo: str


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class WrittenColumn:
    """A column that is written: its heading, the one above it, measures added up and taken off."""

    title: str
    sum: tuple[str, ...]
    within: str = ""
    less: tuple[str, ...] = ()


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class WrittenGroup:
    """Columns that are written under one heading."""

    title: str
    columns: tuple[WrittenColumn, ...]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class WrittenForm:
    """The form that is written: its words and columns."""

    title: str
    number: str
    period: str
    release: str
    sample: str
    note: str
    total: str
    heading: Mapping[str, str]
    groups: tuple[WrittenGroup, ...]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class SummedLayout:
    """The content of ``schemas/forms/summed_tables.yaml``."""

    basis: str
    confidence: str
    forms: tuple[KnownForm, ...]
    limits: TableLimits
    unit_headings: tuple[str, ...]
    field_headings: tuple[str, ...]
    reporting_unit: tuple[str, ...]
    period: str
    total: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    columns: Mapping[str, tuple[MeantBy, ...]]
    needed: tuple[str, ...]
    sums: tuple[Sum, ...]
    problems: Mapping[str, Problem]
    written: WrittenForm

    def group_of(self, text: str) -> str:
        """The group of columns that a heading names; empty if it names none."""
        fold = fold_heading(text)
        named = (
            g for g, words in self.groups.items() if any(fold_heading(w) in fold for w in words)
        )
        return next(named, "")

    def column_of(self, group: str, path: str) -> str:
        """What a column is, by the texts above it; empty if it is not known or not used."""
        fold = fold_heading(path)
        meant = (
            entry.column
            for entry in self.columns[group]
            if all(fold_heading(word) in fold for word in entry.words)
        )
        return next(meant, "")

    def refusal(self, problem: str, where: str, **words: object) -> SourceError:
        """The error of a file, in Vietnamese: what, where, what to do."""
        said = self.problems[problem]
        return SourceError(said.vi.format(**words), where=where, todo=said.todo)


@cache
def summed_layout() -> SummedLayout:
    """How summed tables look, as far as is known.

    Raises:
        SchemaDataError: The data are not usable.
    """
    return load(SummedLayout, "forms/summed_tables.yaml")
