"""What a run would do, and what it does with what lies in the inbox, as lines.

Belongs here: reading the state and saying what would follow, for ``cchc run --dry-run``; the lines
that a run tells of its files. Does not: doing it (``assets.runner``), or judging a name
(``cchc_pipeline.sources.inbox.account``).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Month
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.inbox.account import (
    InboxFile,
    account_lines,
    account_of,
    require_taken,
    stray_lines,
    untaken,
)
from cchc_pipeline.sources.inbox.files import FOLDERS, PORTAL_FOLDER
from cchc_pipeline.sources.national_portal.drop import judge_drop
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.sources.raw.deliveries import delivered_paths, last_delivery
from cchc_pipeline.sources.raw.withdrawals import replay_lines
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema
from cchc_pipeline.sources.records.corrections import Entry, read_corrections, todo_of_replayed
from publish.release.assemble import next_id
from publish.store.store import Portal

CORRECTIONS = "corrections"


def foreseen_publication(
    settings: Settings, months: Iterable[Month], now: datetime
) -> Iterator[str]:
    """What would become of each file of the months, then the release that would be made.

    Args:
        settings: Where the inbox, the archive and the portal are.
        months: The months of the run.
        now: The moment, aware.
    """
    chosen, inbox, archive = list(months), settings.inbox_dir, RawArchive(settings.raw_dir)
    for month in chosen:
        account = account_of(inbox / str(month))
        lines = [
            *account_lines(account, foreseen=True),
            *replay_lines(archive, month, inbox / str(month), account),
        ]
        yield from (f"{month}: {line}" for line in lines or ["the archive is replayed"])
        yield from (f"{month}: {line}" for line in _corrected(month, settings))
        for error in _stops(month, account, settings, now):
            yield f"{month}: the run would stop: {error}"
    yield from stray_lines(inbox, settings.root_unit)
    shown = Portal(settings.portal_dir)
    latest = shown.latest()
    newest = max([*chosen, *(latest.periods if latest else ())], default=None)
    before = latest.id if latest else "nothing"
    release = next_id(shown, newest) if newest else "none"
    yield f"release: {release}, if anything differs from {before}"
    yield f"visible at: {shown.current}"


def _corrected(month: Month, settings: Settings) -> Iterator[str]:
    """What the month's corrections would change; nothing if they cannot be read."""
    with suppress(SourceError):
        for entry in _corrections(month, settings):
            what = "withheld" if entry.value is None else f"{entry.column} {entry.value:g}"
            place = " ".join(entry.cell[:3])
            yield f"{place} would be corrected: {what} (the source should say {_expected(entry)})"


def _expected(entry: Entry) -> str:
    return "nothing" if entry.expect is None else f"{entry.expect:g}"


def _corrections(month: Month, settings: Settings) -> tuple[Entry, ...]:
    """The corrections that would stand: of the inbox, else those that came last.

    Raises:
        SourceError: They cannot be used.
    """
    archive, form = RawArchive(settings.raw_dir), load_upload_schema(CORRECTIONS)
    paths = delivered_paths(settings.inbox_dir / str(month), form)
    found = [(path.name, path.read_bytes(), "") for path in paths]
    last = None if paths else last_delivery(archive, form.record, month)
    for file in last.files if last else ():
        todo = todo_of_replayed(file.name, month, file.received_at)
        found.append((file.name, archive.get(file.sha256), todo))
    return tuple(
        entry for named in found for entry in read_corrections(named[1], named[0], named[2])
    )


def _stops(
    month: Month, account: Sequence[InboxFile], settings: Settings, now: datetime
) -> Iterator[SourceError]:
    """What ends the month before a record is read: names, a capture's content, corrections."""
    folder, root = settings.inbox_dir / str(month), settings.root_unit
    archive = RawArchive(settings.raw_dir)
    checks: list[Callable[[], object]] = [
        partial(require_taken, account, folder),
        *(
            partial(delivered_paths, folder / place, load_upload_schema(r))
            for r, place in FOLDERS.items()
        ),
        partial(judge_drop, folder / PORTAL_FOLDER, month, root, now, archive),
        partial(_corrections, month, settings),
    ]
    told = set[str]()
    for check in checks:
        try:
            check()
        except SourceError as error:
            if str(error) not in told:
                yield error
            told.add(str(error))


def taken_lines(settings: Settings, months: Iterable[Month]) -> Iterator[str]:
    """What becomes of each file in the inbox, before the months are made."""
    archive, inbox = RawArchive(settings.raw_dir), settings.inbox_dir
    yield from stray_lines(inbox, settings.root_unit)
    for month in months:
        account = account_of(inbox / str(month))
        lines = (
            *account_lines(account),
            *replay_lines(archive, month, inbox / str(month), account),
        )
        yield from (f"{month}: {line}" for line in lines)


def left_lines(settings: Settings, months: Iterable[Month]) -> Iterator[str]:
    """What is not taken, of months that are not made anew: it is told as long as it lies there."""
    for month in months:
        for file in untaken(account_of(settings.inbox_dir / str(month))):
            yield f"{month}: {file.line()}"
