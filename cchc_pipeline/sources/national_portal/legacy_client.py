"""Asking the legacy gateway over the network: which requests, when, and the answers.

Belongs here: the province's legacy ids in time, pure decisions on months and windows; the answers
to the requests, page by page, as a recorded snapshot. Does not: how a request is sent
(``client``), or what is a good answer (``legacy_gateway``).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from cchc_pipeline.core.errors import SourceError, UsageError
from cchc_pipeline.core.period import TIMEZONE, Basis, Month
from cchc_pipeline.sources.national_portal.client import PoliteSender, Received
from cchc_pipeline.sources.national_portal.legacy_gateway import check_root, load_gateway, read_rows
from cchc_pipeline.sources.national_portal.request import Manners, load_national_portal
from cchc_pipeline.sources.raw.archive import Answer, RawArchive, Snapshot

SETTING = "CCHC_LEGACY_IDS"
_NO_ROWS = b"[]"


@dataclass(frozen=True)
class LegacyAsk:
    """One question: its first page; ``root_code`` None is the table of provinces."""

    root_code: str | None
    params: Mapping[str, Any]


@dataclass(frozen=True)
class LegacyRequests:
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


def legacy_requests(
    month: Month, root_code: str, ids: str, now: datetime
) -> tuple[LegacyRequests, ...]:
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
        LegacyRequests(month, basis, root_code, _asks(month, basis, root_code, identity))
        for basis, is_due in bases.items()
        if is_due
    )


def _asks(month: Month, basis: Basis, root_code: str, identity: str) -> tuple[LegacyAsk, ...]:
    gateway = load_gateway()
    common = {**gateway.request, **_window(month, basis), **_first_page()}
    return (
        LegacyAsk(None, {**common, **gateway.national_fields}),
        LegacyAsk(root_code, {**common, gateway.fields["root"]: identity, **gateway.unit_fields}),
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


class LegacyClient:
    """Asks the gateway; after a refusal or a wrong answer it sends nothing more.

    Args:
        base_url: Scheme and host of the gateway.
        archive: Where every answer is kept, good or bad.
        clock: The current moment, aware.
        sleep: Waits for so many seconds.
        manners: How it is treated; by default as the rebuilt portal is.
    """

    def __init__(
        self,
        base_url: str,
        archive: RawArchive,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        manners: Manners | None = None,
    ) -> None:
        self._gateway = load_gateway()
        self._sender = PoliteSender(
            base_url, archive, clock, sleep,
            manners or load_national_portal().manners, self._gateway.success_statuses,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sender.close()

    def fetch_snapshot(self, wanted: LegacyRequests) -> Snapshot:
        """Ask everything that is wanted and record the snapshot.

        Raises:
            SourceError: Any question was not answered well; nothing is recorded then, and the raw
                answers stay in the archive.
        """
        return self._sender.keep(
            wanted, (answer for ask in wanted.asks for answer in self._answers(ask, wanted))
        )

    def _answers(self, ask: LegacyAsk, wanted: LegacyRequests) -> Iterator[Answer]:
        """The pages of an answer; a full one may have a next one, which may be empty."""
        paging = self._gateway.paging
        for page in range(1, paging.max_pages + 1):
            params = {**ask.params, paging.page_field: page}
            received, rows = self._page(params, ask, wanted)
            if page > 1 and not rows:
                return
            yield received.answer(self._gateway.name, ask.root_code, params)
            if rows < paging.size:
                return
        self._sender.stop(f"it has more than {paging.max_pages} pages", self._gateway.path)

    def _page(
        self, params: Mapping[str, Any], ask: LegacyAsk, wanted: LegacyRequests
    ) -> tuple[Received, int]:
        """Send one request, and accept nothing but a good answer; returns its number of rows."""
        path = self._gateway.path
        form = {self._gateway.form_field: json.dumps(params, ensure_ascii=False)}
        received = self._sender.send(path, params, form)
        is_first = params[self._gateway.paging.page_field] == 1
        if received.content.strip() == _NO_ROWS and not is_first:
            return received, 0
        where = self._sender.base_url + path
        try:
            rows = read_rows(received.content, where)
            if is_first:
                check_root(rows, wanted.root_code, ask.root_code is None, where)
        except SourceError as error:
            self._sender.stop(error.what, path)
        return received, len(rows)
