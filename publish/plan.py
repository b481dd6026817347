"""What a run would do, and what it does with what lies in the inbox, as lines.

Belongs here: reading the state and saying what follows: the plan of ``cchc run --dry-run``, and the
lines that a run tells of its files. Does not: doing it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial

from cchc_pipeline.errors import SourceError
from cchc_pipeline.masking import visible
from cchc_pipeline.period import Month
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.archive import RawArchive
from cchc_pipeline.sources.deliveries import delivered_paths
from cchc_pipeline.sources.file_drop import judge_drop
from cchc_pipeline.sources.inbox_account import (
    InboxFile,
    account_lines,
    account_of,
    require_taken,
    stray_lines,
    untaken,
)
from cchc_pipeline.sources.inbox_names import FOLDERS, PORTAL_FOLDER
from cchc_pipeline.sources.record_files.record_form import load_form
from cchc_pipeline.sources.withdrawals import replay_lines
from cchc_pipeline.store import Lake
from publish.assemble import next_id
from publish.portal import Portal

_COUNTS = ("rows", "accepted", "quarantined", "duplicates")


def publication_plan(settings: Settings, months: Iterable[Month], now: datetime) -> Iterator[str]:
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
            *account_lines(account, plan=True),
            *replay_lines(archive, month, inbox / str(month), account),
        ]
        yield from (f"{month}: {line}" for line in lines or ["the archive is replayed"])
        for error in _stops(month, account, settings, now):
            yield f"{month}: the run would stop: {error}"
    yield from stray_lines(inbox)
    shown = Portal(settings.portal_dir)
    latest = shown.latest()
    newest = max([*chosen, *(latest.periods if latest else ())])
    before = latest.id if latest else "nothing"
    yield f"release: {next_id(shown, newest)}, if anything differs from {before}"
    yield f"visible at: {shown.current}"


def _stops(
    month: Month, account: Sequence[InboxFile], settings: Settings, now: datetime
) -> Iterator[SourceError]:
    """What ends the month before a record is read: the files' names, and a capture's content."""
    folder, root = settings.inbox_dir / str(month), settings.root_unit
    archive = RawArchive(settings.raw_dir)
    checks: list[Callable[[], object]] = [
        partial(require_taken, account, folder),
        *(partial(delivered_paths, folder / place, load_form(r)) for r, place in FOLDERS.items()),
        partial(judge_drop, folder / PORTAL_FOLDER, month, root, now, archive),
    ]
    for check in checks:
        try:
            check()
        except SourceError as error:
            yield error


def taken_lines(settings: Settings, months: Iterable[Month]) -> Iterator[str]:
    """What becomes of each file in the inbox, before the months are made."""
    archive, inbox = RawArchive(settings.raw_dir), settings.inbox_dir
    yield from stray_lines(inbox)
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


def read_lines(settings: Settings, months: Iterable[Month]) -> Iterator[str]:
    """What was read of each source, once the months are made: dossiers by file."""
    lake = Lake(settings.lake_dir, settings.root_unit)
    for month in months:
        files: dict[str, Counter[str]] = {}
        for row in lake.read("dossier_accounts", month).to_pylist():
            files.setdefault(visible(row["file"], 120), Counter()).update(
                {name: row[name] for name in _COUNTS}
            )
        for row in lake.read("input_submissions", month).to_pylist():
            if row["status"] != "missing":
                name = f"{row['table']} of {row['unit_code']}"
                files[name] = Counter({count: row[count] or 0 for count in _COUNTS})
        for name, counts in files.items():
            rows, accepted, set_aside, doubles = (counts[count] for count in _COUNTS)
            yield (
                f"{month}: {name}: {rows} rows = {accepted} accepted + {set_aside} quarantined "
                f"+ {doubles} duplicates"
            )
