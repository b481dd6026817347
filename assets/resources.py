"""What steps share: the workspace, the monthly partitions, the Parquet IO manager.

Belongs here: settings and moment of a run; the partitions, and how a month depends on the one
before it; what is told of an asset and its table, from contract and program; tables between steps;
whether schedules and sensors begin switched on. Does not: any asset, schedule or check, or calendar
arithmetic (``cchc_pipeline.core.period``).

What somebody switched on or off in the UI holds; the setting is what holds of the others.

What rests on earlier months says so by the mappings here. Three things do not, on purpose: the
units that the source named in earlier months extend the lists of units, and are part of the record
of what a month was made from (``staleness``); the log of publications is one list for all months;
and what disclosure control hid before is read from the release before, not from a month.
"""

import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypedDict

import dagster as dg
import pyarrow as pa
from pydantic import Field

from assets.staleness import program_digest
from cchc_pipeline import __version__
from cchc_pipeline.contracts import Field as Column
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.period import TIMEZONE, Month
from cchc_pipeline.methodology import FIRST_MONTH, Methodology, load_methodology
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.registers.units import UnitRegister, UnitTexts
from cchc_pipeline.settings import Settings, load_settings
from cchc_pipeline.sources.national_portal.tables import units_seen
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.storage.duckdb_engine import Means
from cchc_pipeline.storage.lake import Lake, content_digest
from publish.model import Acceptance, Identity, identity_of
from publish.release.approval import LOG, ApprovalLog
from publish.release.revisions import acceptance_of
from publish.store.store import Portal

warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)

MONTHS = dg.MonthlyPartitionsDefinition(
    start_date=str(FIRST_MONTH), fmt="%Y-%m", timezone=TIMEZONE.key
)
BEFORE = dg.TimeWindowPartitionMapping(
    start_offset=-1, end_offset=-1, allow_nonexistent_upstream_partitions=True
)
"""A month rests on the one before it; the first on nothing."""
WITH_THE_ONE_BEFORE = dg.TimeWindowPartitionMapping(
    start_offset=-1, end_offset=0, allow_nonexistent_upstream_partitions=True
)
OWNERS = ["team:du-lieu-mo"]
COLUMNS, ROWS = "dagster/column_schema", "dagster/row_count"
_DIGITS = 12
GENERATOR = f"cchc_pipeline {__version__}"


class Workspace(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The settings, and what follows from them. Empty fields are read from the environment.

    Attributes:
        home: Overrides ``CCHC_HOME``.
        inbox: Overrides ``CCHC_INBOX``.
        moment: The time of the run as ISO 8601 with an offset; the clock is read if empty.
        accept: The reason code of revisions that are said to be right, or empty.
        note: What readers are told of them, or empty.
        asked: Months that whoever publishes named: they may go out before their announced date.
        empty: Whether those may go out for which no source gave figures.
        backfill: Whether past months are added or made anew; the network is not asked then for
            what the archive holds.
    """

    home: str = ""
    inbox: str = ""
    moment: str = ""
    accept: str = ""
    note: str = ""
    asked: list[str] = Field(default_factory=list)
    empty: bool = False
    backfill: bool = False

    @cached_property
    def settings(self) -> Settings:
        """The settings of this run."""
        return load_settings(home=self.home or None, inbox=self.inbox or None)

    def settings_for(self, month: Month) -> Settings:
        """The settings for collecting a month: a backfill replays what the archive holds."""
        if self.backfill and self.settings.portal_fetch and self.archive.snapshots(month):
            return self.settings.model_copy(update={"portal_fetch": False})
        return self.settings

    @cached_property
    def now(self) -> datetime:
        """The moment of the run, in the city's time zone; the only clock."""
        if self.moment:
            return datetime.fromisoformat(self.moment).astimezone(TIMEZONE)
        return datetime.now(TIMEZONE)

    @cached_property
    def lake(self) -> Lake:
        """The Parquet lake, as far as it is the root unit's."""
        return Lake(self.settings.lake_dir, self.settings.root_unit)

    @property
    def archive(self) -> RawArchive:
        """The raw archive."""
        return RawArchive(self.settings.raw_dir)

    @property
    def portal(self) -> Portal:
        """The portal folder."""
        return Portal(self.settings.portal_dir)

    @cached_property
    def methodology(self) -> Methodology:
        """The methodology that the settings name."""
        return load_methodology(self.settings.methodology)

    @property
    def shipped_register(self) -> UnitRegister:
        """The units of the lists, without those that only the source knows."""
        return load_register(self.settings.inbox_dir, self.settings.root_unit)

    @property
    def register(self) -> UnitRegister:
        """The units of the lists and of the source, over all months."""
        seen = units_seen(self.lake.read_all("portal_units").to_pylist())
        return self.shipped_register.with_source_units(seen)

    @property
    def identity(self) -> Identity:
        """Who publishes, and under which terms."""
        return identity_of(self.settings)

    def means_for(self, month: Month) -> Means:
        """What the files of a month are read with; months may be read side by side."""
        chosen = self.settings
        scratch = chosen.scratch_dir / str(month)
        return Means(scratch, chosen.memory_limit, chosen.engine, chosen.spark_master)

    @property
    def acceptance(self) -> Acceptance | None:
        """What was said of this release's revisions."""
        return acceptance_of(self.accept, self.note)

    @property
    def asked_months(self) -> frozenset[Month]:
        """The months that were named."""
        return frozenset(Month.parse(text) for text in self.asked)

    @property
    def approvals(self) -> ApprovalLog:
        """Who previewed and approved what."""
        return ApprovalLog(self.settings.home / LOG)

    def unit_texts(self, month: Month) -> UnitTexts:
        """The units that texts of a month's files can mean."""
        return UnitTexts(self.register, self.settings.root_unit, month)

    def units_of(self, month: Month) -> list[str]:
        """The codes of the units below the root in a month."""
        return [unit.code for unit in self.register.below(self.settings.root_unit, month)]

    def inbox_of(self, month: Month) -> Path:
        """The month's folder in the inbox."""
        return self.settings.inbox_dir / str(month)


class ParquetIOManager(dg.ConfigurableIOManager):
    """Keeps each asset as one Parquet file a month, with the schema that its contract declares."""

    workspace: dg.ResourceDependency[Workspace]

    def handle_output(self, context: dg.OutputContext, obj: pa.Table) -> None:
        """Store a table and say what was stored."""
        name = context.asset_key.path[-1]
        path = self.workspace.lake.write(name, Month.parse(context.partition_key), obj)
        context.add_output_metadata(
            {
                ROWS: obj.num_rows,
                "bytes": path.stat().st_size,
                "sha256": content_digest(obj),
                "path": dg.MetadataValue.path(path),
            }
        )

    def load_input(self, context: dg.InputContext) -> pa.Table:
        """The month of the table above."""
        return self.workspace.lake.read(
            context.asset_key.path[-1], Month.parse(context.partition_key)
        )


def versioned(table: pa.Table, metadata: Mapping[str, Any] | None = None) -> dg.Output[pa.Table]:
    """An asset's value with the version of its content."""
    return dg.Output(
        table, data_version=dg.DataVersion(content_digest(table)[:16]), metadata=metadata or {}
    )


def month_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Month:
    """The month that a step works on."""
    return Month.parse(context.partition_key)


class AssetFacts(TypedDict):
    """What every asset says of itself, as Dagster's arguments."""

    owners: list[str]
    kinds: set[str]
    code_version: str


class TableTold(AssetFacts):
    """The same of an asset that is a table."""

    metadata: dict[str, Any]


def of_asset(*kinds: str) -> AssetFacts:
    """What every asset says of itself.

    The version of the code is the digest of the program, as in the record of what was made from
    what: Dagster and ``cchc status`` call the same months out of date.
    """
    return AssetFacts(owners=OWNERS, kinds=set(kinds), code_version=program_digest()[:_DIGITS])


def of_table(name: str, *kinds: str) -> TableTold:
    """What an asset says of itself that is a table with a contract."""
    return TableTold(**of_asset(*kinds), metadata={COLUMNS: _columns(name)})


@cache
def _columns(name: str) -> dg.TableSchema:
    contract = load_contract(name)
    return dg.TableSchema(
        columns=[_column(field) for field in contract.fields],
        constraints=dg.TableConstraints([f"primary key: {', '.join(contract.primary_key)}"]),
    )


def _column(field: Column) -> dg.TableColumn:
    further = [
        field.bounds,
        f"matches {field.pattern}" if field.pattern else "",
        f"one of {', '.join(field.enum)}" if field.enum else "",
    ]
    limits = dg.TableColumnConstraints(
        nullable=not field.required, other=[text for text in further if text]
    )
    return dg.TableColumn(field.name, field.type, field.description.en, limits)


def schedule_status(*, is_on: bool) -> dg.DefaultScheduleStatus:
    """The status of a schedule that nobody switched."""
    return dg.DefaultScheduleStatus.RUNNING if is_on else dg.DefaultScheduleStatus.STOPPED


def sensor_status(*, is_on: bool) -> dg.DefaultSensorStatus:
    """The status of a sensor that nobody switched."""
    return dg.DefaultSensorStatus.RUNNING if is_on else dg.DefaultSensorStatus.STOPPED


__all__: Sequence[str] = ("GENERATOR", "ParquetIOManager", "Workspace", "month_of", "versioned")
