"""Reading a portal over the network, or from another disk, within bounds.

Belongs here: one request at a time, bounded in bytes, number and seconds, and no redirect to
another host. Does not: which addresses (``places``), or what is in an answer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit

import httpx

from cchc_pipeline import __version__
from cchc_pipeline.errors import SourceError
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.typed_data import typed

_BOUNDS = "verification/download.yaml"
_AGENT = f"cchc-pipeline/{__version__} (cchc verify)"


@dataclass(frozen=True)
class Bounds:
    """How far a server is trusted; the fields are those of ``download.yaml``."""

    basis: str
    largest_file_bytes: int
    largest_release_bytes: int
    most_files: int
    answer_seconds: float
    whole_seconds: float
    most_redirects: int


@cache
def load_bounds() -> Bounds:
    """The shipped bounds.

    Raises:
        SchemaDataError: The file cannot be used.
    """
    return typed(Bounds, read_yaml(_BOUNDS), f"schemas/{_BOUNDS}")


@dataclass
class Download:
    """One release's worth of requests.

    Args:
        client: Sends them; it must follow no redirect by itself.
        clock: Seconds that only grow.
        bounds: What is refused.
    """

    client: httpx.Client
    clock: Callable[[], float]
    bounds: Bounds = field(default_factory=load_bounds)

    def __post_init__(self) -> None:
        self._began, self._bytes, self._files = self.clock(), 0, 0

    def get(self, address: str) -> bytes | None:
        """The content of an address; None if there is nothing.

        Args:
            address: http, https or file; its path is not quoted yet.

        Raises:
            SourceError: The server refused, did not answer, or went beyond a bound.
        """
        self._files += 1
        self._require(self._files <= self.bounds.most_files, address, "too many files")
        parts = urlsplit(address)
        if parts.scheme == "file":
            path = Path(unquote(parts.path))
            return path.read_bytes() if path.is_file() else None
        return self._ask(parts._replace(path=quote(unquote(parts.path))).geturl())

    def _ask(self, address: str) -> bytes | None:
        asked = address
        for _ in range(self.bounds.most_redirects + 1):
            try:
                with self.client.stream("GET", asked) as answer:
                    if not answer.has_redirect_location:
                        return self._content(answer, asked)
                    asked = self._next(asked, answer.headers["location"])
            except httpx.HTTPError as error:
                told = str(error) or type(error).__name__
                raise SourceError(told, where=asked, todo="check the address") from None
        raise SourceError("too many redirects", where=address)

    def _next(self, asked: str, location: str) -> str:
        """Where a redirect leads, on the same host, and not from https to http."""
        target = urljoin(asked, location)
        old, new = urlsplit(asked), urlsplit(target)
        is_same = (old.hostname, old.port) == (new.hostname, new.port) and old.scheme == new.scheme
        is_upgrade = old.hostname == new.hostname and (old.scheme, new.scheme) == ("http", "https")
        if not (is_same or is_upgrade):
            raise SourceError(f"leads to another host: {target}", where=asked, todo="name that one")
        return target

    def _content(self, answer: httpx.Response, address: str) -> bytes | None:
        if answer.status_code in {404, 410}:
            return None
        self._require(answer.status_code == 200, address, f"answered {answer.status_code}")
        content = bytearray()
        for chunk in answer.iter_bytes():
            content += chunk
            self._bytes += len(chunk)
            is_small = len(content) <= self.bounds.largest_file_bytes
            self._require(is_small, address, f"longer than {self.bounds.largest_file_bytes} bytes")
            is_small = self._bytes <= self.bounds.largest_release_bytes
            self._require(is_small, address, "the release is longer than is read")
            is_quick = self.clock() - self._began <= self.bounds.whole_seconds
            self._require(
                is_quick, address, f"took more than {self.bounds.whole_seconds:g} seconds"
            )
        return bytes(content)

    def _require(self, holds: bool, address: str, otherwise: str) -> None:
        if not holds:
            raise SourceError(otherwise, where=address)


def http_client(bounds: Bounds) -> httpx.Client:
    """A client that waits no longer than is allowed, and follows no redirect by itself."""
    return httpx.Client(timeout=bounds.answer_seconds, headers={"User-Agent": _AGENT})
