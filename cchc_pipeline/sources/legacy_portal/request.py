"""Which requests make a snapshot of the legacy gateway, and when it may be asked.

Belongs here: the province's legacy ids in time, and pure decisions on months and windows. Does not:
sending (``client``), judging what came back (``rows``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cchc_pipeline.errors import UsageError
from cchc_pipeline.period import TIMEZONE, Basis, Month
from cchc_pipeline.sources.legacy_portal.gateway import load_gateway

SETTING = "CCHC_LEGACY_IDS"


@dataclass(frozen=True)
class LegacyAsk:
    """One question: its first page; ``root_code`` None is the table of provinces."""

    root_code: str | None
    params: Mapping[str, Any]


@dataclass(frozen=True)
class LegacyPlan:
    """The questions that make one snapshot, in the order of asking."""

    month: Month
    basis: Basis
    root_code: str
    asks: tuple[LegacyAsk, ...]


def legacy_id(ids: str, month: Month) -> str | None:
    """The province's legacy id in a month: the last that began by then, or None.

    Args:
        ids: Such as ``2022-06:<id>,2025-07:<id>``, each from its month on.
        month: The month asked about.

    Raises:
        UsageError: The text is not such a list.
    """
    known: dict[Month, str] = {}
    for part in filter(None, (part.strip() for part in ids.split(","))):
        start, colon, identity = part.partition(":")
        if not colon or not identity.strip():
            todo = "write it as 2022-06:<id>,2025-07:<id>"
            raise UsageError(f"{part!r:.40} is not a month and an id", where=SETTING, todo=todo)
        first = Month.parse(start.strip())
        if first in known:
            todo = "keep one id for each month"
            raise UsageError(f"two ids from {first}", where=SETTING, todo=todo)
        known[first] = identity.strip()
    return next((known[start] for start in sorted(known, reverse=True) if start <= month), None)


def refusal(month: Month, ids: str, now: datetime) -> str:
    """Why the gateway is not asked about a month at a moment; empty if it is."""
    gateway = load_gateway()
    if not gateway.first_month <= month <= gateway.last_month:
        return f"it has figures from {gateway.first_month} to {gateway.last_month}"
    if now.astimezone(TIMEZONE).date() > gateway.ceased_on:
        return f"it is believed to have ceased on {gateway.ceased_on} (schemas/portal/legacy.yaml)"
    if legacy_id(ids, month) is None:
        return f"{SETTING} has no id of the province for {month}"
    return ""


def plan_legacy(month: Month, root_code: str, ids: str, now: datetime) -> tuple[LegacyPlan, ...]:
    """The snapshots of a month that the gateway can be asked for at a moment.

    It served history, so a month may lie back. A year is asked for with its last month only, since
    the answer is of the whole year.

    Args:
        month: A month that is over.
        root_code: Code of the root unit, say H24.
        ids: The province's legacy ids in time.
        now: The moment of asking, aware.
    """
    identity = legacy_id(ids, month)
    if identity is None or refusal(month, ids, now):
        return ()
    bases = {Basis.MONTH: True, Basis.QUARTER: month.closes_quarter, Basis.YTD: month.month == 12}
    return tuple(
        LegacyPlan(month, basis, root_code, _asks(month, basis, root_code, identity))
        for basis, is_due in bases.items()
        if is_due
    )


def _asks(month: Month, basis: Basis, root_code: str, identity: str) -> tuple[LegacyAsk, ...]:
    gateway = load_gateway()
    common = {**gateway.request, **_window(month, basis), **_first_page()}
    return (
        LegacyAsk(None, {**common, **gateway.national}),
        LegacyAsk(root_code, {**common, gateway.fields["root"]: identity, **gateway.units}),
    )


def _window(month: Month, basis: Basis) -> dict[str, Any]:
    fields = load_gateway().fields
    return {
        fields["year"]: str(month.year),
        fields["quarter"]: month.quarter if basis is Basis.QUARTER else 0,
        fields["month"]: month.month if basis is Basis.MONTH else 0,
    }


def _first_page() -> dict[str, int]:
    paging = load_gateway().paging
    return {paging.page_field: 1, paging.size_field: paging.size}
