"""A small real portal on this machine: it replays given answers, and every failure.

Belongs here: serving what a test scripted, and remembering what was asked. Does not: asserting.
"""

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs

ROOT_ID = "019d2be3-6a85-74ec-a349-88e0abf6a032"
ROOT = {"departmentId": ROOT_ID, "departmentName": "UBND Thành phố Hải Phòng"}
OTHER_ROOT = {
    "departmentId": "019d2be3-6a88-732b-8b17-b68020c8553a",
    "departmentName": "UBND tỉnh Phú Thọ",
    "departmentCode": "H44",
}
WITH_CODE = {**ROOT, "departmentCode": "H24"}
REJECTED = b"<html><head><title>Request Rejected</title></head><body>Support ID: 1</body></html>"


def envelope(data: Any, code: str = "OK") -> bytes:
    """An answer's bytes."""
    return json.dumps({"code": code, "data": data, "message": code}, ensure_ascii=False).encode()


def good_answers() -> dict[tuple[str, str | None], bytes]:
    """Small answers with the city's figures of 2 October 2026, by endpoint and root id."""
    row = {**WITH_CODE, "totalScore": 66.75, "ratio": 66.75}
    metric = {"code": "PUBLISH_ON_TIME", "numerator": 0, "denominator": 62, "score": 0}
    unscored = {"code": "PETITION_CLASSIFICATION_STAFF", "numerator": 134, "score": None}
    trees = {
        "dvc-progress-tree": {"totalReceived": 679775, "totalOnTime": 602161, "totalScore": 17.72},
        "provide-online-tree": {"ratio": 76.67, "totalScore": 9.2},
        "formality-online-payment-tree": {"ratio": 68.5, "totalScore": 6.85},
    }
    lists = {
        "transparency": {"totalScore": 11.08, "metrics": [metric]},
        "handling-satisfaction": {"totalScore": 11.27, "metrics": [unscored]},
        "dossier-digitized": {"totalScore": 10.63, "metrics": []},
    }
    return {
        ("service-results", None): envelope({"evaluation": [row]}),
        ("service-results", ROOT_ID): envelope({"evaluation": []}),
        **{
            (name, ROOT_ID): envelope({"parent": {**WITH_CODE, **figures}, "children": []})
            for name, figures in trees.items()
        },
        **{
            (name, ROOT_ID): envelope({"overview": {**ROOT, **figures}, "evaluation": []})
            for name, figures in lists.items()
        },
    }


@dataclass(frozen=True)
class Reply:
    """What one request gets: a body with a status, late, in pieces, or a broken connection."""

    body: bytes = b""
    status: int = 201
    content_type: str = "application/json"
    delay: float = 0.0
    reset: bool = False
    location: str = ""


WAF_PAGE = Reply(REJECTED, 200, "text/html")
RESET = Reply(reset=True)


@dataclass(frozen=True)
class Asked:
    """One request as it arrived; ``at`` in seconds of a monotonic clock."""

    endpoint: str
    path: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    at: float


@dataclass
class ReplayPortal:
    """Serves ``answers``; an endpoint's ``script`` is used up first, one reply a request.

    A request that nothing answers gets 404, an answer has ``status`` and may be a list of pages.
    """

    answers: dict[tuple[str, str | None], bytes | list[bytes]] = field(
        default_factory=lambda: {**good_answers()}
    )
    script: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    status: int = 201

    def __enter__(self) -> Self:
        self._over = threading.Event()
        handler = type("Handler", (_Handler,), {"portal": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def endpoints_asked(self) -> list[str]:
        """The endpoints in the order of asking."""
        return [asked.endpoint for asked in self.asked]

    def take(self, asked: Asked) -> Reply:
        """Remember a request and find its reply, after the reply's delay."""
        self.asked.append(asked)
        reply = self._reply_to(asked)
        self._over.wait(reply.delay)
        return reply

    def _reply_to(self, asked: Asked) -> Reply:
        scripted = self.script.get(asked.endpoint)
        if scripted:
            return scripted.pop(0)
        root = asked.body.get("rootDepartmentId") or asked.body.get("p_tinh_id") or None
        answer = self.answers.get((asked.endpoint, root))
        if isinstance(answer, list):
            answer = answer[(asked.body.get("currentPage") or asked.body["pageIndex"]) - 1]
        return Reply(answer, self.status) if answer is not None else Reply(b"{}", 404)


class _Handler(BaseHTTPRequestHandler):
    """Hands each request to its portal and sends what that says."""

    portal: ReplayPortal

    def do_POST(self) -> None:
        """Remember the request, then reply as scripted."""
        body = self._asked(self.rfile.read(int(self.headers["Content-Length"])))
        name = self.path.rsplit("/", 1)[-1]
        asked = Asked(name, self.path, body, dict(self.headers), time.monotonic())
        reply = self.portal.take(asked)
        if reply.reset:
            self._break_off()
        else:
            self._send(reply)

    def _asked(self, sent: bytes) -> Mapping[str, Any]:
        """What is asked: JSON, or JSON in the form field of the legacy gateway."""
        if self.headers["Content-Type"] == "application/x-www-form-urlencoded":
            sent = parse_qs(sent.decode())["params"][0].encode()
        body: Mapping[str, Any] = json.loads(sent)
        return body

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        if reply.location:
            self.send_header("Location", reply.location)
        self.end_headers()
        self.wfile.write(reply.body)

    def _break_off(self) -> None:
        linger = struct.pack("ii", 1, 0)  # close at once, with a TCP reset
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def handle(self) -> None:
        """Serve a connection; a client that hung up, or was hung up on, is no error here."""
        with contextlib.suppress(OSError, ValueError):
            super().handle()

    def log_message(self, *_: object) -> None:
        """Tests stay quiet."""
