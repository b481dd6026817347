"""Which requests make a snapshot of the national portal, and when the portal may be asked.

Belongs here: the typed content of ``schemas/portal/endpoints.yaml`` and pure decisions on it. Does
not: sending (``client``), judging what came back (``envelope``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AliasPath, ConfigDict, Field
from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.core.data import load
from cchc_pipeline.core.period import TIMEZONE, Basis, Month, MonthText

Asked = Literal["national", "root"]
BY_PLACE = ConfigDict(validate_by_alias=True, validate_by_name=True)


def at(*place: str) -> Any:
    """Where a field of a type stands in its file; its name is no key of the file."""
    return Field(validation_alias=AliasPath(*place))


@typed_dataclass(frozen=True)
class Endpoint:
    """One of the portal's questions.

    ``asked`` and ``in_files`` name the answers that a complete snapshot holds from the API and from
    a file drop; ``root_at`` and ``rows`` are places in ``data``.
    """

    name: str
    group: str | None
    page_size: int
    period: Literal["time_type", "dates"]
    asked: tuple[Asked, ...]
    in_files: tuple[Asked, ...]
    root_at: str | None
    rows: str


@typed_dataclass(frozen=True)
class Manners:
    """How the portal is treated; times in seconds."""

    pause_seconds: float
    jitter_seconds: float
    tries: int
    timeout_seconds: float
    max_answer_bytes: int
    refreshed_at_hour: int
    collect_from_hour: int
    stop_statuses: tuple[int, ...]
    rejection_mark: str


@typed_dataclass(frozen=True)
class BasisFields:
    """How a request names a basis; ``number`` is the field that says which one of the year."""

    time_type: str
    number: str | None


@typed_dataclass(frozen=True)
class Paging:
    """The request's paging fields, and how many pages are walked at most."""

    page_field: str
    size_field: str
    max_pages: int


@typed_dataclass(frozen=True)
class CataloguePages:
    """Where the catalogue of procedures is asked for, and how many pages are walked at most."""

    path: str
    page_size: int
    max_pages: int


@typed_dataclass(frozen=True, config=BY_PLACE)
class NationalPortal:
    """Everything known of how to ask the portal."""

    base_path: str
    success_statuses: Annotated[tuple[int, ...], at("success", "statuses")]
    success_code: Annotated[str, at("success", "code")]
    first_month: Annotated[MonthText, at("service_start", "month")]
    first_month_basis: Annotated[str, at("service_start", "basis")]
    windows: Mapping[Basis, BasisFields]
    date_format: Annotated[str, at("dates", "format")]
    root_field: Annotated[str, at("root", "id_field")]
    without_root: Annotated[Mapping[str, Any], at("root", "without")]
    paging: Paging
    manners: Manners
    catalogue: CataloguePages
    endpoints: tuple[Endpoint, ...]

    def endpoint(self, name: str) -> Endpoint | None:
        """The endpoint of that name, or None."""
        return next((item for item in self.endpoints if item.name == name), None)


@dataclass(frozen=True)
class Ask:
    """One question of a snapshot: its first page; ``root_code`` None is the table of provinces."""

    endpoint: Endpoint
    root_code: str | None
    body: Mapping[str, Any]


@dataclass(frozen=True)
class SnapshotRequests:
    """The questions that make one snapshot, in the order of asking."""

    month: Month
    basis: Basis
    root_code: str
    root_id: str
    asks: tuple[Ask, ...]


@dataclass(frozen=True)
class Refusal:
    """A basis that the portal is not asked for, and why."""

    basis: Basis
    reason: str


@cache
def load_national_portal() -> NationalPortal:
    """The content of ``schemas/portal/endpoints.yaml``.

    Raises:
        SchemaDataError: A part is missing or not as it must be.
    """
    return load(NationalPortal, "portal/endpoints.yaml")


def snapshot_requests(
    month: Month, root_code: str, root_id: str, now: datetime
) -> tuple[SnapshotRequests, ...]:
    """The snapshots of a month that the portal can be asked for at a moment.

    Args:
        month: A month that is over (``period.require_ended``).
        root_code: Code of the root unit, say H24.
        root_id: The portal's department id of that unit.
        now: The moment of asking, aware.

    Returns:
        The requests for each basis that ``refusals`` does not name.
    """
    refused = {refusal.basis for refusal in refusals(month, now)}
    return tuple(
        SnapshotRequests(
            month, basis, root_code, root_id, _asks(month, basis, root_code, root_id, now)
        )
        for basis in Basis
        if basis not in refused
    )


def refusals(month: Month, now: datetime) -> tuple[Refusal, ...]:
    """The bases that the portal is not asked for about a month at a moment, and why.

    The year so far is only known as of now, so it is asked for in the month directly after; later
    the raw archive is replayed.
    """
    portal = load_national_portal()
    if month < portal.first_month:
        reason = f"the service starts with {portal.first_month}: {portal.first_month_basis}"
        return tuple(Refusal(basis, reason) for basis in Basis)
    found = []
    if not month.closes_quarter:
        found.append(Refusal(Basis.QUARTER, f"{month} closes no quarter"))
    after = month.next()
    if not after.start <= now < after.end:
        reason = f"the portal knows the year so far only as of now; {month}'s was known in {after}"
        found.append(Refusal(Basis.YTD, reason))
    return tuple(found)


def _asks(
    month: Month, basis: Basis, root_code: str, root_id: str, now: datetime
) -> tuple[Ask, ...]:
    portal = load_national_portal()
    roots = {
        "national": (None, portal.without_root),
        "root": (root_code, {portal.root_field: root_id}),
    }
    return tuple(
        Ask(endpoint, code, {**_window(endpoint, month, basis, now), **about, **_page(endpoint)})
        for endpoint in portal.endpoints
        for code, about in (roots[asked] for asked in endpoint.asked)
    )


def _page(endpoint: Endpoint) -> dict[str, Any]:
    paging = load_national_portal().paging
    return {paging.page_field: 1, paging.size_field: endpoint.page_size}


def _window(endpoint: Endpoint, month: Month, basis: Basis, now: datetime) -> dict[str, Any]:
    """The part of a request that says which time is asked about."""
    portal = load_national_portal()
    if endpoint.period == "dates":
        first, last = _days(month, basis, now)
        written = portal.date_format
        return {"fromDate": first.strftime(written), "toDate": last.strftime(written)}
    window = portal.windows[basis]
    numbers = {Basis.MONTH: month.month, Basis.QUARTER: month.quarter}
    number = {window.number: numbers[basis]} if window.number else {}
    return {"timeType": window.time_type, "year": month.year, **number}


def _days(month: Month, basis: Basis, now: datetime) -> tuple[date, date]:
    """First and last day of a window.

    The year so far runs to the day of asking, as it does for the endpoints that are asked for a
    year: one snapshot, one window.
    """
    if basis == Basis.MONTH:
        return month.first_day, month.last_day
    if basis == Basis.QUARTER:
        return Month(month.year, month.quarter * 3 - 2).first_day, month.last_day
    today = now.astimezone(TIMEZONE).date()
    return date(month.year, 1, 1), min(today, date(month.year, 12, 31))
