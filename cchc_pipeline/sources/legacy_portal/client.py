"""Asking the legacy gateway over the network.

Belongs here: the answers of a plan, page by page, as a recorded snapshot. Does not: how requests
are sent (``polite_http``), which to send (``request``), what is a good answer (``rows``).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Self

from cchc_pipeline.errors import SourceError
from cchc_pipeline.sources.archive import Answer, RawArchive, Snapshot
from cchc_pipeline.sources.legacy_portal.gateway import load_gateway
from cchc_pipeline.sources.legacy_portal.request import LegacyAsk, LegacyPlan
from cchc_pipeline.sources.legacy_portal.rows import check_root, read_rows
from cchc_pipeline.sources.polite_http import PoliteSender, Received
from cchc_pipeline.sources.portal_request import Manners, load_portal

_NO_ROWS = b"[]"


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
        self._archive, self._gateway = archive, load_gateway()
        self._sender = PoliteSender(
            base_url, archive, clock, sleep,
            manners or load_portal().manners, self._gateway.success_statuses,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sender.close()

    def fetch_snapshot(self, plan: LegacyPlan) -> Snapshot:
        """Ask everything that a plan holds and record the snapshot.

        Raises:
            SourceError: Any question was not answered well; nothing is recorded then, and the raw
                answers stay in the archive.
        """
        answers = tuple(answer for ask in plan.asks for answer in self._answers(ask, plan))
        return self._archive.save(
            Snapshot(
                month=plan.month,
                basis=plan.basis,
                root_code=plan.root_code,
                captured_at=answers[-1].received_at,
                source=self._sender.base_url,
                provenance="published",
                channel="api",
                answers=answers,
            )
        )

    def _answers(self, ask: LegacyAsk, plan: LegacyPlan) -> Iterator[Answer]:
        """The pages of an answer; a full one may have a next one, which may be empty."""
        paging = self._gateway.paging
        for page in range(1, paging.max_pages + 1):
            params = {**ask.params, paging.page_field: page}
            received, rows = self._page(params, ask, plan)
            if page > 1 and not rows:
                return
            yield Answer(
                endpoint=self._gateway.endpoint.name,
                root_code=ask.root_code,
                request=params,
                status=received.status,
                received_at=received.received_at,
                sha256=received.sha256,
                size=len(received.content),
            )
            if rows < paging.size:
                return
        self._sender.stop(f"it has more than {paging.max_pages} pages", self._gateway.path)

    def _page(
        self, params: Mapping[str, Any], ask: LegacyAsk, plan: LegacyPlan
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
                check_root(rows, plan.root_code, ask.root_code is None, where)
        except SourceError as error:
            self._sender.stop(error.what, path)
        return received, len(rows)
