"""Asking the national portal over the network.

Belongs here: the answers of a plan, page by page, as a recorded snapshot. Does not: how requests
are sent (``polite_http``), which to send (``portal_request``), what is a good answer
(``portal_envelope``), parsing (``portal_answers``).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Self

import httpx

from cchc_pipeline.errors import SourceError
from cchc_pipeline.sources.archive import Answer, RawArchive, Snapshot
from cchc_pipeline.sources.polite_http import PoliteSender, Received
from cchc_pipeline.sources.portal_envelope import check_page, check_root, read_envelope
from cchc_pipeline.sources.portal_request import Ask, Portal, SnapshotPlan, load_portal


class PortalClient:
    """Asks the portal; after a refusal or a wrong answer it sends nothing more.

    Args:
        base_url: Scheme and host of the portal.
        archive: Where every answer is kept, good or bad.
        clock: The current moment, aware.
        sleep: Waits for so many seconds.
        transport: In place of the network's.
        portal: How to ask; by default ``schemas/portal/endpoints.yaml``.
    """

    def __init__(
        self,
        base_url: str,
        archive: RawArchive,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        transport: httpx.BaseTransport | None = None,
        portal: Portal | None = None,
    ) -> None:
        self._portal = portal or load_portal()
        self._sender = PoliteSender(
            base_url, archive, clock, sleep,
            self._portal.manners, self._portal.success_statuses, transport,
        )  # fmt: skip
        self._archive = archive

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the connections go."""
        self._sender.close()

    def fetch_snapshot(self, plan: SnapshotPlan) -> Snapshot:
        """Ask everything that a plan holds and record the snapshot.

        Returns:
            The recorded snapshot, captured when its last answer came.

        Raises:
            SourceError: Any question was not answered well; nothing is recorded then, and the raw
                answers stay in the archive.
        """
        answers = tuple(answer for ask in plan.asks for answer in self._answers(ask, plan.root_id))
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

    def _answers(self, ask: Ask, root_id: str) -> Iterator[Answer]:
        """The answer's pages, as many as the first says there are."""
        paging, pages, page = self._portal.paging, 1, 0
        while page < pages:
            page += 1
            body = {**ask.body, paging.page_field: page}
            received, data = self._answer(ask, body, root_id)
            pages = self._pages(data, page, ask)
            yield Answer(
                endpoint=ask.endpoint.name,
                root_code=ask.root_code,
                request=body,
                status=received.status,
                received_at=received.received_at,
                sha256=received.sha256,
                size=len(received.content),
            )

    def _answer(
        self, ask: Ask, body: Mapping[str, Any], root_id: str
    ) -> tuple[Received, Mapping[str, Any]]:
        """Send one request, and accept nothing but a good answer to it."""
        path = self._path(ask)
        where = self._sender.base_url + path
        received = self._sender.send(path, body)
        try:
            data = read_envelope(received.content, where)
        except SourceError as error:
            self._sender.stop(error.what, path)
        try:
            check_root(data, ask.endpoint, ask.root_code, root_id, where)
        except SourceError as error:
            self._sender.stop(error.what, path, error.todo)
        return received, data

    def _pages(self, data: Mapping[str, Any], page: int, ask: Ask) -> int:
        """How many pages to walk, as the answer of one page says."""
        most = self._portal.paging.max_pages
        try:
            pages = check_page(data, page, self._path(ask))
        except SourceError as error:
            self._sender.stop(error.what, self._path(ask))
        if pages > most:
            self._sender.stop(f"it has {pages} pages, more than {most}", self._path(ask))
        return pages

    def _path(self, ask: Ask) -> str:
        return self._portal.base_path + ask.endpoint.name
