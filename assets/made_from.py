"""What months and releases were made from, kept so that unchanged inputs cost nothing.

Belongs here: which inputs a month and a publication have, and whether a result made from the same
ones stands. Does not: making anything (``execution``), or how a file's digest is remembered
(``cchc_pipeline.file_digests``). Nothing here imports Dagster: to find that there is nothing to do
must cost less than to load what would do it.

A month is current as long as the program, the settings, the lists, its files in the inbox, what it
takes from earlier months, and its own tables in the lake are those that its last good run left.
"""

import json
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from assets.dependent_months import CARRIED
from cchc_pipeline.durable import write_whole
from cchc_pipeline.file_digests import FileDigests, Remembered, digest_of, files_below
from cchc_pipeline.period import Month
from cchc_pipeline.reference import ROOT
from cchc_pipeline.release_calendar import load_calendar
from cchc_pipeline.secret_settings import dossiers_url
from cchc_pipeline.settings import Settings
from cchc_pipeline.store import Lake
from publish.assemble import release_months
from publish.due import ready_months
from publish.portal import INDEX, Portal
from publish.publication_log import PLACES, read_publications

RECORD = "made-from.json"
LISTS = ("units.csv", "successions.csv", "publications.csv")
_FROM_EARLIER_MONTHS = (*CARRIED, "dossier_statistics")
_PROGRAM = ("cchc_pipeline", "assets", "publish", "schemas")


@dataclass(frozen=True)
class Inputs:
    """Digests of what months and publications are made from, as things stand now.

    Attributes:
        settings: The settings of this run.
        now: The moment of this run.
        digests: Remembers the digests of files.
    """

    settings: Settings
    now: datetime
    digests: FileDigests

    @property
    def lake(self) -> Lake:
        """The lake of the settings."""
        return Lake(self.settings.lake_dir, self.settings.root_unit)

    @property
    def portal(self) -> Portal:
        """The portal of the settings."""
        return Portal(self.settings.portal_dir)

    def of_month(self, month: Month) -> str:
        """A digest of all that a month's tables follow from, and of these tables."""
        inbox = self.settings.inbox_dir
        parts = [
            *self._of_all,
            *self.digests.lines(inbox, files_below(inbox / str(month))),
            *self._earlier(month),
            *self.digests.lines(self.lake.root, self.lake.paths(month)),
            *self._verdicts(month),
        ]
        return digest_of(parts)

    def of_publication(self, asked: Iterable[Month]) -> str:
        """A digest of all that decides whether there is news to publish.

        What was said of revisions is not among it: it lets news pass, and makes none.
        """
        lake, site, latest = self.lake, self.portal.current_site(), self.portal.latest()
        out = latest.periods if latest else ()
        computed, calendar = release_months(lake), load_calendar()
        ready = ready_months(computed, out, frozenset(asked), calendar, self.now)
        parts = [
            *self._of_all,
            *self.digests.lines(lake.root, lake.paths()),
            *(self.digests.lines(site, [site / INDEX]) if site else ()),
            f"ready {' '.join(map(str, ready))}",
        ]
        return digest_of(parts)

    @cached_property
    def _of_all(self) -> tuple[str, ...]:
        """What every result follows from: program, settings and lists."""
        inbox = self.settings.inbox_dir
        lists = [inbox / name for name in LISTS]
        return (
            program_digest(),
            self.settings.model_dump_json(exclude={"home", "inbox", "automation", "approval"}),
            *self.digests.lines(inbox, (path for path in lists if path.is_file())),
        )

    def _earlier(self, month: Month) -> Iterator[str]:
        """What is taken from the year so far and from the month before, and all units seen."""
        lake, previous = self.lake, month.previous()
        of_year = Month(month.year, 1).to(previous) if month.month > 1 else (previous,)
        tables = [(table, m) for m in of_year for table in _FROM_EARLIER_MONTHS]
        seen = [("portal_units", m) for m in lake.months("portal_units") if m < month]
        files = (path for table, m in (*tables, *seen) for path in lake.files(table, m))
        return self.digests.lines(lake.root, files)

    def _verdicts(self, month: Month) -> Iterator[str]:
        """Which months of the year were public in time, as far as this month tells."""
        settings = self.settings
        log = read_publications(
            self.portal, settings.inbox_dir,
            month=month, now=self.now, production=settings.production,
        )  # fmt: skip
        for earlier in Month(month.year, 1).to(month):
            told = {place: log.on_time(earlier, [place]) for place in sorted(PLACES)}
            yield f"public {earlier} {told}"


def program_digest() -> str:
    """A digest of the names, sizes and times of the program's files and of what is installed."""
    root = Path(str(ROOT)).parent
    files = (path for name in _PROGRAM for path in files_below(root / name))
    states = ((p, p.stat()) for p in sorted(files) if p.suffix != ".pyc")
    installed = Path(sysconfig.get_paths()["purelib"]).stat().st_mtime_ns
    return digest_of(
        [str(installed), *(f"{p} {state.st_size} {state.st_mtime_ns}" for p, state in states)]
    )


def is_asked(settings: Settings) -> bool:
    """Whether a source is asked over the network: only asking tells whether it changed."""
    return settings.portal_fetch or dossiers_url() is not None


class MadeFrom:
    """Which months, and which publication, were made from what; one file in the home.

    Only the holder of the portal's lock writes it.

    Args:
        settings: The settings of this run.
        now: The moment of this run.
    """

    def __init__(self, settings: Settings, now: datetime) -> None:
        self._path = settings.home / RECORD
        files = {name: Remembered(*state) for name, state in self._kept()["files"].items()}
        self._inputs = Inputs(settings, now, FileDigests(files))

    def current_months(self, months: Iterable[Month]) -> frozenset[Month]:
        """Those of the months that would come out as they are."""
        if is_asked(self._inputs.settings):
            return frozenset()
        made = self._kept()["months"]
        return frozenset(
            month
            for month in months
            if str(month) in made and made[str(month)] == self._inputs.of_month(month)
        )

    def add_months(self, months: Iterable[Month]) -> None:
        """These months were made just now, and all their checks passed."""
        made = {str(month): self._inputs.of_month(month) for month in months}
        kept = self._kept()
        self._keep(kept | {"months": kept["months"] | made})

    def is_published(self, asked: Iterable[Month]) -> bool:
        """Whether a publication would find nothing new."""
        made = self._kept()["publication"]
        return bool(made) and made == self._inputs.of_publication(asked)

    def add_publication(self, asked: Iterable[Month]) -> None:
        """What is ready was published just now, or was found to be out."""
        self._keep(self._kept() | {"publication": self._inputs.of_publication(asked)})

    def _kept(self) -> dict[str, Any]:
        """What the file says; nothing if there is none or it cannot be read."""
        empty: dict[str, Any] = {"files": {}, "months": {}, "publication": ""}
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return empty
        return kept if isinstance(kept, dict) and kept.keys() == empty.keys() else empty

    def _keep(self, kept: Mapping[str, Any]) -> None:
        digests = self._inputs.digests
        files = {name: astuple(state) for name, state in (digests.known | digests.seen).items()}
        content = json.dumps({**kept, "files": files}, ensure_ascii=False)
        write_whole(self._path, content.encode() + b"\n")
