"""A place that is a CKAN: one data set, a resource with DataStore rows for each table.

Belongs here: the order of asking (a table says that it is whole only once it is; the data set says
last which release is whole there), and reading back as readers do. Does not: what a table is there
and how rows differ (``ckan_tables``), or when (``rounds``).

Whatever stands there, the rows are compared and made those of the release: a sending that was cut
off is ended by the next one, and going back to an earlier release is the same sending.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from cchc_pipeline.core.errors import UsageError, with_extra
from cchc_pipeline.core.masking import visible
from publish.model import DESCRIPTOR
from publish.places.ckan_tables import (
    LATEST,
    RELEASE,
    SITE,
    STATE,
    CkanTable,
    Row,
    batches,
    change,
    ckan_words,
    extra_of,
    is_same,
    kind_of,
    left_over,
    package_fields,
    rows_of,
    rows_told,
    said_otherwise,
    same_columns,
    tables_of,
    unlike,
    with_extras,
)
from publish.places.declared import DeclaredPlace, token_name
from publish.places.rclone import NOT_WHOLE, OTHER, PlaceError
from publish.places.seen import Downloads, Seen, got
from publish.places.tree import Difference, SiteTree

_AGENT, _API, _LONGEST_LINE = "cchc_pipeline", "api/3/action/", 160
_MOST_ROWS = 32000
_NOT_FOUND = "absent"
Ask = Callable[..., Any]


@dataclass(frozen=True)
class CkanPlace:
    """A data set of a CKAN, written to with a token."""

    place: DeclaredPlace
    public_url: str

    @cached_property
    def _remote(self) -> Any:
        try:
            import ckanapi  # noqa: PLC0415 - an optional part
        except ImportError:
            raise UsageError("ckanapi is not installed", todo=with_extra("ckan")) from None
        token = os.environ.get(token_name(self.place))
        if not token:
            raise PlaceError("refused", f"{token_name(self.place)} is not set")
        return ckanapi.RemoteCKAN(self.place.address, apikey=token, user_agent=_AGENT)

    def ask(self, action: str, **data: Any) -> Any:
        """One action.

        Raises:
            PlaceError: It was refused, or nothing answered; ``absent`` if what it is about is.
        """
        options = {"timeout": ckan_words().seconds}
        remote = self._remote
        try:
            return remote.call_action(action, data, requests_kwargs=options)
        except Exception as error:
            raise _fault(action, error) from None

    def differ(self, site: SiteTree) -> Difference:
        """The tables that do not stand there as they are.

        Where the data set says already that it shows the site, rows are looked at too: somebody
        may have changed them.
        """
        tables, package = _tables(site, self.place, self.public_url), self._package()
        other = unlike(tables, package)
        if extra_of(package, SITE) == site.name:
            seen = (t for t in tables if t not in other and not _stands(t, site, self.ask))
            other = (*other, *seen)
        sent = tuple(table.path for table in other)
        is_there = not (sent or left_over(tables, package) or self._otherwise(site, package))
        return Difference(is_there, sent=sent)

    def _otherwise(self, site: SiteTree, package: Mapping[str, Any]) -> tuple[str, ...]:
        return said_otherwise(_about(site, self.public_url), package)

    def _package(self) -> Mapping[str, Any]:
        """The data set as it is there; nothing if it is not."""
        found: Mapping[str, Any] = _or_none(
            lambda: self.ask("package_show", id=self.place.package)
        ) or {}  # fmt: skip
        return found

    def send(self, site: SiteTree, found: Difference) -> tuple[str, ...]:
        """Make each table's rows those of the release.

        Returns:
            The tables that were sent.

        Raises:
            PlaceError: The place refused.
        """
        package = self._package() or self._create(site)
        tables = _tables(site, self.place, self.public_url)
        known = {one["id"] for one in package.get("resources", ())}
        for table in tables:
            if table.path in found.sent:
                content = (site.root / table.path).read_bytes()
                self._bring(table, content, is_new=table.id not in known)
        for resource in left_over(tables, package):
            self._remove(resource)
        if site.release:
            about = _about(site, self.public_url)
            self.ask("package_patch", id=self.place.package, **about)
        return found.sent

    def _remove(self, resource: str) -> None:
        """Its rows too, which CKAN would keep out of sight."""
        _or_none(lambda: self.ask("datastore_delete", resource_id=resource, force=True))
        self.ask("resource_delete", id=resource)

    def _create(self, site: SiteTree) -> Mapping[str, Any]:
        owner = {"owner_org": self.place.organization} if self.place.organization else {}
        made: Mapping[str, Any] = self.ask(
            "package_create", name=self.place.package, **_about(site, self.public_url), **owner
        )
        return made

    def _bring(self, table: CkanTable, content: bytes, *, is_new: bool) -> None:
        """While its rows change, a resource says of no state that it has it."""
        if is_new:
            self.ask(
                "resource_create", id=table.id, package_id=self.place.package, **table.about,
                **{STATE: ""},
            )  # fmt: skip
        else:
            self.ask("resource_patch", id=table.id, **{STATE: ""})
        self._shape(table)
        needed = change(table, rows_of(table, content), rows_there(table, self.ask))
        of_table = {"resource_id": table.id, "force": True}
        for records in batches(needed.records):
            self.ask("datastore_upsert", **of_table, method="upsert", records=records)
        for filters in needed.gone:
            self.ask("datastore_delete", **of_table, filters=filters)
        self.ask("resource_patch", id=table.id, **table.about, **{STATE: table.state})

    def _shape(self, table: CkanTable) -> None:
        """The columns, types and dictionary of the contract; rows of another shape go with it."""
        there = _or_none(lambda: self.ask("datastore_search", resource_id=table.id, limit=0))
        of_table = {"resource_id": table.id, "force": True}
        if there and not same_columns(table, there["fields"]):
            self.ask("datastore_delete", **of_table)
        self.ask(
            "datastore_create", **of_table, fields=list(table.fields), primary_key=list(table.key)
        )

    def point(self, name: str, release: str) -> None:
        """Say which release is whole there: the one commit point."""
        package = self.ask("package_show", id=self.place.package)
        ours = {RELEASE: release, SITE: name}
        self.ask(
            "package_patch", id=self.place.package, extras=with_extras(package["extras"], ours)
        )

    def tidy(self, site: SiteTree, before: Difference) -> None:
        """Nothing of earlier releases is there any more."""


@dataclass(frozen=True)
class CkanSight:
    """What readers of a CKAN see, without a token."""

    place: DeclaredPlace
    public_url: str
    downloads: Downloads = field(repr=False)

    def ask(self, action: str, **data: Any) -> Any:
        """One reading of its public API; ``absent`` if there is nothing."""
        address = f"{self.place.address}{_API}{action}?{urlencode(data)}"
        content = got(address, self.downloads())
        if content is None:
            raise PlaceError(_NOT_FOUND, address)
        try:
            return json.loads(content)["result"]
        except (ValueError, KeyError, TypeError):
            raise PlaceError("silent", f"{address}: no answer of a CKAN") from None

    def look(self) -> Seen:
        """Which release is said to be whole there."""
        package = _or_none(lambda: self.ask("package_show", id=self.place.package)) or {}
        return Seen(extra_of(package, SITE), extra_of(package, RELEASE))

    def require_whole(self, site: SiteTree) -> None:
        """Every table's rows are read, and are those of its CSV.

        Raises:
            PlaceError: They are not.
        """
        tables = _tables(site, self.place, self.public_url)
        package = _or_none(lambda: self.ask("package_show", id=self.place.package)) or {}
        for table in unlike(tables, package):
            raise PlaceError(NOT_WHOLE, f"{table.path}: another state")
        for name in said_otherwise(_about(site, self.public_url), package):
            raise PlaceError(NOT_WHOLE, f"{self.place.package}: other {name}")
        for table in tables:
            if not _stands(table, site, self.ask):
                raise PlaceError(NOT_WHOLE, f"{table.path}: other rows")


def _stands(table: CkanTable, site: SiteTree, ask: Ask) -> bool:
    there = _or_none(lambda: [*rows_there(table, ask)])
    ours = rows_of(table, (site.root / table.path).read_bytes())
    return there is not None and is_same(ours, there)


def rows_there(table: CkanTable, ask: Ask) -> Iterator[Row]:
    """Every row that the DataStore has under the table's columns, as many at once as CKAN lets."""
    at = 0
    while True:
        page = ask(
            "datastore_search", resource_id=table.id, limit=_MOST_ROWS, offset=at, sort="_id",
            records_format="csv", include_total=False,
        )  # fmt: skip
        if not same_columns(table, page["fields"]):
            return
        rows = [*rows_told(table, page["records"])]
        yield from rows
        at += len(rows)
        if len(rows) < page["limit"]:
            return


def _descriptor(site: SiteTree) -> Mapping[str, Any]:
    """The descriptor of the release that is shown; nothing if none is."""
    if not site.release:
        return {}
    told: Mapping[str, Any] = json.loads((site.root / LATEST / DESCRIPTOR).read_bytes())
    return told


def _about(site: SiteTree, public_url: str) -> Mapping[str, Any]:
    """What the data set says of itself; nothing if no release is shown."""
    return package_fields(_descriptor(site), _base(public_url)) if site.release else {}


def _tables(site: SiteTree, place: DeclaredPlace, public_url: str) -> tuple[CkanTable, ...]:
    return tables_of(_descriptor(site), place.package, _base(public_url))


def _base(public_url: str) -> str:
    """The portal's own address, with a slash at its end."""
    if not public_url:
        raise PlaceError(OTHER, "CCHC_PUBLIC_URL is not set, which the resources' links need")
    return f"{public_url.rstrip('/')}/"


def _or_none(asked: Callable[[], Any]) -> Any:
    try:
        return asked()
    except PlaceError as error:
        if error.kind == _NOT_FOUND:
            return None
        raise


def _fault(action: str, error: Exception) -> PlaceError:
    """What a refusal means, on one line."""
    name = type(error).__name__
    said = " ".join(f"{action}: {name}: {error}".split())
    is_long = len(said) > _LONGEST_LINE  # the beginning says what was asked, the end why not
    line = f"{said[: _LONGEST_LINE // 2]}…{said[-_LONGEST_LINE // 2 :]}" if is_long else said
    kind = _NOT_FOUND if name == "NotFound" else kind_of(said) or OTHER
    return PlaceError(kind, visible(line, None))
