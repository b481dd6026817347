"""Asking the national portal over the network, with manners.

Belongs here: pausing, retrying what passes, stopping at what does not, archiving every byte before
it is read; the answers to the requests, page by page, as a recorded snapshot. Does not:
which requests to send (``request``), what is a good answer (``envelope``), parsing (``answers``).
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn, Protocol, Self

import httpx
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from cchc_pipeline import __version__
from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Basis, Month, utc_text
from cchc_pipeline.sources.national_portal.envelope import (
    check_page,
    check_root,
    is_rejection,
    read_envelope,
)
from cchc_pipeline.sources.national_portal.request import (
    Ask,
    Manners,
    NationalPortal,
    SnapshotRequests,
    load_national_portal,
)
from cchc_pipeline.sources.raw.archive import Answer, Exchange, RawArchive, Snapshot

USER_AGENT = f"cchc-pipeline/{__version__} (monthly open data on Decision 766)"
_LATER = "run it again later; what was answered is kept in the raw archive"
_STOPPED = "do not repeat it now; ask the portal's operator, or drop captured files in the inbox"


class _PassingError(SourceError):
    """A failure that may be gone at the next try."""


@dataclass(frozen=True)
class Received:
    """What came back for one request, as archived."""

    content: bytes
    status: int
    received_at: str
    sha256: str

    def answer(self, endpoint: str, root_code: str | None, request: Mapping[str, Any]) -> Answer:
        """It as an answer of a snapshot."""
        size = len(self.content)
        return Answer(
            endpoint, root_code, request, self.status, self.received_at, self.sha256, size
        )


class Wanted(Protocol):
    """What makes a snapshot, whichever service is asked."""

    @property
    def month(self) -> Month:
        """The month asked about."""

    @property
    def basis(self) -> Basis:
        """The window of its figures."""

    @property
    def root_code(self) -> str:
        """The unit that stands for the whole."""


@dataclass
class _Attempt:
    """One request on its way; ``content`` grows while the answer streams in."""

    path: str
    body: Mapping[str, Any]
    sent: Mapping[str, Any]
    content: bytearray
    status: int | None = None


class PoliteSender:
    """Posts to one host; after a refusal or a wrong answer it sends nothing more.

    Args:
        base_url: Scheme and host.
        archive: Where every answer is kept, good or bad.
        clock: The current moment, aware.
        sleep: Waits for so many seconds.
        manners: How the host is treated.
        success_statuses: The statuses of a good answer.
        transport: In place of the network's.
    """

    def __init__(
        self,
        base_url: str,
        archive: RawArchive,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        manners: Manners,
        success_statuses: tuple[int, ...],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base_url, self._archive = base_url.rstrip("/"), archive
        self._clock, self._sleep = clock, sleep
        self._manners, self._success = manners, success_statuses
        self._asked_before, self._stopped_by = False, ""
        self._http = httpx.Client(
            base_url=self.base_url,
            headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
            timeout=manners.timeout_seconds,
            follow_redirects=False,
            trust_env=False,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()

    def keep(self, wanted: Wanted, answers: Iterable[Answer]) -> Snapshot:
        """Ask for all the answers, then record them as a snapshot, captured when the last came.

        Raises:
            SourceError: Any question was not answered well; nothing is recorded then, and the raw
                answers stay in the archive.
        """
        came = tuple(answers)
        return self._archive.save(
            Snapshot(
                month=wanted.month,
                basis=wanted.basis,
                root_code=wanted.root_code,
                captured_at=came[-1].received_at,
                source=self.base_url,
                provenance="published",
                channel="api",
                answers=came,
            )
        )

    def send(
        self, path: str, body: Mapping[str, Any], form: Mapping[str, str] | None = None
    ) -> Received:
        """Send one request, a few times as long as the failures are such as pass.

        Args:
            path: Below the host.
            body: What is asked; it is logged, and sent as JSON unless there is a form.
            form: The fields that are sent in its place.

        Raises:
            SourceError: There was no good answer, or this run stopped before.
        """
        if self._stopped_by:
            raise SourceError(f"not asked, since this run stopped: {self._stopped_by}")
        sent = {"json": dict(body)} if form is None else {"data": dict(form)}
        return self._send_patiently(path, body, sent)

    def stop(self, what: str, path: str, todo: str = _STOPPED) -> NoReturn:
        """Send nothing more in this run.

        Raises:
            SourceError: Always.
        """
        self._stopped_by = f"{path}: {what}"
        raise SourceError(what, where=self.base_url + path, todo=todo)

    def _send_patiently(
        self, path: str, body: Mapping[str, Any], sent: Mapping[str, Any]
    ) -> Received:
        """Try a few times, as long as the failures are such as pass."""
        manners = self._manners
        if self._asked_before:
            jitter = random.SystemRandom().uniform(0, manners.jitter_seconds)
            self._sleep(manners.pause_seconds + jitter)
        self._asked_before = True
        patience = Retrying(
            stop=stop_after_attempt(manners.tries),
            wait=wait_exponential(manners.pause_seconds) + wait_random(0, manners.jitter_seconds),
            retry=retry_if_exception_type(_PassingError),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return patience(self._send, path, body, sent)
        except _PassingError as error:
            raise SourceError(
                f"{error.what}, {manners.tries} times", where=self.base_url + path, todo=_LATER
            ) from None

    def _send(self, path: str, body: Mapping[str, Any], sent: Mapping[str, Any]) -> Received:
        """Send once, archive what came, then judge the status."""
        attempt = _Attempt(path, body, sent, bytearray())
        try:
            note = self._stream(attempt)
        except httpx.TimeoutException:
            self._keep(attempt, "time-out")
            raise _PassingError("it did not answer in time") from None
        except httpx.TransportError as error:
            self._keep(attempt, f"{type(error).__name__}: {error}")
            raise _PassingError(f"the connection failed ({type(error).__name__})") from None
        except httpx.HTTPError as error:
            self._keep(attempt, f"{type(error).__name__}: {error}")
            self.stop(f"unreadable answer ({type(error).__name__})", path)
        received = self._keep(attempt, note)
        self._judge_status(received, path, note)
        return received

    def _stream(self, attempt: _Attempt) -> str:
        """Read the answer up to the size limit; returns a note where it was cut."""
        limit = self._manners.max_answer_bytes
        with self._http.stream("POST", attempt.path, **attempt.sent) as response:
            attempt.status = response.status_code
            for chunk in response.iter_bytes():
                attempt.content.extend(chunk)
                if len(attempt.content) > limit:
                    del attempt.content[limit:]
                    return f"cut at {limit} bytes"
        return ""

    def _keep(self, attempt: _Attempt, note: str) -> Received:
        """Archive and log what came of a request, also when it is nothing or rubbish."""
        content, now = bytes(attempt.content), utc_text(self._clock())
        has_answer = attempt.status is not None
        sha256 = self._archive.put(content) if has_answer else None
        self._archive.record(
            Exchange(
                channel="api",
                path=attempt.path,
                request=attempt.body,
                received_at=now,
                status=attempt.status,
                sha256=sha256,
                size=len(content),
                note=note,
            )
        )
        return Received(content, attempt.status or 0, now, sha256 or "")

    def _judge_status(self, received: Received, path: str, cut: str) -> None:
        if cut:
            self.stop(f"the answer is too long, {cut}", path)
        if is_rejection(received.content):
            self.stop("the portal's firewall refused the request (Request Rejected)", path)
        if received.status >= 500:
            raise _PassingError(f"it answered with status {received.status}")
        if received.status in self._manners.stop_statuses:
            self.stop(f"status {received.status}: the portal refuses to be asked", path)
        if received.status not in self._success:
            self.stop(f"unexpected status {received.status}", path)


class NationalPortalClient:
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
        portal: NationalPortal | None = None,
    ) -> None:
        self._portal = portal or load_national_portal()
        self._sender = PoliteSender(
            base_url, archive, clock, sleep,
            self._portal.manners, self._portal.success_statuses, transport,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the connections go."""
        self._sender.close()

    def fetch_snapshot(self, wanted: SnapshotRequests) -> Snapshot:
        """Ask everything that is wanted and record the snapshot.

        Returns:
            The recorded snapshot, captured when its last answer came.

        Raises:
            SourceError: Any question was not answered well; nothing is recorded then, and the raw
                answers stay in the archive.
        """
        return self._sender.keep(
            wanted,
            (answer for ask in wanted.asks for answer in self._answers(ask, wanted.root_id)),
        )

    def _answers(self, ask: Ask, root_id: str) -> Iterator[Answer]:
        """The answer's pages, as many as the first says there are."""
        paging, pages, page = self._portal.paging, 1, 0
        while page < pages:
            page += 1
            body = {**ask.body, paging.page_field: page}
            received, data = self._answer(ask, body, root_id)
            pages = self._pages(data, page, ask)
            yield received.answer(ask.endpoint.name, ask.root_code, body)

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
