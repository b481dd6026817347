"""Resources: the workspace (settings, folders, the moment of the run) and the Parquet IO manager.

Belongs here: what steps share, and how tables travel between them. Does not: computing anything.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
from pydantic import Field

from assets.partitions import month_of
from cchc_pipeline import __version__
from cchc_pipeline.decision766 import Methodology, load_methodology
from cchc_pipeline.period import TIMEZONE, Month
from cchc_pipeline.settings import Settings, load_settings
from cchc_pipeline.sources.archive import RawArchive
from cchc_pipeline.sources.dossiers.month import Means
from cchc_pipeline.sources.portal_tables import units_seen
from cchc_pipeline.sources.unit_texts import UnitTexts
from cchc_pipeline.store import Lake, content_digest
from cchc_pipeline.unit_lists import load_register
from cchc_pipeline.units import UnitRegister
from publish.approval import LOG, ApprovalLog
from publish.portal import Portal
from publish.release import Acceptance, Identity, identity_of
from publish.revisions import acceptance_of

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
        return Lake.opened(self.settings.lake_dir, self.settings.root_unit)

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
        return load_register(self.settings.inbox_dir)

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
                "dagster/row_count": obj.num_rows,
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


__all__: Sequence[str] = ("GENERATOR", "ParquetIOManager", "Workspace", "month_of", "versioned")
