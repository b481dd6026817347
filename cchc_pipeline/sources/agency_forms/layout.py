"""The form's sheets, headings, guide and limits, typed from ``schemas/forms/agency_form.yaml``.

Belongs here: what the writer and the reader of the form must agree on. Does not: the rows of one
unit's form (``items``).
"""

from functools import cache
from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.contracts import load_code_list
from cchc_pipeline.core.data import read_yaml, typed
from cchc_pipeline.plan import Filled

ColumnKey = Literal[
    "item_id", "content", "numerator", "denominator", "value", "status", "completed_on", "note"
]
BlockKey = Literal["unit_code", "unit_name", "period"]
FIGURES: tuple[ColumnKey, ...] = ("numerator", "denominator", "value")
NOT_REPORTED = "NOT_REPORTED"
_PATH = "forms/agency_form.yaml"
_NO_EXTRAS = ConfigDict(extra="forbid")


@typed_dataclass(frozen=True, config=_NO_EXTRAS)
class BlockLine:
    """A line of the heading block; the first heading is the one shown."""

    key: BlockKey
    headings: tuple[Filled, ...]


@typed_dataclass(frozen=True, config=_NO_EXTRAS)
class Column:
    """A column of the form; the first heading is the one shown."""

    key: ColumnKey
    headings: tuple[Filled, ...]
    width: float


@typed_dataclass(frozen=True, config=_NO_EXTRAS)
class Hint:
    """What a spreadsheet says beside a cell to fill in."""

    title: Filled
    text: Filled


@typed_dataclass(frozen=True, config=_NO_EXTRAS)
class MissingUnits:
    """How many units that did not report are named, and how the rest are counted."""

    shown: int
    more: Filled


@typed_dataclass(frozen=True, config=_NO_EXTRAS)
class FormLimits:
    """What a form that came back may weigh, packed and unpacked, and how many rows it may have."""

    file_bytes: int
    unpacked_bytes: int
    ratio: int
    rows: int


@typed_dataclass(frozen=True, config=_NO_EXTRAS)
class FormLayout:
    """All of ``schemas/forms/agency_form.yaml``."""

    basis: Filled
    sheet: Filled
    guide_sheet: Filled
    title: Filled
    subtitle: Filled
    sample_notice: Filled
    block: tuple[BlockLine, ...]
    columns: tuple[Column, ...]
    comparators: dict[str, str]
    share_text: Filled
    count_text: Filled
    task_text: Filled
    entry_hints: dict[str, Hint]
    guide: tuple[Filled, ...]
    missing_units: MissingUnits
    progress_note: Filled
    limits: FormLimits

    def heading(self, key: str) -> str:
        """The heading that the form shows over a column."""
        return next(column.headings[0] for column in self.columns if column.key == key)


@cache
def load_layout() -> FormLayout:
    """The layout of the form.

    Raises:
        SchemaDataError: The file is not usable.
    """
    return typed(FormLayout, read_yaml(_PATH), f"schemas/{_PATH}")


@cache
def status_words() -> dict[str, str]:
    """The words of the drop-down list and their codes: the code list's, less *not reported*."""
    codes = load_code_list("task_status").codes
    return {code.name.vi: code.code for code in codes if code.code != NOT_REPORTED}
