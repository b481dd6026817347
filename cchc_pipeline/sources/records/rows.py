"""Rows of small records: as a reader hands them over, judged, or set aside with what to mend.

Belongs here: the types that agency forms, the catalogue and petitions share; the words of a
quarantined row, from ``schemas/quarantine``; the collapse of repeated rows; what a month of rows
comes to by table. Does not:
opening files (``readers``), the rules of one record (its module), or dossiers, whose rules are a
contract's.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.contracts.sources import source_named
from cchc_pipeline.core.data import NO_EXTRAS, load
from cchc_pipeline.core.masking import mask
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema
from cchc_pipeline.sources.records.values import without_mark

if TYPE_CHECKING:
    from cchc_pipeline.sources.records.other_inputs import Circumstances

SUBMISSIONS, SAMPLE_MARK = "submissions", "DuLieuMau"
_LINE_LENGTH = 200
_Value = TypeVar("_Value")


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


def read_cell(
    row: RecordRow, column: str, read: Callable[[str], _Value], rule: str, faults: list[Fault]
) -> _Value | None:
    """What a row's text in a column says; None where it is empty, or cannot be read.

    Args:
        row: The row.
        column: The field's name.
        read: Reads a text, or raises ``ValueError``.
        rule: What a text breaks that cannot be read.
        faults: Grows by that.
    """
    text = row.text(column)
    try:
        return read(text) if text else None
    except ValueError:
        faults.append(Fault(rule, column, text))
        return None


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
    record: str, row: RecordRow | Placed, unit_code: str | None, faults: Iterable[Fault]
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


def judge_rows(
    rows: Iterable[RecordRow],
    judge: Callable[[RecordRow], tuple[_Row | None, str | None, list[Fault]]],
    how: Repetition[_Row],
) -> Judged[_Row]:
    """Judge the rows of a month one by one, and then those of one key together.

    Args:
        rows: The rows of all files.
        judge: What a row gives, of which unit it is, and what it breaks.
        how: What repeats, and what to say of it.
    """
    accepted: list[_Row] = []
    set_aside: list[Quarantined] = []
    count = 0
    for row in rows:
        count += 1
        given, unit_code, faults = judge(row)
        if given is None or faults:
            set_aside += set_row_aside(how.table, row, unit_code, faults)
        else:
            accepted.append(given)
    return without_repetitions(count, accepted, set_aside, how)


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
    files = about.files(source_named(source).input)
    rows, refused = about.rows(source_named(source).input)
    return reading_of(source, about, judge, (rows, refused, len(refused) < len(files)))


def reading_of(
    source: str,
    about: "Circumstances",
    judge: Callable[[Iterable[RecordRow]], Judged[Any]],
    read: tuple[Sequence[RecordRow], tuple[str, ...], bool],
) -> Reading:
    """As ``reading_of_rows``, of rows that the source has read by itself.

    Args:
        source: Its name.
        about: What it is read with.
        judge: Judges the rows of all files together; what it accepts has ``as_row``.
        read: The rows, a line for each file that was not read, and whether anything came.
    """
    declared, (rows, refused, came) = source_named(source), read
    judged = judge(rows)
    set_aside = [entry.as_row(str(about.month)) for entry in judged.quarantined]
    account = _account(source, about, judged, rows, came=came, whole=not refused)
    return Reading(
        {
            declared.accepted[0]: [row.as_row(about.month) for row in judged.accepted],
            str(declared.quarantine): set_aside,
            SUBMISSIONS: [account] if declared.owes or about.files(declared.input) else [],
        },
        refused,
    )


def _account(
    source: str,
    about: "Circumstances",
    judged: Judged[Any],
    rows: Iterable[RecordRow],
    *,
    came: bool,
    whole: bool,
) -> dict[str, Any]:
    """What the city handed in of a source; missing if no file came that can be read.

    What nobody owes is told of only where something came.
    """
    files = about.files(source_named(source).input)
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
        "status": "missing" if not came else "received" if whole else "partial",
        "provenance": "sample" if is_sample else "official",
    }
