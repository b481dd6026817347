"""A real mail server and a real web server on 127.0.0.1 that keep what they are sent.

Belongs here: starting and ending them, certificates. Does not: assertions.
"""

import email
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.ops.nginx import free_port

SENDER, OFFICER, ENGINEER = "cchc@example.org", "can-bo@example.org", "ky-su@example.org"
USER, PASSWORD = "cchc", "mat khau thu"
OPENSSL = shutil.which("openssl")
CERTIFICATES = pytest.mark.skipif(
    OPENSSL is None and not os.environ.get("CCHC_TEST_ALL"), reason="no openssl here"
)
"""Skipped where no certificate can be made, unless ``CCHC_TEST_ALL`` forbids skipping."""


@dataclass
class Mailbox:
    """A mail server's port and what it took; a recipient in ``refuses`` is refused."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take an addressee, or not."""
        if address in self.refuses:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail."""
        assert isinstance(envelope.content, bytes)
        self.mails.append(email.message_from_bytes(envelope.content, policy=default))
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"

    @property
    def keys(self) -> list[str]:
        """The causes of which mails came."""
        return [str(mail["X-CCHC-Key"]) for mail in self.mails]


def text_of(mail: EmailMessage) -> str:
    """The text of a mail."""
    return str(mail.get_content())


@contextmanager
def mail_server(port: int | None = None, certificate: Path | None = None) -> Iterator[Mailbox]:
    """A mail server; with a certificate it takes mails only after STARTTLS and login."""
    box = Mailbox(port or free_port())
    secured: dict[str, Any] = {}
    if certificate:
        context = SSLContext(PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        secured = {
            "tls_context": context,
            "require_starttls": True,
            "auth_required": True,
            "authenticator": _is_known,
        }
    server = Controller(box, hostname="127.0.0.1", port=box.port, **secured)
    server.start()
    try:
        yield box
    finally:
        server.stop()


def _is_known(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
) -> AuthResult:
    good = LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=data == good, handled=False)


def own_certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1 with its key, made now and signed by itself."""
    path = folder / "server.pem"
    assert OPENSSL is not None
    subprocess.run(
        [
            OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
            "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key"), "-out",
            str(folder / "certificate"),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_bytes((folder / "key").read_bytes() + (folder / "certificate").read_bytes())
    return path


@dataclass
class Hook:
    """A web server's address and what was posted there; ``answers`` are its next statuses."""

    address: str
    posts: list[dict[str, Any]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    asked: int = 0

    @property
    def keys(self) -> list[str]:
        """The causes that were posted and taken."""
        return [post["key"] for post in self.posts]


@contextmanager
def webhook_server() -> Iterator[Hook]:
    """A web server that takes JSON."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            hook.asked += 1
            status = hook.answers.pop(0) if hook.answers else 204
            if status < 300:
                hook.posts.append(content)
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook = Hook(f"http://127.0.0.1:{server.server_port}/bi-mat-4711")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield hook
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Office:
    """Both servers, and the settings that lead to them."""

    mailbox: Mailbox
    hook: Hook
    settings: dict[str, str]

    def clear(self) -> None:
        """Forget what came so far."""
        for kept in (self.mailbox.mails, self.mailbox.recipients, self.hook.posts):
            kept.clear()


@contextmanager
def office() -> Iterator[Office]:
    """A mail server without encryption and a webhook."""
    with mail_server() as mailbox, webhook_server() as hook:
        yield Office(mailbox, hook, {**mail_settings(mailbox.port), **hook_settings(hook)})


def mail_settings(port: int) -> dict[str, str]:
    """The environment that leads to a mail server."""
    return {
        "CCHC_SMTP_HOST": "127.0.0.1",
        "CCHC_SMTP_PORT": str(port),
        "CCHC_SMTP_SECURITY": "none",
        "CCHC_SMTP_FROM": SENDER,
        "CCHC_SMTP_TO": f"{OFFICER}, {ENGINEER}",
    }


def hook_settings(hook: Hook) -> dict[str, str]:
    """The environment that leads to a webhook."""
    return {"CCHC_ALERT_WEBHOOK": hook.address}
