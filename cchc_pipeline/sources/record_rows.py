"""A row of a small record, as any reader hands it over, and what judging all rows came to.

Belongs here: the types that the catalogue and petitions share, and the collapse of repeated rows.
Does not: the readers of files, or the rules of one record.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Generic, Protocol, TypeVar

from cchc_pipeline.masking import mask
from cchc_pipeline.sources.quarantined import Fault, Quarantined, quarantine
from cchc_pipeline.sources.record_files.record_form import load_form

_LINE_LENGTH = 200


@dataclass(frozen=True)
class RecordRow:
    """One row: texts by the record's field names; trimmed, in NFC, absent or None where empty.

    Attributes:
        file: The file's name.
        row: The row's number as a spreadsheet or an editor shows it.
        texts: The contracted fields only.
        fault: Why the line could not be read; None where it could.
    """

    file: str
    row: int
    texts: Mapping[str, str | None]
    fault: str | None = None

    def text(self, name: str) -> str:
        """The field's text; empty where there is none."""
        return self.texts.get(name) or ""


def unreadable_line(why: str) -> Fault:
    """The fault of a line that could not be read, in its own words."""
    return Fault("LINE_UNREADABLE", words=(("line", mask(why, _LINE_LENGTH)),))


class Placed(Protocol):
    """An accepted row that knows where it stands, and of which unit it is."""

    @property
    def file(self) -> str:
        """The file's name."""

    @property
    def row(self) -> int:
        """Its number in the file."""

    @property
    def unit_code(self) -> str | None:
        """The unit that is to mend it, if there is one."""


def set_row_aside(
    record: str, row: "RecordRow | Placed", unit_code: str | None, faults: Iterable[Fault]
) -> tuple[Quarantined, ...]:
    """The faults of a row of a record, with the headings that offices know for its columns.

    Args:
        record: The name of the record, and of its rules in ``schemas/quarantine``.
        row: Where it stands.
        unit_code: The unit that is to mend it; None if that is not known.
        faults: What is wrong, columns by the record's field names.
    """
    headings = _headings(record)
    shown = (replace(fault, column=headings.get(fault.column, "")) for fault in faults)
    return quarantine(record, (row.file, row.row), unit_code, shown)


@cache
def _headings(record: str) -> dict[str, str]:
    return {field.name: field.headings[0] for field in load_form(record).fields}


_Row = TypeVar("_Row", bound=Placed)


@dataclass(frozen=True)
class Judged(Generic[_Row]):
    """What came of all rows: ``rows`` = accepted + quarantined rows + duplicates."""

    rows: int
    accepted: tuple[_Row, ...]
    quarantined: tuple[Quarantined, ...]
    duplicates: int

    @property
    def quarantined_rows(self) -> int:
        """How many rows were set aside; one row may break several rules."""
        return len({(entry.file, entry.row) for entry in self.quarantined})


@dataclass(frozen=True)
class Repetition(Generic[_Row]):
    """How rows of one key stand to each other.

    Attributes:
        table: The file of ``schemas/quarantine`` that words ``rule``.
        key: What must be there once.
        content: What equal rows agree in.
        fault: What a row breaks that contradicts another of its key.
    """

    table: str
    key: Callable[[_Row], Hashable]
    content: Callable[[_Row], Hashable]
    fault: Callable[[_Row], Fault]


def without_repetitions(
    rows: int, accepted: Iterable[_Row], quarantined: Iterable[Quarantined], how: Repetition[_Row]
) -> Judged[_Row]:
    """Equal rows of one key collapse to the first; rows of one key that differ are all set aside.

    Args:
        rows: How many rows there were.
        accepted: Those that broke no rule of their own.
        quarantined: What the others broke.
        how: What repeats, and what to say of it.
    """
    groups: dict[Hashable, list[_Row]] = defaultdict(list)
    for row in accepted:
        groups[how.key(row)].append(row)
    kept: list[_Row] = []
    set_aside, duplicates = list(quarantined), 0
    for same in groups.values():
        if len({how.content(row) for row in same}) == 1:
            kept.append(same[0])
            duplicates += len(same) - 1
            continue
        for row in same:
            set_aside += set_row_aside(how.table, row, row.unit_code, [how.fault(row)])
    return Judged(rows, tuple(kept), tuple(set_aside), duplicates)
