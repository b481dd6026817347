"""Answers of the national portal that someone captured elsewhere and put into the inbox.

Belongs here: finding them by their names, their manifest, archiving them, and judging whether a
capture is whole and of this month. Does not: what an answer means (``portal_answers``), and
nothing of the other folders of the inbox.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cchc_pipeline.errors import SourceError
from cchc_pipeline.masking import visible
from cchc_pipeline.period import Basis, Month
from cchc_pipeline.sources.archive import (
    Answer,
    Exchange,
    RawArchive,
    Snapshot,
    capture_moment,
    utc_text,
)
from cchc_pipeline.sources.drop_manifest import Manifest, read_manifest
from cchc_pipeline.sources.inbox_names import MANIFEST_NAME, answer_named, is_litter, told_path
from cchc_pipeline.sources.legacy_portal.gateway import load_gateway, service_of
from cchc_pipeline.sources.legacy_portal.rows import check_root as check_legacy_root
from cchc_pipeline.sources.legacy_portal.rows import read_rows
from cchc_pipeline.sources.portal_envelope import (
    carries_code,
    check_page,
    check_root,
    read_envelope,
)
from cchc_pipeline.sources.portal_request import Endpoint, load_portal


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
    terms, findings = _Terms(month, root_code, received_at, archive, is_whole), _Findings()
    snapshots = [
        snapshot
        for capture in _captures(folder)
        for snapshot in _read_capture(capture, folder, terms, findings)
    ]
    if findings.problems:
        raise _together(findings.problems, folder)
    return Drop(tuple(archive.save(item) for item in snapshots), tuple(findings.notes))


def _captures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [folder, *(path for path in _visible(folder) if path.is_dir())]


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not is_litter(path.name))


def _together(problems: Sequence[SourceError], folder: Path) -> SourceError:
    line = " | ".join(map(str, problems))
    what = f"{len(problems)} problems: {line}"
    return problems[0] if len(problems) == 1 else SourceError(what, where=told_path(folder))


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
        findings.notes.append(
            f"{told_path(path)}: {visible(key)!r} is not known in a manifest and was not used"
        )
    return manifest


def _archived(path: Path, folder: Path, terms: _Terms) -> tuple[bytes, str]:
    """Read a file, keep it and log it, before anything looks into it."""
    limit = load_portal().manners.max_answer_bytes
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise SourceError(
            what, where=told_path(path), todo="check the file's permissions"
        ) from None
    if len(content) > limit:
        what = f"is longer than {limit} bytes"
        raise SourceError(
            what, where=told_path(path), todo="it is no answer of the portal; remove it"
        )
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
            findings.notes.append(
                f"{told_path(path)}: not a known answer's name; kept in the raw archive"
            )
            continue
        yield _File(path, *named, content, sha256)


def _read_name(path: Path, root_code: str) -> tuple[Endpoint, str | None, Basis] | None:
    """What a file's name says, or None where it names no known answer.

    Raises:
        SourceError: It names another root, or none where one is needed.
    """
    if (named := answer_named(path.name)) is None:
        return None
    endpoint, root, window = named.endpoint, named.root, named.window
    if root is None and "national" not in endpoint.asked:
        todo = f"name it {endpoint.name}.{root_code}.{window}.json if it is of {root_code}"
        raise SourceError(
            "the name does not say of which root it is", where=told_path(path), todo=todo
        )
    if root not in {None, root_code}:
        todo = f"remove it, or set CCHC_ROOT_UNIT if {root} is meant"
        raise SourceError(f"is of {root}, not of {root_code}", where=told_path(path), todo=todo)
    return endpoint, root, Basis.YTD if window == "year" else Basis(window)


def _check_answers(
    files: Sequence[_File], manifest: Manifest, terms: _Terms, findings: _Findings
) -> None:
    """Every file is a good and whole answer, and all are of one and the same department."""
    stated = manifest.request.get(load_portal().root_field)
    root_id = stated if isinstance(stated, str) else None
    current = [file for file in files if not file.is_legacy]
    _check_legacy_answers((file for file in files if file.is_legacy), terms, findings)
    good = [(file, data) for file in current if (data := _data(file, findings)) is not None]
    # An answer with the code vouches for the department id, which those without are held to.
    for file, data in sorted(good, key=lambda pair: not carries_code(pair[1], pair[0].endpoint)):
        try:
            answered = check_root(
                data, file.endpoint, terms.root_code, root_id, told_path(file.path)
            )
        except SourceError as problem:
            findings.problems.append(problem)
        else:
            root_id = root_id or answered


def _check_legacy_answers(files: Iterable[_File], terms: _Terms, findings: _Findings) -> None:
    """Every file of the legacy gateway is a good answer, of provinces or of the root's units."""
    for file in files:
        where = told_path(file.path)
        try:
            rows = read_rows(file.content, where)
            check_legacy_root(rows, terms.root_code, file.root_code is None, where)
        except SourceError as problem:
            findings.problems.append(problem)


def _data(file: _File, findings: _Findings) -> Mapping[str, Any] | None:
    """What a file answers, if it is an answer and the only page of it."""
    where = told_path(file.path)
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
            _check_complete(capture, files, terms.root_code)
        if standing is None:
            _check_time(capture, snapshot, terms)
    except SourceError as problem:
        findings.problems.append(problem)
        return
    if snapshot.basis == Basis.YTD and manifest.captured_at is None:
        findings.notes.append(
            f"{told_path(capture)}: no manifest says when the year so far was captured; the time of"
            " receipt stands for it"
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


def _check_complete(capture: Path, files: Sequence[_File], root_code: str) -> None:
    """All answers that a snapshot from files needs are there.

    Raises:
        SourceError: Names every missing file.
    """
    window = "year" if files[0].basis == Basis.YTD else str(files[0].basis)
    roots = {"national": "", "root": f".{root_code}"}
    endpoints = (files[0].endpoint,) if files[0].is_legacy else load_portal().endpoints
    needed = [
        f"{endpoint.name}{roots[asked]}.{window}.json"
        for endpoint in endpoints
        for asked in endpoint.in_files
    ]
    missing = [name for name in needed if name not in {file.path.name for file in files}]
    if missing:
        raise SourceError(
            f"the capture is not whole, missing: {', '.join(missing)}",
            where=told_path(capture),
            todo="add them from the same capture, or remove the capture",
        )


def _check_time(capture: Path, snapshot: Snapshot, terms: _Terms) -> None:
    """The figures can be of this month and basis, by the time of their capture.

    Raises:
        SourceError: The period was still running, the year so far is another month's, or the
            capture lies in the future.
    """
    month, basis, at = terms.month, snapshot.basis, snapshot.captured_at
    moment = capture_moment(at)
    if basis == Basis.QUARTER and not month.closes_quarter:
        what, todo = f"holds quarter files, but {month} closes no quarter", "remove them"
    elif moment > terms.received_at:
        what, todo = f"captured_at {at} lies in the future", f"correct {MANIFEST_NAME}"
    elif basis != Basis.YTD and moment < month.end:
        what = f"captured_at {at} is before the end of {month}, the {basis} was still running"
        todo = f"capture it again from {month.next().first_day} on"
    elif _is_of_another_month(snapshot):
        what = f"the year so far as captured at {at} is not that of {month}"
        todo = f"use a capture made in {month} or in {month.next()}"
    else:
        return
    raise SourceError(what, where=told_path(capture), todo=todo)


def _is_of_another_month(snapshot: Snapshot) -> bool:
    """Whether a year so far was captured, as its source says, away from its month."""
    if snapshot.basis != Basis.YTD or snapshot.dated_by != "source":
        return False
    month, moment = snapshot.month, capture_moment(snapshot.captured_at)
    if service_of(snapshot) == "legacy" and month.month == 12:
        return False  # the gateway answered for whole years, also later
    return not month.start <= moment < month.next().end
