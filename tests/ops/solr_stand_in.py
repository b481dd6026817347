"""A stand-in for Solr, which is not to be had here: it answers what CKAN asks of its index.

Belongs here: adding, deleting and finding a data set by its name or id, in memory, and the version
of the schema. Does not: searching by words, facets, or anything that Solr is really for. Only the
trial of CKAN (``ckan_server``) starts it.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

SCHEMA = b'<schema name="ckan-2.12" version="1.6"></schema>'
_KEY = "index_id"
_ONE = re.compile(r'\b(?:name|id):"([^"]+)"')
_NOT_STORED = ("text", "title_string", "permission_labels")


class Index:
    """The documents, by their key."""

    def __init__(self) -> None:
        self._documents: dict[str, dict[str, Any]] = {}
        self._lock = Lock()

    def found(self, query: str) -> list[dict[str, Any]]:
        """The documents of a query: one by name or id, else all."""
        wanted = {*_ONE.findall(query)}
        with self._lock:
            every = [*self._documents.values()]
        return [d for d in every if not wanted or wanted & {d.get("name"), d.get("id")}]

    def add(self, documents: list[dict[str, Any]]) -> None:
        """Put documents in place of those with their keys."""
        with self._lock:
            for one in documents:
                self._documents[one[_KEY]] = {k: v for k, v in one.items() if k not in _NOT_STORED}

    def delete(self, query: str) -> None:
        """Remove what a query finds."""
        for one in self.found(query):
            with self._lock:
                self._documents.pop(one[_KEY], None)


class Handler(BaseHTTPRequestHandler):
    """What CKAN asks by pysolr: ``select``, ``update``, ``schema``."""

    index: Index

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Nothing is written down."""

    def do_GET(self) -> None:
        """A search, or the schema."""
        parts = urlsplit(self.path)
        if parts.path.rstrip("/").endswith("/schema"):
            self._answer(SCHEMA, "application/xml")
        else:
            self._select(parse_qs(parts.query))

    def do_POST(self) -> None:
        """A search too long for an address, or an update."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "/select" in self.path:
            self._select(parse_qs(body.decode()))
            return
        if body.lstrip().startswith((b"[", b"{")):
            told = json.loads(body)
            self.index.add(told if isinstance(told, list) else [told["add"]["doc"]])
        elif b"<delete>" in body:
            self.index.delete(body.decode().replace("&quot;", '"'))
        self._answer(b'{"responseHeader": {"status": 0}}', "application/json")

    def _select(self, asked: dict[str, list[str]]) -> None:
        documents = self.index.found(" ".join(asked.get("q", [])))
        rows = int(asked.get("rows", ["10"])[0])
        response = {"numFound": len(documents), "start": 0, "docs": documents[:rows]}
        told = {"responseHeader": {"status": 0}, "response": response,
                "facet_counts": {"facet_fields": {}}}  # fmt: skip
        self._answer(json.dumps(told).encode(), "application/json")

    def _answer(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def solr_stand_in() -> Iterator[str]:
    """Serve an empty index on 127.0.0.1, and answer its address."""
    handler = type("OwnHandler", (Handler,), {"index": Index()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/solr/ckan"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
