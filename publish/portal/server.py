"""The portal on this machine: the web root, answered for on 127.0.0.1 as the public's server does.

Belongs here: what may be answered with, and the small server that does it. Does not: serving the
public, which is a web server's work (``docs/deployment/nginx.conf``); headers and types, which both
take from ``schemas/pages/serving.yaml``; or a release before its date (``publication``).
"""

import asyncio
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol

from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.roots import home_of, places_in
from publish.store.store import PREVIEW, Portal

_NOT_ENCODED = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_ABSOLUTE = re.compile(r"^https?://[^/]*", re.IGNORECASE)
_SECONDS_TO_END = 1


class Serving(BaseModel):
    """What every answer says, and how long a request may take."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    headers: Mapping[str, str]
    page_policy: str
    embed_folder: str
    embed_policy: str
    file_policy: str
    types: Mapping[str, str]
    seconds_for_a_request: float
    longest_request: int

    def type_of(self, path: str) -> str:
        """The media type of a file by its name."""
        return self.types.get(Path(path).suffix, self.types["other"])

    def policy_of(self, path: str) -> str:
        """What a file may load and do; by its name, since a 304 has no type and is kept too."""
        if Path(path).suffix != ".html":
            return self.file_policy
        is_embed = self.embed_folder in Path(path).parts[:2]
        return self.embed_policy if is_embed else self.page_policy


@cache
def serving() -> Serving:
    """The shipped words."""
    return Serving.model_validate(read_yaml("pages/serving.yaml"))


@dataclass(frozen=True)
class WebRoot:
    """A folder, whatever it is a link to by now, and where else links in it may lead."""

    root: Path
    within: tuple[Path, ...] = ()

    def find(self, path: str) -> Path | None:
        """The file or folder that a path below it means; None if it is elsewhere or closed.

        Raises:
            OSError: There is none.
        """
        root, found = self.root.resolve(strict=True), (self.root / path).resolve(strict=True)
        places = (root, *(place.resolve() for place in self.within))
        is_shown = any(found.is_relative_to(place) for place in places)
        return found if is_shown and os.access(found, os.R_OK) else None


def web_root_of(portal: Portal) -> WebRoot:
    """What a portal shows."""
    return WebRoot(portal.current, _shown_folders(portal))


def _shown_folders(portal: Portal) -> tuple[Path, ...]:
    """The folders that links of a portal's site may lead into.

    A preview stands in for the portal beside it, whose releases it links to.
    """
    folders = (portal.store, portal.pages, portal.sites)
    if portal.root.parent.name != PREVIEW:
        return folders
    return (*folders, *_shown_folders(Portal(portal.root.parent.parent / portal.root.name)))


def further_web_roots(home: Path) -> Mapping[str, WebRoot]:
    """What is shown of further places of an installation, by their codes."""
    return {
        place: web_root_of(Portal(home_of(home, place) / "portal")) for place in places_in(home)
    }


class _Site(StaticFiles):
    """The web root, those of further places below their codes, and nothing that is not shown."""

    def __init__(self, shown: WebRoot, further: Mapping[str, WebRoot]) -> None:
        super().__init__(directory=shown.root, html=True, check_dir=False)
        self.shown, self.further = shown, dict(further)

    def get_path(self, scope: Scope) -> str:
        """The path below the root; of a folder, that of its page.

        Raises:
            HTTPException: It is no path, or leads above the root.
        """
        asked = _ABSOLUTE.sub("", scope["path"])
        path = os.path.normpath(asked.lstrip("/"))
        if "\0" in asked or path.split("/")[0] == ".." or _NOT_ENCODED.search(scope["raw_path"]):
            raise HTTPException(400)
        return f"{path}/index.html" if asked.endswith("/") else path

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """The file that an address means; none that is hidden, closed, or elsewhere."""
        if any(part.startswith(".") for part in path.split("/") if part != "."):
            return "", None
        try:
            place, _, below = path.partition("/")
            of_place = self.further.get(place)
            found = of_place.find(below) if of_place else self.shown.find(path)
            return (str(found), found.stat()) if found else ("", None)
        except (OSError, RuntimeError):  # absent, too long, links in a circle
            return "", None

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The answer, with the type and policy of what was asked for; a redirect names no host."""
        response = await super().get_response(path, scope)
        if isinstance(response, RedirectResponse):
            return RedirectResponse(quote(f"/{path}/"), 301)
        response.headers["Content-Security-Policy"] = serving().policy_of(path)
        if response.status_code == 200:
            response.headers["Content-Type"] = serving().type_of(path)
        return response


class _SaysAlways:
    """Adds what every answer says; the current link may be switched at any moment: ask again."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def said(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                headers.setdefault("Content-Security-Policy", serving().file_policy)
                headers["Cache-Control"] = "no-cache"
                headers.update(serving().headers)
                message["headers"] = headers.raw
            await send(message)

        await self.app(scope, receive, said)


class _Impatient(H11Protocol):
    """Hangs up on whoever does not finish a request, for whom uvicorn would wait for ever."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Look after the time for one request."""
        super().connection_made(transport)
        self._look_again()

    def _look_again(self) -> None:
        self.loop.call_later(serving().seconds_for_a_request, self._look, self.scope)

    def _look(self, before: object) -> None:
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering or self.scope is not before:
            self._look_again()
        elif not self.transport.is_closing():
            self.transport.close()


class LocalServer:
    """A server of a folder on 127.0.0.1, listening from the beginning.

    Args:
        shown: The web root.
        port: 0 chooses a free one.
        further: Those of further places, by the code below which each is shown.

    Raises:
        OSError: The port cannot be used.
    """

    def __init__(self, shown: WebRoot, port: int, further: Mapping[str, WebRoot]) -> None:
        self._socket = socket.create_server(("127.0.0.1", port), backlog=512)
        self.further = tuple(further)
        self.port: int = self._socket.getsockname()[1]
        app = _SaysAlways(ExceptionMiddleware(_Site(shown, further)))
        self._server = Server(Config(app, **_settings()))

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}/"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def serve_forever(self) -> None:
        """Answer until ``shutdown``, or a signal, which is then given on."""
        self._server.run(sockets=[self._socket])

    def shutdown(self) -> None:
        """Let ``serve_forever`` end, from another thread."""
        self._server.should_exit = True


def _settings() -> dict[str, Any]:
    """Silent, also of readers who leave; as little of uvicorn as answers."""
    return {
        "http": _Impatient,
        "ws": "none",
        "lifespan": "off",
        "loop": "asyncio",
        "log_config": None,
        "log_level": "critical",
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "h11_max_incomplete_event_size": serving().longest_request,
        "timeout_graceful_shutdown": _SECONDS_TO_END,
    }
