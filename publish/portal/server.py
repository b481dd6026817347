"""The portal on this machine: a folder, served on 127.0.0.1.

Belongs here: a small static server for a look and for tests. Does not: serving the public, which is
a web server's work (``docs/operating.md``), or a release before its date (``publication``).
"""

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket


class _Handler(SimpleHTTPRequestHandler):
    """Names the character set and the types that the standard list lacks; logs nothing."""

    extensions_map = {  # noqa: RUF012 - the base class declares it of the instance
        **SimpleHTTPRequestHandler.extensions_map,
        ".html": "text/html; charset=utf-8",
        ".csv": "text/csv; charset=utf-8",
        ".json": "application/json; charset=utf-8",
        ".jsonld": "application/ld+json; charset=utf-8",
        ".atom": "application/atom+xml; charset=utf-8",
        ".md": "text/markdown; charset=utf-8",
        ".parquet": "application/vnd.apache.parquet",
        ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "": "text/plain; charset=utf-8",
    }

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has there
        """Say nothing for each request."""

    def end_headers(self) -> None:
        """The current link may be switched at any moment: ask again each time."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


class _Server(ThreadingHTTPServer):
    """Does not report readers who leave before they have read the answer."""

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: object) -> None:
        """Report anything but a connection that its reader closed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def local_server(root: Path, port: int) -> ThreadingHTTPServer:
    """A server of a folder; the caller runs and closes it."""
    return _Server(("127.0.0.1", port), partial(_Handler, directory=str(root)))
