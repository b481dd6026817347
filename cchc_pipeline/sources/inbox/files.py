"""What lies in the inbox: what each name says, and whether it has settled.

Belongs here: the one rule of names, for those who take files in and for those who tell what was not
taken; a month's folder at one look, and the decision from two looks. Does not: looking into a file
(``kinds``), what becomes of it (``account``), taking it in (``sources.raw.deliveries``,
``sources.national_portal.drop``), or starting anything.
"""

import hashlib
import re
import unicodedata
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.contracts.model import Text
from cchc_pipeline.contracts.sources import declared_sources, suggested_names
from cchc_pipeline.core.data import load
from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.masking import visible
from cchc_pipeline.core.period import Month
from cchc_pipeline.sources.national_portal.legacy_gateway import load_gateway
from cchc_pipeline.sources.national_portal.request import Endpoint, load_national_portal
from cchc_pipeline.sources.readers.unpacking import format_of
from cchc_pipeline.sources.readers.upload_schema import (
    UploadSchema,
    file_rules,
    fold_heading,
    load_upload_schema,
)

PORTAL_FOLDER, MANIFEST_NAME = "portal", "manifest.json"
SCORES, MANIFEST, FORMS, CORRECTIONS = "scores", "manifest", "agency_forms", "corrections"
FOLDERS = {one.record: one.folder for one in declared_sources() if one.record}
"""Every record, and the folder of the month that its files lie in; empty for the month's own."""
TABULAR = tuple(sorted(s.input for s in declared_sources() if s.kind in ("rows", "export")))
"""The records whose files are tables with headings."""
RECORDS = (*TABULAR, *sorted(FOLDERS.keys() - {*TABULAR}))
FORMS_FOLDER = FOLDERS[FORMS]
LISTS = ("units", "successions", "publications")
_LONGEST_PATH = 250
_ANSWER = re.compile(
    r"(?P<endpoint>[^.]+)(?:\.(?P<root>.+))?\.(?P<window>month|quarter|year)\.json"
)
_YEAR_MONTH = re.compile(r"\D*(?P<year>20\d\d)\D{0,3}(?P<month>\d{1,2})\D*")
_MONTH_YEAR = re.compile(r"\D*(?P<month>\d{1,2})\D{0,7}(?P<year>20\d\d)\D*")
_UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart")
QUIET_SECONDS = 60
"""A file that was written to this lately may still be growing."""


@typed_dataclass(frozen=True)
class InboxLimits:
    """How far a file of an unknown name is looked into: bytes, and files of a month."""

    head_bytes: int
    packed_workbook_bytes: int
    directory_bytes: int
    files: int


@typed_dataclass(frozen=True)
class InboxRules:
    """``schemas/records/_inbox.yaml``: the fields are those of the file."""

    basis: str
    litter: tuple[str, ...]
    lists: Mapping[str, tuple[str, ...]]
    names: Mapping[str, tuple[str, ...]]
    json: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, Text]
    limits: InboxLimits


@dataclass(frozen=True)
class AnswerName:
    """What the name of an answer of the national portal says; ``root`` may be missing in it."""

    endpoint: Endpoint
    root: str | None
    window: str


@cache
def inbox_rules() -> InboxRules:
    """The rules for what lies in the inbox.

    Raises:
        SchemaDataError: They do not fit.
    """
    name = "records/_inbox.yaml"
    return load(InboxRules, name)


def kind_title(kind: str) -> Text:
    """What a kind of input is called in both languages."""
    known = inbox_rules().kinds.get(kind)
    return known if known is not None else load_upload_schema(kind).title


def plain_name(name: str) -> str:
    """A name in the form in which names are compared and told: NFC, as systems differ in it."""
    return unicodedata.normalize("NFC", name)


def told_path(path: Path) -> str:
    """A path as a message names it: no control character of a name reaches a terminal."""
    return visible(plain_name(str(path)), _LONGEST_PATH)


def is_litter(name: str) -> bool:
    """Whether programs and systems leave files of this name behind."""
    folded = plain_name(name).casefold()
    return any(fnmatchcase(folded, pattern) for pattern in inbox_rules().litter)


def is_of_record(name: str, upload: UploadSchema) -> bool:
    """Whether a file of this name, in the record's folder, is one of the record."""
    named = plain_name(name).casefold()
    beside = named.endswith(".manifest.json")
    return named.startswith(upload.files) and not is_litter(name) and not beside


def unread_ending(name: str, upload: UploadSchema) -> str:
    """What is to be done about a file of a record whose ending is not read; empty if it is."""
    kind, _ = format_of(name)
    return "" if kind in upload.formats else other_format(kind, upload)


def other_format(kind: str, upload: UploadSchema) -> str:
    """What is to be done about a file of a record that has a format which is not read."""
    return file_rules().refused.get(kind, f"save it as {' or '.join(upload.formats)}")


def record_at(path: Path, month_folder: Path) -> UploadSchema | None:
    """The record that takes a file in by its place and name."""
    schemas = (load_upload_schema(r) for r in RECORDS if path.parent == month_folder / FOLDERS[r])
    return next((upload for upload in schemas if is_of_record(path.name, upload)), None)


def answer_named(name: str) -> AnswerName | None:
    """What the name of a file in a capture says; None where it names no known answer."""
    match = _ANSWER.fullmatch(name)
    if match is None:
        return None
    legacy = load_gateway().endpoint
    asked = match["endpoint"]
    endpoint = legacy if asked == legacy.name else load_national_portal().endpoint(asked)
    return AnswerName(endpoint, match["root"], match["window"]) if endpoint else None


def window_in(name: str) -> str:
    """The window that a name speaks of, or all three where it does not say."""
    words = [word for word in ("month", "quarter", "year") if word in name.casefold()]
    return words[0] if len(words) == 1 else "month|quarter|year"


def kind_suggested(*names: str) -> str:
    """The kind of input that names of a file and its folders suggest; empty where none does."""
    for fold in map(fold_heading, names):
        for kind, hints in (*suggested_names(), *inbox_rules().names.items()):
            if any(hint in fold for hint in hints):
                return kind
    return ""


def month_named(name: str) -> Month | None:
    """The month of a folder's name; None if it is no month's."""
    try:
        return Month.parse(name)
    except UsageError:
        return None


def month_meant(name: str) -> str:
    """The month that a folder's name means without being written so; empty if it means none."""
    found = _YEAR_MONTH.fullmatch(name) or _MONTH_YEAR.fullmatch(name)
    if found is None or not 1 <= int(found["month"]) <= 12:
        return ""
    return f"{found['year']}-{int(found['month']):02d}"


@dataclass(frozen=True)
class Arrival:
    """The files of a month as they are now.

    Args:
        state: A digest of their names, sizes and times.
        newest: When the last of them was written, in seconds since 1970.
        is_whole: Whether none has a name that a copy in progress has.
    """

    state: str
    newest: float
    is_whole: bool


def arrivals(inbox: Path) -> dict[Month, Arrival]:
    """What the inbox holds, by month; a folder without files, or of litter, holds nothing."""
    found = {month: _arrival(folder) for month, folder in _folders(inbox)}
    return {month: arrival for month, arrival in found.items() if arrival is not None}


def _folders(inbox: Path) -> Iterator[tuple[Month, Path]]:
    for folder in sorted(inbox.iterdir()) if inbox.is_dir() else ():
        try:
            month = Month.parse(folder.name)
        except UsageError:
            continue
        if folder.is_dir():
            yield month, folder


def _arrival(folder: Path) -> Arrival | None:
    digest, newest, is_whole, count = hashlib.sha256(), 0.0, True, 0
    for path in sorted(folder.rglob("*")):
        unfinished = path.name.endswith(_UNFINISHED)
        if not path.is_file() or (is_litter(path.name) and not unfinished):
            continue
        state = path.stat()
        line = f"{path.relative_to(folder)}\0{state.st_size}\0{state.st_mtime_ns}\n"
        digest.update(line.encode(errors="surrogateescape"))
        newest, count = max(newest, state.st_mtime), count + 1
        is_whole = is_whole and not unfinished
    return Arrival(digest.hexdigest(), newest, is_whole) if count else None


def has_settled(arrival: Arrival, before: str | None, at: datetime) -> bool:
    """Whether a month's files are whole: nothing changed since the last look, nor just now.

    Args:
        arrival: The files now.
        before: Their state at the look before; None at the first.
        at: The moment of this look.
    """
    quiet = at.timestamp() - arrival.newest >= QUIET_SECONDS
    return arrival.is_whole and quiet and arrival.state == before


def untaken(
    found: Mapping[Month, Arrival], taken: Mapping[str, str], made: Container[Month]
) -> Iterator[Month]:
    """The months whose files are not those that were taken in last.

    Args:
        found: The files now.
        taken: The state in which each month was taken in, as far as it is known.
        made: The months that were made from what lies there.
    """
    for month, arrival in found.items():
        known = taken.get(str(month))
        if (month not in made) if known is None else (known != arrival.state):
            yield month
