"""The account of the inbox: every entry of a month's folder has one fate, and is told.

Belongs here: what is taken as what by its name, what is litter, what is not taken and which name it
should have; the lines that say so; stopping a month of which nothing is taken. Does not: the rule
of names (``files``), looking into a file (``kinds``), archiving it (``sources.raw.deliveries``,
``sources.national_portal.drop``), or reading it. Nothing but regular files is opened.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.masking import mask, visible
from cchc_pipeline.core.period import Month
from cchc_pipeline.government import known_governments
from cchc_pipeline.sources.inbox.files import (
    CORRECTIONS,
    FOLDERS,
    FORMS,
    FORMS_FOLDER,
    LISTS,
    MANIFEST,
    MANIFEST_NAME,
    PORTAL_FOLDER,
    RECORDS,
    SCORES,
    answer_named,
    inbox_rules,
    is_litter,
    kind_suggested,
    kind_title,
    month_meant,
    month_named,
    other_format,
    plain_name,
    record_at,
    unread_ending,
    window_in,
)
from cchc_pipeline.sources.inbox.kinds import Kind, kind_by_content
from cchc_pipeline.sources.readers.unpacking import format_of
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema

Fate = Literal["taken", "litter", "not_taken"]
_GIVING_FIGURES = frozenset({*RECORDS, SCORES}) - {CORRECTIONS}
_TOLD_TOGETHER = (("taken", SCORES), ("taken", MANIFEST))
_LONGEST_NAME, _LONGEST_LINE = 120, 340


@dataclass(frozen=True)
class InboxFile:
    """What becomes of one entry of a month's folder.

    Attributes:
        path: Its place below the folder, in NFC, control characters made visible.
        fate: What becomes of it.
        kind: What it is taken as, or what it shows itself to be; empty if nobody knows.
        why: Why it is not taken: a code of ``file_reasons``.
        todo: What its owner does about it.
        should_be: The place below the folder that it should have, ``../`` for the inbox itself.
    """

    path: str
    fate: Fate
    kind: str = ""
    why: str = ""
    todo: str = ""
    should_be: str = ""

    def line(self, *, foreseen: bool = False) -> str:
        """The fate in one line, without the month; of a dry run as what would be."""
        if self.fate == "taken":
            return f"{self.path} {_is('taken', foreseen=foreseen)} as {kind_title(self.kind).en}"
        if self.fate == "litter":
            return f"{self.path} {_is('passed over', foreseen=foreseen)}"
        known = f"it is {kind_title(self.kind).en}" if self.kind else ""
        what = {
            "misnamed": f"by its content {known}",
            "wrong_format": "its format is not read",
            "not_regular": "it is no regular file, and is not opened",
            "unknown": "its content does not show what it is",
        }[self.why]
        return f"{self.path} {_is('taken', foreseen=foreseen, no=True)}: {what} -> {self.todo}"


def _is(done: str, *, foreseen: bool, no: bool = False) -> str:
    """What is, or in a dry run would be, done."""
    if foreseen:
        return f"would {'not ' if no else ''}be {done}"
    return f"is {'not ' if no else ''}{done}"


def account_of(folder: Path) -> tuple[InboxFile, ...]:
    """The fate of every entry of a month's folder, by place; none if there is no folder.

    Args:
        folder: ``inbox/<month>``.
    """
    if not folder.is_dir():
        return ()
    looks = iter(range(inbox_rules().limits.files))
    found = [_fate(path, folder, looks) for path in _entries(folder, folder)]
    return tuple(_with_names_apart(sorted(found, key=lambda file: file.path)))


def untaken(account: Iterable[InboxFile]) -> list[InboxFile]:
    """The files that are not taken and are no litter."""
    return [file for file in account if file.fate == "not_taken"]


def require_taken(account: Sequence[InboxFile], folder: Path) -> None:
    """Stop a month that holds files of which none gives figures.

    Raises:
        SourceError: Nothing is taken while files lie there that are not known; it names them.
    """
    left = untaken(account)
    if not left or any(file.kind in _GIVING_FIGURES for file in account if file.fate == "taken"):
        return
    named = [f"{file.path} -> {file.should_be}" if file.should_be else file.path for file in left]
    rest = _LONGEST_LINE - len(str(folder))
    while len(named) > 1 and sum(len(name) + 2 for name in named) > rest:
        named.pop()
    more = f"; and {len(left) - len(named)} more" if len(named) < len(left) else ""
    raise SourceError(
        f"nothing is taken, and {len(left)} file(s) lie there: {'; '.join(named)}{more}",
        where=str(folder),
        todo="give them these names or take them away (cchc run --dry-run tells of each)",
    )


def account_lines(account: Iterable[InboxFile], *, foreseen: bool = False) -> Iterator[str]:
    """One line a file; the answers of a capture share one, and litter is only counted."""
    files, would = list(account), "would be" if foreseen else "are"
    captures = Counter(
        file.path.rpartition("/")[0]
        for file in files
        if file.fate == "taken" and file.kind == SCORES
    )
    for capture, count in captures.items():
        yield f"{capture}: {count} file(s) {would} taken as answers of the national portal"
    for file in files:
        if file.fate != "litter" and (file.fate, file.kind) not in _TOLD_TOGETHER:
            yield file.line(foreseen=foreseen)
    litter = sum(file.fate == "litter" for file in files)
    if litter:
        yield f"{litter} file(s) of programs (lock files, Thumbs.db …) {would} passed over"


def account_rows(account: Iterable[InboxFile], month: Month) -> list[dict[str, Any]]:
    """The rows of ``inbox_account``; what looks like a personal number in a name is hidden."""
    rows = {
        path: {
            "period": str(month),
            "path": path,
            "fate": file.fate,
            "kind": file.kind or None,
            "why": file.why or None,
            "should_be": mask(file.should_be, _LONGEST_NAME) or None,
        }
        for number, file in enumerate(account)
        for path in (_told_apart(mask(file.path, _LONGEST_NAME), number, file.path),)
    }
    return list(rows.values())


def _told_apart(hidden: str, number: int, path: str) -> str:
    """A hidden name with its number: two of them may look alike."""
    return hidden if hidden == path else f"{hidden} #{number + 1}"


def stray_lines(inbox: Path, root: str) -> Iterator[str]:
    """What lies in the inbox of a root beside the months and the lists: other folders and files."""
    for path in sorted(inbox.iterdir()) if inbox.is_dir() else ():
        name = visible(plain_name(path.name), _LONGEST_NAME)
        if is_litter(path.name):
            continue
        if path.is_dir():
            if path.name in set(known_governments()) - {root}:
                yield f"inbox: the folder {name} is of another place -> it is read by --root {name}"
            elif month_named(path.name) is None:
                meant = month_meant(path.name)
                todo = f"rename it to {meant}" if meant else "name it like 2024-03, or take it away"
                yield f"inbox: the folder {name} is no month and is not read -> {todo}"
        elif path.name not in {f"{kind}.csv" for kind in LISTS}:
            yield f"inbox: {_stray(path, name)}"
        elif not path.is_file():
            yield f"inbox: {name} is no regular file, and is not opened -> take it away"


def _entries(folder: Path, root: Path) -> Iterator[Path]:
    """Every entry that is no folder, and every folder that is litter or stands for a file."""
    for path in sorted(folder.iterdir()):
        known = folder == root and path.name in (PORTAL_FOLDER, *FOLDERS.values())
        is_capture = folder == root / PORTAL_FOLDER
        is_folder = path.is_dir() and not is_litter(path.name)
        if (
            is_folder
            and (known or is_capture or not path.is_symlink())
            and not (folder == root and record_at(path, root))
        ):
            yield from _entries(path, root)
        else:
            yield path


def _fate(path: Path, root: Path, looks: Iterator[int]) -> InboxFile:
    place = plain_name(path.relative_to(root).as_posix())
    file = InboxFile(visible(place, _LONGEST_NAME), "taken")
    if is_litter(path.name) or path.name.casefold().endswith(f".{MANIFEST_NAME}"):
        return replace(file, fate="litter")
    left = replace(file, fate="not_taken")
    if not path.is_file():
        todo = "take it away, or put what it holds beside it"
        return replace(left, why="not_regular", todo=todo)
    taken = _taken_as(path, root)
    if taken:
        return replace(file, kind=taken)
    kind = kind_by_content(path) if next(looks, None) is not None else None
    if kind is not None:
        return _known(left, kind, path)
    form = record_at(path, root)
    if form is not None:
        todo = unread_ending(path.name, form)
        return replace(left, kind=form.record, why="wrong_format", todo=todo)
    return _unknown(left, path, root)


def _taken_as(path: Path, root: Path) -> str:
    """What a file is taken as by its place and name; empty if it is not."""
    form = record_at(path, root)
    if form is not None:
        return "" if unread_ending(path.name, form) else form.record
    if root / PORTAL_FOLDER in (path.parent, path.parent.parent):
        is_answer = answer_named(path.name) is not None
        return MANIFEST if path.name == MANIFEST_NAME else SCORES if is_answer else ""
    return ""


def _known(left: InboxFile, kind: Kind, path: Path) -> InboxFile:
    """A file whose content shows what it is."""
    should_be = place_of(kind, path)
    if should_be:
        todo = f"name it {should_be}"
        return replace(left, kind=kind.name, why="misnamed", todo=todo, should_be=should_be)
    todo = other_format(kind.format, load_upload_schema(kind.name))
    return replace(left, kind=kind.name, why="wrong_format", todo=todo)


def _unknown(left: InboxFile, path: Path, root: Path) -> InboxFile:
    """A file of which at most the name says what it may be."""
    meant = kind_suggested(path.name, *path.relative_to(root).parts[:-1])
    should_be = place_of(Kind(meant, *format_of(path.name)), path) if meant else ""
    todo = f"if it is {kind_title(meant).en}, name it {should_be}" if should_be else "take it away"
    return replace(left, why="unknown", todo=todo, should_be=should_be)


def place_of(kind: Kind, path: Path) -> str:
    """The place below the month's folder that a file of a kind should have; empty if none does."""
    if kind.name in LISTS or kind.name == MANIFEST:
        return (
            f"{PORTAL_FOLDER}/{MANIFEST_NAME}" if kind.name == MANIFEST else f"../{kind.name}.csv"
        )
    if kind.name == SCORES:
        return _answer_place(kind, path)
    form = load_upload_schema(kind.name)
    if kind.format not in form.formats:
        return ""
    if kind.name == FORMS:
        stem = plain_name(path.name).split(".xlsx", 1)[0]
        return f"{FORMS_FOLDER}/{visible(stem, _LONGEST_NAME)}.xlsx"
    folder = f"{FOLDERS[kind.name]}/".lstrip("/")
    return f"{folder}{form.files}.{kind.format}{kind.packing}"


def _answer_place(kind: Kind, path: Path) -> str:
    if answer_named(path.name):
        return f"{PORTAL_FOLDER}/{path.name}"
    answer = f"{kind.endpoint}.{window_in(path.name)}.json"
    return f"{PORTAL_FOLDER}/{answer}" if kind.endpoint else ""


def _with_names_apart(files: Iterable[InboxFile]) -> Iterator[InboxFile]:
    """No two files are told to take one name, nor that of a file which is there."""
    files = list(files)
    used = {file.path for file in files}
    for file in files:
        place, number = file.should_be, 1
        while place in used:
            number += 1
            stem, mark, ending = file.should_be.partition(".")
            place = f"{stem}-{number}{mark}{ending}"
        if not place or place.startswith(("../", f"{PORTAL_FOLDER}/")):
            yield file
            continue
        used.add(place)
        yield replace(file, should_be=place, todo=file.todo.replace(file.should_be, place))


def _stray(path: Path, name: str) -> str:
    if not path.is_file():
        return f"{name} is no regular file, and is not opened -> take it away"
    kind = kind_by_content(path)
    known = kind.name if kind else kind_suggested(path.name)
    if known in LISTS and (kind or name.casefold().endswith(".csv")):
        return f"{name} is not read: name it {known}.csv if it is {kind_title(known).en}"
    if kind is None:
        return f"{name} is not read: its content does not show what it is -> take it away"
    where = f"name it 2024-03/{place_of(kind, path)}, in the folder of its month"
    return f"{name} is not read: by its content it is {kind_title(kind.name).en} -> {where}"
