"""A trial reading of every kind of input: which kind a file is, and the verdict of a run on it.

Belongs here: sorting files by kind, and reading each kind with the functions of a run into an
archive that is gone afterwards. Does not: dossiers (``trial``), or judging anything itself.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cchc_pipeline.contracts.sources import DeclaredSource, source_of_input
from cchc_pipeline.core.errors import CchcError, SourceError, UsageError
from cchc_pipeline.core.masking import visible
from cchc_pipeline.core.period import Month, utc_text
from cchc_pipeline.methodology import load_methodology
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.registers.units import UnitRegister
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.dossiers.month import NamedFile
from cchc_pipeline.sources.inbox.account import account_of, place_of, untaken
from cchc_pipeline.sources.inbox.files import (
    CORRECTIONS,
    FOLDERS,
    FORMS,
    LISTS,
    MANIFEST,
    MANIFEST_NAME,
    PORTAL_FOLDER,
    RECORDS,
    SCORES,
    answer_named,
    is_litter,
    is_of_record,
    kind_suggested,
    month_named,
    plain_name,
    unread_ending,
    window_in,
)
from cchc_pipeline.sources.inbox.kinds import ANY_ROOT, Kind, kind_by_content
from cchc_pipeline.sources.inbox.trial import (
    NOT_TAKEN,
    Trial,
    TrialRefusal,
    limit_broken,
    means_in,
    try_dossiers,
)
from cchc_pipeline.sources.national_portal.drop import Drop, read_drop
from cchc_pipeline.sources.national_portal.manifest import read_manifest
from cchc_pipeline.sources.national_portal.tables import read_month
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.sources.raw.deliveries import DeliveredFile, Delivery
from cchc_pipeline.sources.readers.unpacking import format_of
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema
from cchc_pipeline.sources.records.corrections import read_corrections
from cchc_pipeline.sources.records.other_inputs import Circumstances, reader_of
from cchc_pipeline.sources.records.rows import SUBMISSIONS

KINDS = (*RECORDS, SCORES, MANIFEST, *LISTS)
TIMELESS = (CORRECTIONS, *LISTS, NOT_TAKEN)
"""Kinds that can be judged without knowing the month."""
_IN_FOLDERS = {folder: record for record, folder in FOLDERS.items() if folder}


@dataclass(frozen=True)
class TrialTerms:
    """What every input is judged by.

    Attributes:
        month: The month; None if nobody said one.
        register: The units in time.
        settings: Root, limits, and where the lists of the inbox are.
        now: The moment.
        count_publications: Reads a folder's ``publications.csv`` and counts its rows.
    """

    month: Month | None
    register: UnitRegister
    settings: Settings
    now: datetime
    count_publications: Callable[[Path], int]

    @property
    def of_month(self) -> Month:
        """The month, where one is needed.

        Raises:
            UsageError: Nobody said one.
        """
        if self.month is None:
            todo = "say --month 2024-03"
            raise UsageError("no month in the names", where="cchc validate", todo=todo)
        return self.month


def sorted_by_kind(files: Iterable[Path], table: str | None) -> dict[str, list[Path]]:
    """The files by what they are; a folder stands for what it holds.

    Args:
        files: Files and folders, anywhere.
        table: What they are; their names and their content say it if None.

    Raises:
        UsageError: A file is not there or no regular one, or nobody knows what it is.
    """
    if table not in (None, *KINDS):
        raise UsageError(f"no table {table!r}", where="--table", todo=f"use {', '.join(KINDS)}")
    found: dict[str, list[Path]] = {}
    for file in files:
        for kind, path in _kinds(file, table):
            found.setdefault(kind, []).append(path)
    if not found:
        raise UsageError("no file in it that is taken", where=str(next(iter(files), "")))
    if SCORES in found and MANIFEST in found:
        found[SCORES] += found.pop(MANIFEST)
    return found


def try_kind(kind: str, files: Sequence[Path], terms: TrialTerms) -> Trial:
    """Judge files of one kind together, as a run would; nothing is kept.

    A file that cannot be read at all is the verdict's ``problem``.

    Raises:
        UsageError: No month is known where one is needed.
    """
    if kind == NOT_TAKEN:
        left = tuple(file.line() for folder in files for file in untaken(account_of(folder)))
        return Trial(NOT_TAKEN, None, problem=f"{len(left)} file(s) would not be taken", notes=left)
    month = None if kind in TIMELESS else terms.of_month
    try:
        judged = _judged(kind, files, terms)
    except UsageError:
        raise
    except CchcError as error:
        judged = Trial(kind, month, problem=str(error))
    names = tuple(visible(file.name, 120) for file in files)
    notes = (*judged.notes, *_names_not_taken(kind, files))
    return replace(judged, files=names, notes=notes)


def _names_not_taken(kind: str, files: Iterable[Path]) -> Iterator[str]:
    """What a run would say of names under which it takes nothing in."""
    for file in files:
        if file.is_file() and kind != FORMS and _kind_named(file.name) not in (kind, MANIFEST):
            shown = kind_by_content(file) or Kind(kind, *format_of(file.name))
            place = place_of(replace(shown, name=kind), file)
            todo = f"name it {place}" if place else "see docs/operating.md"
            yield f"{visible(file.name, 120)}: a run takes nothing in under this name -> {todo}"


def _kinds(file: Path, table: str | None) -> Iterator[tuple[str, Path]]:
    if file.is_dir():
        yield from _in_folder(file, table)
    elif not file.is_file():
        there = "is no regular file" if file.exists() else "no such file"
        raise UsageError(there, where=visible(str(file), 200), todo="check the name")
    else:
        yield table or kind_of_file(file), file


def _in_folder(folder: Path, table: str | None) -> Iterator[tuple[str, Path]]:
    """A capture as a whole, the forms of ``bao-cao``, or what a month's folder holds."""
    paths = [path for path in sorted(folder.iterdir()) if not is_litter(path.name)]
    if table == SCORES or folder.name == PORTAL_FOLDER or any(answer_named(p.name) for p in paths):
        yield SCORES, folder
    elif kind := table or _IN_FOLDERS.get(folder.name):
        yield from ((kind, path) for path in paths if path.is_file())
    elif any(path.is_dir() and month_named(path.name) for path in paths):
        todo = "name the folder of one month, such as inbox/2024-03"
        raise UsageError("it holds months", where=visible(str(folder), 200), todo=todo)
    else:
        account = account_of(folder)
        taken = [file for file in account if file.fate == "taken"]
        if untaken(account):
            yield NOT_TAKEN, folder
        if any(file.kind == SCORES for file in taken):
            yield SCORES, folder / PORTAL_FOLDER
        for file in taken:
            if file.kind not in (SCORES, MANIFEST):
                yield file.kind, folder / file.path


def kind_of_file(file: Path) -> str:
    """What a file is: by its name as a run takes it, else by its content, else by its likely name.

    Raises:
        UsageError: Nothing shows it.
    """
    named = _kind_named(file.name)
    if named:
        return named
    name = plain_name(file.name)
    shown = kind_by_content(file)
    kind = shown.name if shown else kind_suggested(name, file.resolve().parent.name)
    if not kind:
        todo = f"say --table {'|'.join(KINDS)}"
        what = "neither its name nor its content shows what it is"
        raise UsageError(what, where=visible(str(file), 200), todo=todo)
    return kind


def _kind_named(file: str) -> str:
    """As what a run takes a file of this name; empty if it does not. A form's name may be any."""
    name = plain_name(file)
    if name in {f"{kind}.csv" for kind in LISTS}:
        return name.removesuffix(".csv")
    if name == MANIFEST_NAME or answer_named(name):
        return MANIFEST if name == MANIFEST_NAME else SCORES
    forms = (load_upload_schema(record) for record in RECORDS if record != FORMS)
    taken = (form for form in forms if is_of_record(name, form) and not unread_ending(name, form))
    return next((form.record for form in taken), "")


def _judged(kind: str, files: Sequence[Path], terms: TrialTerms) -> Trial:
    if kind == "dossiers":
        named = [NamedFile(_read_as(file, kind), file) for file in files]
        return try_dossiers(named, terms.of_month, terms.register, terms.settings)
    source = source_of_input(kind)
    if source and source.reader:
        return _small_record(source, files, terms)
    if kind == CORRECTIONS:
        count = sum(len(read_corrections(f.read_bytes(), visible(f.name, 120))) for f in files)
        return Trial(kind, terms.month, count, count)
    if kind == SCORES:
        return _scores(files, terms)
    if kind == MANIFEST:
        for file in files:
            read_manifest(file.read_bytes(), file, terms.of_month)
        return Trial(kind, terms.month, len(files), len(files))
    return _list(kind, files, terms)


def _read_as(file: Path, kind: str) -> str:
    """The name under which a file is read: of another ending with that which its content shows.

    Raises:
        SourceError: Its format is none that is read.
    """
    name, form = plain_name(file.name), load_upload_schema(kind)
    todo = unread_ending(name, form)
    if not todo:
        return name
    shown = kind_by_content(file)
    if shown is None or shown.format not in form.formats:
        raise SourceError("cannot be read", where=visible(name, 120), todo=todo)
    return f"{name}.{shown.format}{shown.packing}"


def _small_record(source: DeclaredSource, files: Sequence[Path], terms: TrialTerms) -> Trial:
    kind = source.input
    with tempfile.TemporaryDirectory(prefix="cchc-") as folder:
        archive, received = RawArchive(Path(folder) / "raw"), utc_text(terms.now)
        kept = tuple(
            DeliveredFile(_read_as(file, kind), *archive.put_file(file), received) for file in files
        )
        about = Circumstances(
            terms.of_month, terms.settings.root_unit, terms.register, archive,
            means_in(Path(folder), terms.settings), {kind: Delivery(kind, terms.of_month, kept)},
        )  # fmt: skip
        reading = reader_of(source)(about)
    handed_in = [row for row in reading.tables[SUBMISSIONS] if row["status"] != "missing"]
    refusals = [_refusal(row) for row in reading.tables[str(source.quarantine)]]
    refusals += [TrialRefusal("", 0, "FILE_UNREADABLE", "*", line, "") for line in reading.refused]
    return _summed(kind, terms, handed_in, refusals)


def _scores(files: Sequence[Path], terms: TrialTerms) -> Trial:
    """Each capture by itself: one whose folder is given is asked to be whole, single answers not.

    Answers of one name are of several captures, wherever they lie.
    """
    captures = [[file] for file in files if file.is_dir()]
    for file in (file for file in files if not file.is_dir()):
        fits = (one for one in captures if not one[0].is_dir() and _is_beside(file, one))
        beside = next(fits, None)
        captures.append([file]) if beside is None else beside.append(file)
    tried = [_capture(capture, terms) for capture in captures]
    if len(tried) == 1:
        return tried[0]
    outcome = _summed(SCORES, terms, map(vars, tried), [r for one in tried for r in one.refusals])
    notes = tuple(note for one in tried for note in one.notes)
    return replace(outcome, notes=notes, stops=next((one.stops for one in tried if one.stops), ""))


def _is_beside(file: Path, capture: Sequence[Path]) -> bool:
    return file.parent == capture[0].parent


def _capture(files: Sequence[Path], terms: TrialTerms) -> Trial:
    month, settings = terms.of_month, terms.settings
    with tempfile.TemporaryDirectory(prefix="cchc-") as scratch:
        archive = RawArchive(Path(scratch) / "raw")
        folder = files[0]
        is_whole = folder.is_dir()
        if not is_whole:
            folder = Path(scratch) / PORTAL_FOLDER
            folder.mkdir()
            for file in files:
                shutil.copy(file, folder / _answer_name(file, settings.root_unit))
        drop = _drop(folder, files[0].parent, terms, archive, is_whole=is_whole)
        if not is_whole:
            return Trial(SCORES, month, len(files), len(files), notes=drop.notes)
        methodology = load_methodology(settings.methodology)
        rows = read_month(month, archive, methodology, terms.register, settings)
    refusals = [
        _refusal({"column": "*", "expected_vi": "", **r}) for r in rows["portal_quarantine"]
    ]
    outcome = _summed(SCORES, terms, rows["portal_submissions"], refusals)
    stops = limit_broken(outcome.rows, outcome.quarantined, settings)
    return replace(outcome, notes=drop.notes, stops=stops)


def _drop(
    folder: Path, given: Path, terms: TrialTerms, archive: RawArchive, *, is_whole: bool
) -> Drop:
    """The drop; of copies in the trial's own folder all is said of the files that were given."""
    root = terms.settings.root_unit
    place = str(folder), str(folder if is_whole else given)
    try:
        drop = read_drop(folder, terms.of_month, root, terms.now, archive, is_whole=is_whole)
    except SourceError as error:
        where = error.where.replace(*place)
        raise SourceError(error.what.replace(*place), where=where, todo=error.todo) from None
    return replace(drop, notes=tuple(note.replace(*place) for note in drop.notes))


def _answer_name(file: Path, root: str) -> str:
    """The name of an answer; of one that is misnamed, by what its content shows."""
    if file.name == MANIFEST_NAME or answer_named(file.name):
        return file.name
    shown = kind_by_content(file)
    window = window_in(file.name) if "|" not in window_in(file.name) else "month"
    endpoint = shown.endpoint.replace(ANY_ROOT, root) if shown else ""
    return f"{endpoint}.{window}.json" if endpoint else file.name


def _list(kind: str, files: Sequence[Path], terms: TrialTerms) -> Trial:
    """A list beside the months, together with those that already lie in the inbox."""
    if len(files) > 1:
        raise SourceError(f"{len(files)} files are one list", todo="give one at a time")
    with tempfile.TemporaryDirectory(prefix="cchc-") as scratch:
        folder, inbox = Path(scratch), terms.settings.inbox_dir
        units = inbox / "units.csv"
        if kind == "successions" and units.is_file():
            shutil.copy(units, folder / units.name)
        place = folder / f"{kind}.csv"
        shutil.copy(files[0], place)
        try:
            if kind == "publications":
                count = terms.count_publications(folder)
            else:
                load_register(folder)
                count = sum(1 for line in place.read_text("utf-8-sig").splitlines()[1:] if line)
        except CchcError as error:
            where = error.where.replace(str(place), visible(str(files[0]), 200))
            raise SourceError(error.what, where=where, todo=error.todo) from None
    return Trial(kind, None, count, count)


def _summed(
    kind: str,
    terms: TrialTerms,
    rows: Iterable[Mapping[str, Any]],
    refusals: Sequence[TrialRefusal],
) -> Trial:
    told = list(rows)
    names = ("rows", "accepted", "quarantined", "duplicates")
    count, accepted, quarantined, duplicates = (
        sum(int(row[name] or 0) for row in told) for name in names
    )
    return Trial(
        kind, terms.month, count, accepted, quarantined, duplicates, refusals=tuple(refusals)
    )


def _refusal(row: Mapping[str, Any]) -> TrialRefusal:
    return TrialRefusal(
        row["file"], row["row"], row["rule"], row["column"], row["message_vi"], row["expected_vi"]
    )
