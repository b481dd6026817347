"""Answers of the national portal that someone captured elsewhere and put into the inbox.

Belongs here: finding them by their names, their manifest, archiving them, and judging whether
each is an answer about the root. Does not: whether a capture is whole and of this month
(``consistency``), what an answer means (``answers``), the other folders of the inbox.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.masking import quoted, visible
from cchc_pipeline.core.period import Basis, Month, utc_text
from cchc_pipeline.sources.inbox.files import MANIFEST_NAME, answer_named, is_litter
from cchc_pipeline.sources.national_portal.consistency import check_complete, check_time
from cchc_pipeline.sources.national_portal.envelope import (
    carries_code,
    check_page,
    check_root,
    read_envelope,
)
from cchc_pipeline.sources.national_portal.legacy_gateway import check_root as check_legacy_root
from cchc_pipeline.sources.national_portal.legacy_gateway import load_gateway, read_rows
from cchc_pipeline.sources.national_portal.manifest import Manifest, read_manifest
from cchc_pipeline.sources.national_portal.request import Endpoint, load_national_portal
from cchc_pipeline.sources.raw.archive import Answer, Exchange, RawArchive, Snapshot


@dataclass(frozen=True)
class Drop:
    """What a drop holds: its recorded snapshots, and notes on files that were not used."""

    snapshots: tuple[Snapshot, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Terms:
    """What is asked of a drop."""

    month: Month
    root_code: str
    received_at: datetime
    archive: RawArchive
    keep: bool = True
    is_whole: bool = True


@dataclass(frozen=True)
class _File:
    """An archived file whose name says what it answers."""

    path: Path
    endpoint: Endpoint
    root_code: str | None
    basis: Basis
    content: bytes
    sha256: str

    @property
    def is_legacy(self) -> bool:
        """Whether the legacy gateway answered it."""
        return self.endpoint == load_gateway().endpoint


@dataclass
class _Findings:
    """What is said about a drop so far."""

    problems: list[SourceError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_drop(
    folder: Path,
    month: Month,
    root_code: str,
    received_at: datetime,
    archive: RawArchive,
    *,
    is_whole: bool = True,
) -> Drop:
    """Take in the captures of a month's ``portal`` folder.

    The folder's own files are one capture, each direct sub-folder is one more. A capture holds one
    snapshot for each basis that its files name; the answers of the legacy gateway are apart.

    Args:
        folder: ``inbox/<month>/portal``; it may be absent.
        month: The month that the figures speak of.
        root_code: Code of the root unit.
        received_at: The moment of reading, aware.
        archive: Keeps every file, also the bad ones.
        is_whole: Whether a capture must hold every answer; in a trial of single ones it need not.

    Returns:
        The snapshots as recorded; files taken in before give the snapshots recorded then.

    Raises:
        SourceError: All that is wrong with the drop, in one line; no snapshot is recorded then.
    """
    drop = _judged(folder, _Terms(month, root_code, received_at, archive, is_whole=is_whole))
    return Drop(tuple(archive.save(item) for item in drop.snapshots), drop.notes)


def judge_drop(
    folder: Path, month: Month, root_code: str, received_at: datetime, archive: RawArchive
) -> None:
    """Judge a drop as ``read_drop`` does, and leave no trace of it.

    Raises:
        SourceError: As of ``read_drop``.
    """
    _judged(folder, _Terms(month, root_code, received_at, archive, keep=False))


def refuse_unusable(
    folder: Path, month: Month, root_code: str, received_at: datetime, archive: RawArchive
) -> None:
    """Refuse a drop that cannot be taken before anything of a month is begun.

    A drop that can be taken leaves no trace here; of one that cannot, the files are archived.

    Raises:
        SourceError: As of ``read_drop``.
    """
    try:
        judge_drop(folder, month, root_code, received_at, archive)
    except SourceError:
        read_drop(folder, month, root_code, received_at, archive)


def _judged(folder: Path, terms: _Terms) -> Drop:
    """The snapshots of a folder, not yet recorded."""
    findings = _Findings()
    snapshots = tuple(
        snapshot
        for capture in _captures(folder)
        for snapshot in _read_capture(capture, folder, terms, findings)
    )
    if findings.problems:
        raise _together(findings.problems, folder)
    return Drop(snapshots, tuple(findings.notes))


def _captures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [folder, *(path for path in _visible(folder) if path.is_dir())]


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not is_litter(path.name))


def _together(problems: Sequence[SourceError], folder: Path) -> SourceError:
    """One line for all that is wrong with a drop: each fault once, with the files that have it."""
    if len(problems) == 1:
        return problems[0]
    files: dict[str, list[str]] = {}
    for problem in problems:
        name = Path(problem.where).name if problem.where != str(folder) else "the capture"
        files.setdefault(problem.what, []).append(visible(name, 60))
    lines = [f"{visible(what, 90)} ({', '.join(names)})" for what, names in files.items()]
    line = " | ".join(lines)
    todo = problems[0].todo
    return SourceError(f"{len(problems)} problems: {line}", where=str(folder), todo=todo)


def _read_capture(
    capture: Path, folder: Path, terms: _Terms, findings: _Findings
) -> Iterator[Snapshot]:
    """The snapshots of one folder of files; what is wrong goes into the findings."""
    paths = [path for path in _visible(capture) if path.is_file()]
    manifest = _manifest(capture, paths, folder, terms, findings)
    files = list(_files(paths, folder, terms, findings))
    _check_answers(files, manifest, terms, findings)
    for basis in Basis:
        for is_legacy in (False, True):
            of_basis = (file for file in files if file.basis == basis)
            group = [file for file in of_basis if file.is_legacy == is_legacy]
            if group:
                yield from _snapshot(capture, group, manifest, terms, findings)


def _manifest(
    capture: Path, paths: Sequence[Path], folder: Path, terms: _Terms, findings: _Findings
) -> Manifest:
    """The capture's manifest, or what stands for it where there is none."""
    path = capture / MANIFEST_NAME
    if path not in paths:
        return Manifest()
    try:
        content, _ = _archived(path, folder, terms)
        manifest = read_manifest(content, path, terms.month)
    except SourceError as problem:
        findings.problems.append(problem)
        return Manifest()
    for key in manifest.unknown_keys:
        known = f"{quoted(key)} is not known in a manifest and was not used"
        findings.notes.append(f"{visible(str(path), None)}: {known}")
    return manifest


def _archived(path: Path, folder: Path, terms: _Terms) -> tuple[bytes, str]:
    """Read a file, keep it and log it, before anything looks into it."""
    limit = load_national_portal().manners.max_answer_bytes
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise SourceError(what, where=str(path), todo="check the file's permissions") from None
    if len(content) > limit:
        what = f"is longer than {limit} bytes"
        raise SourceError(what, where=str(path), todo="it is no answer of the portal; remove it")
    if not terms.keep:
        return content, hashlib.sha256(content).hexdigest()
    sha256 = terms.archive.put(content)
    terms.archive.record(
        Exchange(
            channel="file",
            path=f"{folder.name}/{path.relative_to(folder).as_posix()}",
            request={"month": str(terms.month)},
            received_at=utc_text(terms.received_at),
            sha256=sha256,
            size=len(content),
        )
    )
    return content, sha256


def _files(
    paths: Iterable[Path], folder: Path, terms: _Terms, findings: _Findings
) -> Iterator[_File]:
    """The files of the root that a snapshot can hold; the others are archived and noted."""
    for path in paths:
        if path.name == MANIFEST_NAME:
            continue
        try:
            content, sha256 = _archived(path, folder, terms)
            named = _read_name(path, terms.root_code)
        except SourceError as problem:
            findings.problems.append(problem)
            continue
        if named is None:
            shown = visible(str(path), None)
            findings.notes.append(f"{shown}: not a known answer's name; kept in the raw archive")
            continue
        yield _File(path, *named, content, sha256)


def _read_name(path: Path, root_code: str) -> tuple[Endpoint, str | None, Basis] | None:
    """What a file's name says, or None where it names no known answer.

    Raises:
        SourceError: It names another root, or none where one is needed.
    """
    named = answer_named(path.name)
    if named is None:
        return None
    endpoint, root, window = named.endpoint, named.root, named.window
    if root is None and "national" not in endpoint.asked:
        todo = f"name it {endpoint.name}.{root_code}.{window}.json if it is of {root_code}"
        raise SourceError("the name does not say of which root it is", where=str(path), todo=todo)
    if root not in {None, root_code}:
        shown = visible(root)
        todo = f"remove it, or put it into its place's folder of the inbox and say --root {shown}"
        raise SourceError(f"is of {shown}, not of {root_code}", where=str(path), todo=todo)
    return endpoint, root, Basis.YTD if window == "year" else Basis(window)


def _check_answers(
    files: Sequence[_File], manifest: Manifest, terms: _Terms, findings: _Findings
) -> None:
    """Every file is a good and whole answer, and all are of one and the same department."""
    stated = manifest.request.get(load_national_portal().root_field)
    root_id = stated if isinstance(stated, str) else None
    current = [file for file in files if not file.is_legacy]
    _check_legacy_answers((file for file in files if file.is_legacy), terms, findings)
    good = [(file, data) for file in current if (data := _data(file, findings)) is not None]
    # An answer with the code vouches for the department id, which those without are held to.
    good.sort(key=lambda pair: not carries_code(pair[1], pair[0].endpoint))
    vouched = _vouched(good, terms)
    if root_id and vouched and root_id.lower() != vouched.lower():
        what = "its request asks about another root than the answers are of"
        where = str(good[0][0].path.with_name(MANIFEST_NAME))
        findings.problems.append(SourceError(what, where=where, todo="correct it, or leave it out"))
        root_id = vouched
    for file, data in good:
        try:
            answered = check_root(data, file.endpoint, terms.root_code, root_id, str(file.path))
        except SourceError as problem:
            findings.problems.append(problem)
        else:
            root_id = root_id or answered


def _vouched(good: Sequence[tuple[_File, Mapping[str, Any]]], terms: _Terms) -> str | None:
    """The department id that the first answer with the root's code gives, if there is one."""
    for file, data in good:
        if carries_code(data, file.endpoint):
            try:
                return check_root(data, file.endpoint, terms.root_code, None, str(file.path))
            except SourceError:
                return None  # it is told where each answer is held to the root
    return None


def _check_legacy_answers(files: Iterable[_File], terms: _Terms, findings: _Findings) -> None:
    """Every file of the legacy gateway is a good answer, of provinces or of the root's units."""
    for file in files:
        where = str(file.path)
        try:
            rows = read_rows(file.content, where)
            check_legacy_root(rows, terms.root_code, file.root_code is None, where)
        except SourceError as problem:
            findings.problems.append(problem)


def _data(file: _File, findings: _Findings) -> Mapping[str, Any] | None:
    """What a file answers, if it is an answer and the only page of it."""
    where = str(file.path)
    try:
        data = read_envelope(file.content, where)
        pages = check_page(data, 1, where)
        if pages > 1:
            todo = "capture it again with a larger pageSize"
            raise SourceError(f"holds page 1 of {pages} only", where=where, todo=todo)
    except SourceError as problem:
        findings.problems.append(problem)
        return None
    return data


def _snapshot(
    capture: Path,
    files: Sequence[_File],
    manifest: Manifest,
    terms: _Terms,
    findings: _Findings,
) -> Iterator[Snapshot]:
    """The snapshot of one basis, unless something speaks against it."""
    snapshot = _compose(files, manifest, terms)
    standing = terms.archive.find(snapshot)
    try:
        if terms.is_whole:
            check_complete(capture, files[0].endpoint, snapshot)
        if standing is None:
            check_time(capture, snapshot, terms.received_at)
    except SourceError as problem:
        findings.problems.append(problem)
        return
    if snapshot.basis == Basis.YTD and manifest.captured_at is None:
        findings.notes.append(
            f"{capture}: no manifest says when the year so far was captured; the time of receipt "
            "stands for it"
        )
    yield standing or snapshot


def _compose(files: Sequence[_File], manifest: Manifest, terms: _Terms) -> Snapshot:
    received_at = utc_text(terms.received_at)
    return Snapshot(
        month=terms.month,
        basis=files[0].basis,
        root_code=terms.root_code,
        captured_at=manifest.captured_at or received_at,
        source=manifest.source,
        provenance=manifest.provenance,
        channel="file",
        answers=tuple(_answer(file, manifest, received_at) for file in files),
        dated_by="source" if manifest.captured_at else "receipt",
    )


def _answer(file: _File, manifest: Manifest, received_at: str) -> Answer:
    return Answer(
        endpoint=file.endpoint.name,
        root_code=file.root_code,
        request={"file": file.path.name, "stated": dict(manifest.request)},
        status=None,
        received_at=received_at,
        sha256=file.sha256,
        size=len(file.content),
    )
