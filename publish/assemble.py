"""From the lake and the code lists to a draft: the tables as they would be published.

Belongs here: gathering, stamping and the question whether there is anything to publish. Does not:
bytes (``formats``), judging (``gates``).
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.errors import CheckFailedError
from cchc_pipeline.indicators.code_lists import (
    indicator_rows,
    metric_rows,
    obs_status_rows,
    succession_rows,
    unit_rows,
)
from cchc_pipeline.period import Month
from cchc_pipeline.store import Lake, content_digest, table_from_rows
from cchc_pipeline.units import UnitRegister
from publish.portal import Portal, read_tables
from publish.release import (
    PUBLISHED_TABLES,
    Draft,
    Identity,
    Published,
    ReleaseId,
    Source,
    TableChange,
)
from publish.vintage import stamp

MONTHLY = ("scores", "plan_indicators", "plan_tasks", "submissions")


@dataclass(frozen=True)
class Ingredients:
    """What a draft is made of, apart from the lake."""

    register: UnitRegister
    methodology: str
    identity: Identity
    generator: str


def release_months(lake: Lake) -> tuple[Month, ...]:
    """The months for which every monthly table is there."""
    held = [set(lake.months(table)) for table in MONTHLY]
    return tuple(sorted(set.intersection(*held)))


def assemble(
    lake: Lake, portal: Portal, ingredients: Ingredients, published_at: datetime
) -> Draft | None:
    """The next release as a draft, or None if nothing differs from the one before.

    Raises:
        CheckFailedError: No month has been computed.
    """
    months = release_months(lake)
    if not months:
        raise CheckFailedError("no month has been computed", where=str(lake.root))
    previous = portal.latest()
    tables = {name: _tidy(table) for name, table in _tables(lake, months, ingredients)}
    release = next_id(portal, months[-1])
    stamped, changes = _stamped(tables, previous, release)
    digests = {name: _schema_digest(name) for name in tables}
    draft = Draft(
        id=release,
        published_at=published_at.replace(microsecond=0),
        tables=stamped,
        periods=months,
        sources=tuple(_sources(lake, months)),
        identity=ingredients.identity,
        previous=previous,
        changes=changes,
        schema_digests=digests,
        generator=ingredients.generator,
        input_digest=_digest(tables),
    )
    return draft if _is_news(draft, previous) else None


def next_id(portal: Portal, month: Month) -> ReleaseId:
    """The month's next release; what a crash left unpublished does not count.

    A number that was ever shown is not given again, even if the current site does not name it.
    """
    numbers = [release.number for release in portal.shown() if release.month == month]
    return ReleaseId(month, max(numbers, default=0) + 1)


def _is_news(draft: Draft, previous: Published | None) -> bool:
    if previous is None or any(change.any for change in draft.changes.values()):
        return True
    return dict(draft.schema_digests) != dict(previous.schema_digests)


def _tables(
    lake: Lake, months: Iterable[Month], ingredients: Ingredients
) -> Iterable[tuple[str, pa.Table]]:
    """Each published table, in the order of the descriptor, sorted by its key."""
    months = tuple(months)
    register = ingredients.register
    code_lists = {
        "units": unit_rows(register),
        "successions": succession_rows(register),
        "metrics": metric_rows(ingredients.methodology),
        "indicators": indicator_rows({month.year for month in months}),
        "obs_status": obs_status_rows(),
    }
    for name in PUBLISHED_TABLES:
        if name in code_lists:
            yield name, table_from_rows(load_contract(name), code_lists[name])
        else:
            yield name, pa.concat_tables([lake.read(name, month) for month in months])


def _tidy(table: pa.Table) -> pa.Table:
    """One chunk a column, and no minus zero: JSON, XLSX and Parquet would show its sign."""
    for position, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):
            table = table.set_column(position, field, pc.add(table.column(position), 0.0))
    return table.combine_chunks()


def _stamped(
    tables: Mapping[str, pa.Table], previous: Published | None, release: ReleaseId
) -> tuple[dict[str, pa.Table], dict[str, TableChange]]:
    before = read_tables(previous) if previous else {}
    stamped, changes = {}, {}
    for name, table in tables.items():
        stamped[name], changes[name] = stamp(
            table, before.get(name), load_contract(name), str(release)
        )
    return stamped, changes


def _schema_digest(table: str) -> str:
    """A digest of names, types and keys: what a program that reads the table depends on."""
    contract = load_contract(table)
    shape = [*((f.name, f.type) for f in contract.fields), *contract.primary_key]
    return hashlib.sha256(repr(shape).encode()).hexdigest()[:16]


def _digest(tables: Mapping[str, pa.Table]) -> str:
    digest = hashlib.sha256()
    for name, table in tables.items():
        columns = load_contract(name).value_columns
        digest.update(f"{name} {content_digest(table, columns)}\n".encode())
    return digest.hexdigest()


def _sources(lake: Lake, months: Iterable[Month]) -> Iterable[Source]:
    """The snapshot that each basis of each month was taken from: the one captured last."""
    for month in months:
        latest: dict[str, Source] = {}
        snapshots = lake.read("raw_portal", month).to_pylist()
        for row in sorted(snapshots, key=lambda r: r["captured_at"]):
            latest[row["basis"]] = Source(
                row["source"], row["captured_at"], row["provenance"], row["period"], row["basis"]
            )
        yield from latest.values()
