"""The one record of what was made from what: whether a month, and the publication, is current.

Belongs here: what a month rests on, as digests; what its last good making named; where the two
differ. Does not: making anything (``runner``), the steps that keep the record (``jobs``). To find
that there is nothing to do must cost less than to load what would do it: no Dagster here.

A month is made in two stages: by itself (``ALONE``), then with what it takes from the year
(``OF_YEAR``). A stage is current while its record names exactly what it would be made from now, and
the tables that lie in the lake. The first step of a stage notes what it is about to be made from;
the last one records that, if it is still so and the checks passed. A stage that is killed, fails,
or is overtaken by a changed file records nothing, and is made again by whoever asks next.
"""

import json
import sysconfig
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from cchc_pipeline.calendar import load_calendar
from cchc_pipeline.core.data import ROOT
from cchc_pipeline.core.errors import CchcError, DamagedError
from cchc_pipeline.core.files import FileDigests, Remembered, digest_of, files_below, write_whole
from cchc_pipeline.core.period import Month
from cchc_pipeline.plan import Publication, PublicationLog
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.registers.units import Unit, UnitRegister
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.national_portal.tables import units_seen
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.storage.lake import Lake
from publish.release.approval import ready_months
from publish.release.assemble import release_months
from publish.release.publication_log import OWN_PLACE, PLACES, read_publications
from publish.store.store import INDEX, Portal

Stage = Literal["alone", "of_year"]
ALONE, OF_YEAR = get_args(Stage)
YEAR_TO_DATE = "year_to_date"
REST_ON_EARLIER_MONTHS = (YEAR_TO_DATE, "plan_indicators", "plan_tasks", "dossier_continuity")
"""The tables of the second stage."""
FIRST_STEP: Mapping[Stage, str] = {
    ALONE: "month_begun", OF_YEAR: YEAR_TO_DATE,
}  # fmt: skip
"""The step of each stage that notes what it is about to be made from: the first."""
RECORD = "made-from"
"""The folder in the home; a folder a month below it."""
LISTS = ("units.csv", "successions.csv")
_CONTINUED = ("dossier_accounts", "dossier_statistics")
_PROGRAM = ("cchc_pipeline", "assets", "publish", "schemas")
_SAMPLE = ("schemas", "sample")
_NOT_OF_MONTHS = frozenset(
    {
        "home", "inbox", "portal_fetch", "portal_base_url", "dossiers_view", "legacy_base_url",
        "revision_limit", "disclosure_threshold", "memory_limit", "spark_master", "automation",
        "approval", "workers", "public_url", "publisher", "contact", "license_name", "license_path",
        "signing_key", "expected_sources", "alert_days_before", "alert_late_hours", "mirrors",
        "mirror_hours", "digest_when_well", "smtp_host", "smtp_port", "smtp_security", "smtp_user",
        "smtp_from", "smtp_to", "lang",
    }
)  # fmt: skip
"""The settings that change no figure of a month; every other one counts."""
Parts = Mapping[str, str]
"""What something is made from, by the words that a person is told: a digest each."""
FILES, PROGRAM = "its files", "the program"
TABLES = "its tables"
_NEVER, _RUN, _LEFT = "never made as a whole", "another run of it", "files"


@dataclass(frozen=True)
class Recorded:
    """What a stage of a month left when it was made last.

    Attributes:
        path: The file of the record.
        files: The digests of what it left, by paths below the home; None if the record is damaged.
        is_at_rest: Whether the stage was not begun again since: then they are as it left them.
    """

    path: Path
    files: Mapping[str, str] | None
    is_at_rest: bool


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

    @cached_property
    def lake(self) -> Lake:
        """The lake of the settings."""
        return Lake(self.settings.lake_dir, self.settings.root_unit)

    @property
    def portal(self) -> Portal:
        """The portal of the settings."""
        return Portal(self.settings.portal_dir)

    def of_stage(self, stage: Stage, month: Month) -> Parts:
        """What a stage of a month would be made from now."""
        return self._alone(month) if stage == ALONE else self._of_year(month)

    def tables(self, stage: Stage, month: Month) -> str:
        """A digest of what a stage left."""
        return digest_of(f"{name} {digest}" for name, digest in self.left(stage, month).items())

    def left(self, stage: Stage, month: Month) -> dict[str, str]:
        """The files that a stage left by their paths below the home, with their digests.

        They are the tables in the lake, and the rows that were set aside.
        """
        lake, raw, wanted = self.lake, self.settings.raw_dir, stage == OF_YEAR
        paths = {
            f"lake/{path.relative_to(lake.root)}": path
            for path in lake.paths(month)
            if (path.relative_to(lake.root).parts[0] in REST_ON_EARLIER_MONTHS) == wanted
        }
        if stage == ALONE:
            aside = raw.glob(f"quarantine/*/{month}.parquet")
            paths |= {f"raw/{path.relative_to(raw)}": path for path in aside}
        return {name: self.digests.of(paths[name]) for name in sorted(paths)}

    def of_publication(self, asked: Iterable[Month]) -> str:
        """A digest of all that decides whether there is news to publish.

        What was said of revisions is not among it: it lets news pass, and makes none.
        """
        lake, site, latest = self.lake, self.portal.current_site(), self.portal.latest()
        out = latest.periods if latest else ()
        computed, calendar = release_months(lake), load_calendar()
        ready = ready_months(computed, out, frozenset(asked), calendar, self.now)
        parts = [
            program_digest(),
            self.settings.model_dump_json(exclude={"home", "inbox", "lang"}),
            self._lists(),
            *self.digests.lines(lake.root, lake.paths()),
            *(self.digests.lines(site, [site / INDEX]) if site else ()),
            f"ready {' '.join(map(str, ready))}",
        ]
        return digest_of(parts)

    def _withdrawn(self, month: Month) -> str:
        """What was taken back of the month's deliveries."""
        archive = RawArchive(self.settings.raw_dir)
        log = archive.withdrawal_log(month)
        return digest_of(self.digests.lines(archive.root, [log] if log.is_file() else []))

    def _alone(self, month: Month) -> Parts:
        inbox = self.settings.inbox_dir
        files = self.digests.lines(inbox, files_below(inbox / str(month)))
        return {
            PROGRAM: program_digest(),
            "the settings": self.settings.model_dump_json(exclude=set(_NOT_OF_MONTHS)),
            "the lists": self._lists(),
            "the units": self._units_seen_before(month),
            FILES: digest_of(files),
            "what was withdrawn": self._withdrawn(month),
        }

    def _of_year(self, month: Month) -> Parts:
        return {
            "its own counts": digest_of(
                [*self._alone(month).values(), self.tables(ALONE, month)]
            ),
            "the months before": self._earlier(month),
            "publications": digest_of(self._verdicts(month)),
        }  # fmt: skip

    def _lists(self) -> str:
        inbox = self.settings.inbox_dir
        lists = (inbox / name for name in LISTS)
        return digest_of(self.digests.lines(inbox, (path for path in lists if path.is_file())))

    def _units_seen_before(self, month: Month) -> str:
        """The units that only the source knows, of all earlier months: they extend the lists."""
        shipped = self._shipped
        if isinstance(shipped, str):
            return shipped
        seen = [unit for m, units in self._units_by_month.items() if m < month for unit in units]
        added = {*shipped.with_source_units(seen).units} - {*shipped.units}
        return digest_of(sorted(map(repr, added)))

    @cached_property
    def _shipped(self) -> UnitRegister | str:
        """The units of the lists; a line if they cannot be read, which a run will say."""
        try:
            return load_register(self.settings.inbox_dir, self.settings.root_unit)
        except CchcError as error:
            return str(error)

    @property
    def _units_by_month(self) -> dict[Month, list[Unit]]:
        """The units that the national portal names by month, read anew where its files changed."""
        lake, kept = self.lake, self._kept_units
        for month in lake.months("portal_units"):
            state = digest_of(self.digests.lines(lake.root, lake.files("portal_units", month)))
            if kept.get(month, ("", []))[0] != state:
                kept[month] = state, self._units_of(month)
        return {month: units for month, (_, units) in kept.items()}

    def _units_of(self, month: Month) -> list[Unit]:
        """Of a damaged table none: the month is made again, and the later ones follow it."""
        try:
            return units_seen(self.lake.read("portal_units", month).to_pylist())
        except DamagedError:
            return []

    @cached_property
    def _kept_units(self) -> dict[Month, tuple[str, list[Unit]]]:
        return {}

    def _earlier(self, month: Month) -> str:
        """The year's sums that the month adds to, and what the month before left open."""
        lake, before = self.lake, month_rested_on(self.lake, month)
        sums = lake.files(YEAR_TO_DATE, before) if before else ()
        left = (path for table in _CONTINUED for path in lake.files(table, month.previous()))
        return digest_of(self.digests.lines(lake.root, (*sums, *left)))

    def _verdicts(self, month: Month) -> list[str]:
        """Which months of the year were public in time, as far as this month tells."""
        if isinstance(self._log, str):
            return [self._log]
        own = (Publication(month, OWN_PLACE, self.now),) if self.settings.production else ()
        log = PublicationLog((*self._log.entries, *own))
        return [
            f"{earlier} {place} {log.on_time(earlier, [place])}"
            for earlier in Month(month.year, 1).to(month)
            for place in sorted(PLACES)
        ]

    @cached_property
    def _log(self) -> PublicationLog | str:
        """What is known of publications; a line if it cannot be read, which a run will say."""
        settings, running = self.settings, Month(self.now.year, self.now.month)
        try:
            return read_publications(
                self.portal, settings.inbox_dir,
                month=running, now=self.now, production=settings.production,
            )  # fmt: skip
        except CchcError as error:
            return str(error)


def month_rested_on(lake: Lake, month: Month) -> Month | None:
    """The month whose running sums a month adds to: the one before it, within the year.

    Where months of the year were never made, the newest before them; None for the first.
    """
    earlier = [m for m in lake.months(YEAR_TO_DATE) if m.year == month.year and m < month]
    return max(earlier, default=None)


@cache
def program_digest() -> str:
    """A digest of the program's files and of what is installed beside it, by name and version."""
    root = Path(str(ROOT)).parent
    digests = FileDigests()
    files = sorted(
        path
        for name in _PROGRAM
        for path in files_below(root / name)
        if path.suffix != ".pyc" and path.relative_to(root).parts[: len(_SAMPLE)] != _SAMPLE
    )
    places = {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    installed = sorted({path.name for place in places for path in place.glob("*.dist-info")})
    return digest_of([*digests.lines(root, files), *installed])


def is_asked(settings: Settings) -> bool:
    """Whether a source is asked over the network: only asking tells whether it changed."""
    return settings.portal_fetch or settings.dossiers_url is not None


class MadeFrom:
    """What every month, and the publication, was made from; a folder in the home.

    Each file of it is written whole, by the step that it tells of.

    Args:
        settings: The settings of this run.
        now: The moment of this run.
    """

    def __init__(self, settings: Settings, now: datetime) -> None:
        self._folder = settings.home / RECORD
        self._inputs = Inputs(settings, now, FileDigests(_remembered(_read(self._memory))))

    @property
    def _memory(self) -> Path:
        return self._folder / "digests.json"

    def months(self) -> tuple[Month, ...]:
        """Every month that was made, if only in part: those that have to be current."""
        lake = self._inputs.lake
        recorded = {
            Month.parse(path.parent.name) for path in self._folder.glob(f"*/{OF_YEAR}.json")
        }
        known = {*lake.months(YEAR_TO_DATE), *lake.months("plan_indicators"), *recorded}
        return tuple(sorted(known))

    def has_taken(self, month: Month) -> bool:
        """Whether the month was made from the files that lie in its inbox."""
        now = self._inputs.of_stage(ALONE, month)
        return _read(self._record(ALONE, month)).get(FILES) == now[FILES]

    def differing(self, month: Month) -> dict[Stage, tuple[str, ...]]:
        """What changed since a stage of a month was made, in words; nothing if both stand.

        The second stage is only asked about where the first stands.
        """
        for stage in (ALONE, OF_YEAR):
            parts = self._differing(stage, month)
            if parts:
                return {stage: parts}
        return {}

    def stale(self, months: Iterable[Month] | None = None) -> dict[Month, tuple[str, ...]]:
        """The months that are not current, in order, with what changed; of all by default."""
        asked = self.months() if months is None else sorted(months)
        found = {month: self.differing(month) for month in asked}
        return {m: next(iter(stages.values())) for m, stages in found.items() if stages}

    def following(self, changed: Iterable[Month]) -> tuple[Month, ...]:
        """The months made before that rest on some that are about to change, in order.

        A month adds to the sums of its year, and begins with what the month before left open.
        """
        earlier = frozenset(changed)
        return tuple(
            month
            for month in self.months()
            if month.previous() in earlier
            or any(other.year == month.year and other < month for other in earlier)
        )

    def state(self, month: Month) -> str:
        """A digest of what a month would be made from now, and of the tables that it has."""
        inputs = self._inputs
        return digest_of(
            part
            for stage in (ALONE, OF_YEAR)
            for part in (*inputs.of_stage(stage, month).values(), inputs.tables(stage, month))
        )

    def current_months(self, months: Iterable[Month]) -> frozenset[Month]:
        """Those of the months that would come out as they are."""
        chosen = frozenset(months)
        return (
            frozenset() if is_asked(self._inputs.settings) else chosen - self.stale(chosen).keys()
        )

    def recorded(self) -> Iterator[Recorded]:
        """What every stage of every month left, by the record."""
        for path in sorted(self._folder.glob("*/*.json")):
            stage = path.stem
            if stage in get_args(Stage):
                kept, noted = _read(path), _read(path.with_name(f"{stage}.begun.json"))
                files = kept.get(_LEFT, {}) if kept else None
                yield Recorded(path, files, bool(kept) and kept.get(_RUN) == noted.get(_RUN))

    @property
    def digests(self) -> FileDigests:
        """What is remembered of files."""
        return self._inputs.digests

    def doubt(self) -> None:
        """Remember nothing of earlier times: every file is read again."""
        self._inputs.digests.known.clear()

    def begin(self, stage: Stage, month: Month, run: str) -> None:
        """A run is about to read what the stage is made from."""
        parts = self._inputs.of_stage(stage, month)
        self._write(self._note(stage, month), {_RUN: run, **parts})

    def end(self, stage: Stage, month: Month, runs: Collection[str]) -> tuple[str, ...]:
        """Record the stage: everything of it was made by these runs, and its checks passed.

        Returns:
            What changed since one of them read it; then nothing is recorded.
        """
        parts, noted = self._inputs.of_stage(stage, month), _read(self._note(stage, month))
        changed = tuple(name for name in parts if noted.get(name) != parts[name])
        if noted.get(_RUN) not in runs:
            changed = (_RUN, *changed)
        if not changed:
            left, tables = self._inputs.left(stage, month), self._inputs.tables(stage, month)
            record = {_RUN: noted[_RUN], **parts, TABLES: tables, _LEFT: left}
            self._write(self._record(stage, month), record)
            self.remember()
        return changed

    def is_published(self, asked: Iterable[Month]) -> bool:
        """Whether a publication would find nothing new."""
        made = _read(self._folder / "publication.json").get("made")
        return bool(made) and made == self._inputs.of_publication(asked)

    def add_publication(self, asked: Iterable[Month]) -> None:
        """What is ready was published just now, or was found to be out."""
        made = self._inputs.of_publication(asked)
        self._write(self._folder / "publication.json", {"made": made})
        self.remember()

    def remember(self) -> None:
        """Keep the digests of files, so that the next who asks need not read them."""
        digests = self._inputs.digests
        if digests.seen.items() - digests.known.items():
            kept = {**digests.known, **digests.seen}
            self._write(self._memory, {name: astuple(state) for name, state in kept.items()})
            digests.known.update(digests.seen)

    def _differing(self, stage: Stage, month: Month) -> tuple[str, ...]:
        kept = _read(self._record(stage, month))
        if not kept:
            return (_NEVER,)
        tables = self._inputs.tables(stage, month)
        now = {**self._inputs.of_stage(stage, month), TABLES: tables}
        return tuple(name for name in now if kept.get(name) != now[name])

    def _record(self, stage: Stage, month: Month) -> Path:
        return self._folder / str(month) / f"{stage}.json"

    def _note(self, stage: Stage, month: Month) -> Path:
        return self._folder / str(month) / f"{stage}.begun.json"

    def _write(self, path: Path, content: Mapping[str, object]) -> None:
        text = json.dumps(content, ensure_ascii=False, indent=1)
        write_whole(path, text.encode(errors="surrogateescape") + b"\n")


def _read(path: Path) -> dict[str, Any]:
    """What a file of the record says; nothing if there is none or it cannot be read."""
    with suppress(OSError, ValueError):
        kept = json.loads(path.read_text(encoding="utf-8"))
        return kept if isinstance(kept, dict) else {}
    return {}


def _remembered(kept: Mapping[str, Any]) -> dict[str, Remembered]:
    with suppress(TypeError):
        return {name: Remembered(*state) for name, state in kept.items()}
    return {}
