"""What a run would do, as lines: the plan of ``cchc run --dry-run``.

Belongs here: reading the state and saying what follows. Does not: doing it.
"""

from collections.abc import Iterable
from pathlib import Path

from cchc_pipeline.period import Month
from publish.assemble import next_id
from publish.portal import Portal


def publication_plan(inbox: Path, portal: Path, months: Iterable[str]) -> Iterable[str]:
    """One line a month, then the release that would be made if anything differs."""
    chosen = [Month.parse(text) for text in months]
    for month in chosen:
        files = sorted(path for path in (inbox / str(month)).rglob("*") if path.is_file())
        source = f"{len(files)} file(s) in the inbox" if files else "the archive is replayed"
        yield f"{month}: {source}"
    shown = Portal(portal)
    latest = shown.latest()
    newest = max([*chosen, *(latest.periods if latest else ())])
    before = latest.id if latest else "nothing"
    yield f"release: {next_id(shown, newest)}, if anything differs from {before}"
    yield f"visible at: {shown.current}"
