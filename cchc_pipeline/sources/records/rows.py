"""Rows of small records: as a reader hands them over, judged, or set aside with what to mend.

Belongs here: the types that agency forms, the catalogue and petitions share; the words of a
quarantined row, from ``schemas/quarantine``; the collapse of repeated rows; what a month of rows
comes to by table; how the reader of a declared source is found, and what it is given. Does not:
opening files (``readers``), the rules of one record (its module), or dossiers, whose rules are a
contract's.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import duckdb
from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.contracts.sources import DeclaredSource, listed_sources, source_named
from cchc_pipeline.core.data import NO_EXTRAS, load
from cchc_pipeline.core.errors import SchemaDataError, SourceError
from cchc_pipeline.core.masking import mask
from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.units import UnitRegister
from cchc_pipeline.sources.dossiers.month import Means, scratch_folder
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.sources.raw.deliveries import DeliveredFile, Delivery
from cchc_pipeline.sources.readers.reading import read_plain
from cchc_pipeline.sources.readers.staged_rows import RecordRow, rows_of_relation
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema
from cchc_pipeline.sources.records.values import without_mark
from cchc_pipeline.storage.duckdb_engine import open_reader

SUBMISSIONS, SAMPLE_MARK = "submissions", "DuLieuMau"
_LINE_LENGTH = 200


@dataclass(frozen=True)
class Fault:
    """One rule that a row breaks, and the words for its message.

    Attributes:
        rule: The rule's code.
        column: The heading of the column concerned; empty where it is the whole row.
        value: What stands there; it is shortened and masked before it is quoted.
        words: Further words of the message.
    """

    rule: str
    column: str = ""
    value: str = ""
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Quarantined:
    """A broken rule of a row, as the quarantine tables hold it; ``column`` * is the whole row."""

    file: str
    row: int
    unit_code: str | None
    rule: str
    column: str
    message_vi: str
    expected_vi: str

    def as_row(self, period: str) -> dict[str, Any]:
        """The row of a quarantine table."""
        return {"period": period, **self.__dict__}


def quarantine(
    table: str, place: tuple[str, int], unit_code: str | None, faults: Iterable[Fault]
) -> tuple[Quarantined, ...]:
    """The faults of one row in words, one entry a rule and column.

    Args:
        table: The file of ``schemas/quarantine`` that words the rules.
        place: The file's name and the row's number, as a spreadsheet shows it.
        unit_code: The unit that is to mend it; None if that is not known.
        faults: What is wrong, at least one.
    """
    return tuple(_worded(table, place, unit_code, fault) for fault in dict.fromkeys(faults))


def _worded(table: str, place: tuple[str, int], unit_code: str | None, fault: Fault) -> Quarantined:
    words = _rules(table)[fault.rule]
    value = mask(without_mark(fault.value))
    said = {"column": f"“{fault.column}”", "value": value, **dict(fault.words)}
    return Quarantined(
        place[0], place[1], unit_code, fault.rule, fault.column or "*",
        words.message_vi.format(**said), words.expected_vi.format(**said),
    )  # fmt: skip


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class RuleWords:
    """What is wrong with a row, and what should stand there."""

    message_vi: str
    expected_vi: str


@cache
def _rules(table: str) -> Mapping[str, RuleWords]:
    return load(dict[str, RuleWords], f"quarantine/{table}.yaml")


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
    return {field.name: field.headings[0] for field in load_upload_schema(record).fields}


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


@dataclass(frozen=True)
class Reading:
    """Rows by the table that they are for, and one line for each file that was not read.

    A file that cannot be read counts as not handed in; it stops no month.
    """

    tables: Mapping[str, Sequence[Mapping[str, Any]]]
    refused: tuple[str, ...] = ()


def reading_of_rows(
    source: str,
    about: "Circumstances",
    judge: Callable[[Iterable[RecordRow]], Judged[Any]],
) -> Reading:
    """A month of a source of rows: accepted and set aside as declared, and the city's account.

    Args:
        source: Its name.
        about: What it is read with.
        judge: Judges the rows of all files together; what it accepts has ``as_row``.
    """
    declared = source_named(source)
    rows, refused = about.rows(declared.input)
    judged = judge(rows)
    set_aside = [entry.as_row(str(about.month)) for entry in judged.quarantined]
    return Reading(
        {
            declared.accepted[0]: [row.as_row(about.month) for row in judged.accepted],
            str(declared.quarantine): set_aside,
            SUBMISSIONS: [_account(source, about, judged, rows, refused)],
        },
        refused,
    )


def _account(
    source: str,
    about: "Circumstances",
    judged: Judged[Any],
    rows: Iterable[RecordRow],
    refused: Sequence[str],
) -> dict[str, Any]:
    """What the city handed in of a source; missing if no file came that can be read."""
    files = about.files(source_named(source).input)
    came = len(refused) < len(files)
    is_sample = any(row.texts.get(SAMPLE_MARK) for row in rows)
    return {
        "period": str(about.month),
        "unit_code": about.root,
        "table": source,
        "received_at": max(file.received_at for file in files) if came else None,
        "rows": judged.rows if came else None,
        "accepted": len(judged.accepted) if came else None,
        "quarantined": judged.quarantined_rows if came else None,
        "duplicates": judged.duplicates if came else None,
        "status": "missing" if not came else "partial" if refused else "received",
        "provenance": "sample" if is_sample else "official",
    }


@dataclass(frozen=True)
class Circumstances:
    """What every input of a month is read with; deliveries by the name of their record."""

    month: Month
    root: str
    register: UnitRegister
    archive: RawArchive
    means: Means
    deliveries: Mapping[str, Delivery | None] = field(default_factory=dict)

    def files(self, record: str) -> Sequence[DeliveredFile]:
        """The files of a record's delivery; none if nothing came."""
        delivery = self.deliveries.get(record)
        return delivery.files if delivery else ()

    def rows(self, record: str) -> tuple[list[RecordRow], tuple[str, ...]]:
        """The rows of the record's files that can be read, and a line for each other one."""
        rows: list[RecordRow] = []
        refused = []
        with (
            scratch_folder(self.means.scratch) as scratch,
            open_reader(self.means.memory_limit, scratch) as connection,
        ):
            for file in self.files(record):
                path = self.archive.path_of(file.sha256)
                try:
                    rows += _rows_of_file(record, file.name, path, scratch, connection)
                except SourceError as error:
                    refused.append(str(error))
        return rows, tuple(refused)


Reader = Callable[[Circumstances], Reading]
"""Reads a month of a source from the archive: rows by the source's tables and ``submissions``."""


def read_sources() -> tuple[DeclaredSource, ...]:
    """The sources that are read by a function which their declaration names, in order."""
    return tuple(one for one in listed_sources() if one.reader is not None)


@cache
def reader_of(source: DeclaredSource) -> Reader:
    """The function that reads a source.

    Raises:
        SchemaDataError: Its declaration names none that is there.
    """
    module, _, name = (source.reader or "").partition(":")
    try:
        reader: Reader = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        where = f"schemas/sources/{source.source}.yaml"
        raise SchemaDataError(f"no reader {source.reader!r}: {error}", where=where) from None
    return reader


def _rows_of_file(
    record: str, name: str, path: Path, scratch: Path, connection: duckdb.DuckDBPyConnection
) -> list[RecordRow]:
    relations = read_plain(name, path, load_upload_schema(record), scratch, connection)
    return [row for relation in relations for row in rows_of_relation(relation, connection)]
