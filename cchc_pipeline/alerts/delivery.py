"""Sending messages: by e-mail, and to a webhook.

Belongs here: the two channels, each with time-outs and a few tries. Does not: what is sent to whom
(``telling``). A channel's failure is one line that names neither the webhook's address, which is a
secret, nor a password.
"""

import logging
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from email.header import Header
from email.message import Message as Mail
from email.mime.text import MIMEText
from email.utils import format_datetime, make_msgid
from typing import Any, Literal, Protocol

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from cchc_pipeline import __version__
from cchc_pipeline.alerts.message import Message, of_place
from cchc_pipeline.core.errors import SourceError, UsageError
from cchc_pipeline.government import Government, government_of
from cchc_pipeline.settings import SMTP_PASSWORD, Settings, alert_webhook, smtp_password

MAIL, WEBHOOK = "e-mail", "webhook"
Security = Literal["none", "starttls", "tls"]
_SECONDS, _TRIES = 8, 2
_LOG = logging.getLogger("cchc.alerts")
_LATER = "it is tried again the next time"
# httpx tells each address that it asks, and this one is a secret
logging.getLogger("httpx").setLevel(logging.WARNING)


class _PassingError(Exception):
    """A failure that may be gone at the next try."""


def channels_of(settings: Settings) -> "tuple[Channel, ...]":
    """The channels that are set; none if nothing is.

    They are the installation's: what is sent for a further place says so.

    Raises:
        UsageError: A mail server is named without what it needs.
    """
    webhook = alert_webhook()
    mail = (_mail_of(settings),) if settings.smtp_host else ()
    channels: tuple[Channel, ...] = (*mail, *((WebhookChannel(webhook),) if webhook else ()))
    if not settings.is_further:
        return channels
    place = government_of(settings.root_unit)
    return tuple(ChannelOfPlace(channel, place) for channel in channels)


def _mail_of(settings: Settings) -> "MailChannel":
    for name in ("smtp_from", "smtp_to"):
        if not getattr(settings, name):
            raise UsageError(
                "empty, and CCHC_SMTP_HOST is set", where=f"setting CCHC_{name.upper()}"
            )
    if settings.smtp_user and settings.smtp_security == "none":
        raise UsageError(
            "the password would travel in the clear",
            where="setting CCHC_SMTP_SECURITY",
            todo="use starttls or tls",
        )
    if not smtp_password().isascii():
        raise UsageError(
            "has characters beyond ASCII, which mail servers do not agree on",
            where=f"environment variable {SMTP_PASSWORD}",
            todo="give that account another",
        )
    return MailChannel(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_from,
        settings.smtp_to_list,
        settings.smtp_security,
        settings.smtp_user,
        smtp_password(),
    )


class Channel(Protocol):
    """A way to somebody."""

    @property
    def name(self) -> str:
        """What it is called in the memory of what was told."""

    def send(self, message: Message, at: datetime) -> None:
        """Hand a message over.

        Raises:
            SourceError: It was not taken.
        """


@dataclass(frozen=True)
class ChannelOfPlace:
    """A channel that several places share: each message says which it is about."""

    channel: Channel
    place: Government

    @property
    def name(self) -> str:
        """As that of the channel."""
        return self.channel.name

    def send(self, message: Message, at: datetime) -> None:
        """Hand a message over.

        Raises:
            SourceError: It was not taken.
        """
        self.channel.send(of_place(message, self.place), at)


@dataclass(frozen=True)
class MailChannel:
    """A mail server; ``password`` comes from the environment only."""

    host: str
    port: int
    sender: str
    recipients: Sequence[str]
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    name: str = MAIL

    def send(self, message: Message, at: datetime) -> None:
        """Hand a message to the server.

        Raises:
            SourceError: The server is not there, or did not take it for anybody.
        """
        mail = self._mail(message, at)
        try:
            for attempt in _tries():
                with attempt, self._connected() as server:
                    refused = server.send_message(mail)
        except smtplib.SMTPException as error:
            told = f"refused: {type(error).__name__}{_code(error)}"
            raise SourceError(told, where=self._where, todo=_LATER) from None
        except (OSError, ValueError) as error:  # a host's name that is none is a ValueError
            told = getattr(error, "strerror", None) or type(error).__name__
            raise SourceError(told, where=self._where, todo=_LATER) from None
        if refused:
            _LOG.warning("%s refused %d of the addressees", self._where, len(refused))

    @property
    def _where(self) -> str:
        return f"mail server {self.host}:{self.port}"

    def _connected(self) -> smtplib.SMTP:
        trusted = ssl.create_default_context()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=_SECONDS, context=trusted
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=_SECONDS)
        try:
            if self.security == "starttls":
                server.starttls(context=trusted)
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server

    def _mail(self, message: Message, at: datetime) -> "Mail[Any, Any]":
        """The mail; ``EmailMessage`` loses blanks where it folds a long Vietnamese subject."""
        mail: Mail[Any, Any] = MIMEText(message.text, "plain", "utf-8")
        mail["Subject"] = Header(f"[CCHC] {message.title}", "utf-8", header_name="Subject")
        mail["From"], mail["To"] = self.sender, ", ".join(self.recipients)
        mail["Date"] = format_datetime(at)
        mail["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-CCHC-Key"] = message.key
        return mail


@dataclass(frozen=True)
class WebhookChannel:
    """An address that takes JSON; whoever knows it can post there, so it is never told."""

    address: str = field(repr=False)
    name: str = WEBHOOK

    def send(self, message: Message, at: datetime) -> None:
        """Post a message.

        Raises:
            SourceError: There is no answer, or it is not one of success.
        """
        headers = {"User-Agent": f"cchc-pipeline/{__version__} (alerts)"}
        content: Mapping[str, str | None] = asdict(message)
        try:
            for attempt in _tries():
                with attempt:
                    self._post(content, headers)
        except _PassingError as error:
            raise SourceError(str(error), where=WEBHOOK, todo=_LATER) from None

    def _post(self, content: Mapping[str, str | None], headers: Mapping[str, str]) -> None:
        try:
            answer = httpx.post(self.address, json=content, headers=headers, timeout=_SECONDS)
        except (httpx.InvalidURL, ValueError):
            raise SourceError(
                "its address is none", where=WEBHOOK, todo="correct CCHC_ALERT_WEBHOOK"
            ) from None
        except httpx.HTTPError as error:
            raise _PassingError(f"no answer: {type(error).__name__}") from None
        if answer.status_code >= 500:
            raise _PassingError(f"answered {answer.status_code}")
        if not answer.is_success:
            raise SourceError(f"answered {answer.status_code}", where=WEBHOOK, todo=_LATER)


def _tries() -> Retrying:
    return Retrying(
        retry=retry_if_exception(_passes),
        stop=stop_after_attempt(_TRIES),
        wait=wait_exponential(multiplier=0.5, max=2),
        reraise=True,
    )


def _passes(error: BaseException) -> bool:
    """Whether a failure may be gone at the next try; what a mail server refused stays refused."""
    refused = isinstance(error, smtplib.SMTPException)
    lost = isinstance(error, smtplib.SMTPServerDisconnected | _PassingError)
    return lost or (isinstance(error, OSError) and not refused)


def _code(error: smtplib.SMTPException) -> str:
    """A server's code; its words may name the addressees."""
    return f" {error.smtp_code}" if isinstance(error, smtplib.SMTPResponseException) else ""
