"""The two channels against real servers: what arrives, what a failure says, what stays secret."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cchc_pipeline.alerts.delivery import MailChannel, WebhookChannel, channels_of
from cchc_pipeline.alerts.message import worded
from cchc_pipeline.core.errors import SourceError, UsageError
from cchc_pipeline.roots import home_of
from cchc_pipeline.settings import load_settings
from tests.alerts.causes import NOW, every_alert
from tests.alerts.servers import (
    CERTIFICATES,
    ENGINEER,
    OFFICER,
    PASSWORD,
    SENDER,
    USER,
    Hook,
    Mailbox,
    hook_settings,
    mail_server,
    mail_settings,
    own_certificate,
    text_of,
    webhook_server,
)
from tests.ops.nginx import free_port

ALERTS = every_alert()
MESSAGE = worded(ALERTS[0])


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server."""
    with mail_server() as box:
        yield box


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A web server that takes JSON."""
    with webhook_server() as server:
        yield server


def mail_channel(port: int, **how: str) -> MailChannel:
    channel = MailChannel("127.0.0.1", port, SENDER, (OFFICER, ENGINEER), "none")
    return replace(channel, **how)  # type: ignore[arg-type]  # fields of text


# E-mail


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.kind)
def test_each_kind_arrives_by_mail_whole_and_in_vietnamese(mailbox: Mailbox, alert: object) -> None:
    message = worded(alert)  # type: ignore[arg-type]
    mail_channel(mailbox.port).send(message, NOW)
    (mail,) = mailbox.mails
    assert mail["Subject"] == f"[CCHC] {message.title}"
    assert (mail["From"], mail["To"]) == (SENDER, f"{OFFICER}, {ENGINEER}")
    assert mail["Date"].datetime == NOW
    assert text_of(mail) == message.text
    assert mailbox.recipients == [[OFFICER, ENGINEER]]


def test_a_server_that_is_not_there_is_one_line() -> None:
    port = free_port()
    with pytest.raises(SourceError, match=rf"mail server 127\.0\.0\.1:{port}: Connection refused"):
        mail_channel(port).send(MESSAGE, NOW)


def test_a_host_that_is_no_name_is_one_line_too() -> None:
    channel = replace(mail_channel(25), host=f"{'a' * 70}.example.org")
    with pytest.raises(SourceError, match="UnicodeError"):
        channel.send(MESSAGE, NOW)


def test_a_server_that_takes_nobody_is_told_without_the_addresses(mailbox: Mailbox) -> None:
    mailbox.refuses |= {OFFICER, ENGINEER}
    with pytest.raises(SourceError, match="refused: SMTPRecipientsRefused") as caught:
        mail_channel(mailbox.port).send(MESSAGE, NOW)
    assert "@" not in str(caught.value)


def test_one_addressee_who_is_refused_does_not_keep_the_mail_from_the_other(
    mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    mailbox.refuses.add(ENGINEER)
    mail_channel(mailbox.port).send(MESSAGE, NOW)
    assert mailbox.recipients == [[OFFICER]]
    assert "refused 1 of the addressees" in caplog.text


@CERTIFICATES
def test_a_secured_server_is_logged_in_to_after_starttls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = own_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate"))
    with mail_server(certificate=certificate) as box:
        secured = {"security": "starttls", "user": USER}
        mail_channel(box.port, password=PASSWORD, **secured).send(MESSAGE, NOW)
        assert box.keys == [MESSAGE.key]
        with pytest.raises(SourceError, match="refused: SMTPAuthenticationError 535") as caught:
            mail_channel(box.port, password="x" + PASSWORD, **secured).send(MESSAGE, NOW)
        assert PASSWORD not in str(caught.value)
        with pytest.raises(SourceError, match="refused: SMTPSenderRefused 530"):
            mail_channel(box.port).send(MESSAGE, NOW)
        assert len(box.mails) == 1


@CERTIFICATES
def test_a_server_with_a_certificate_that_nobody_knows_is_not_trusted(tmp_path: Path) -> None:
    with (
        mail_server(certificate=own_certificate(tmp_path)) as box,
        pytest.raises(SourceError, match="mail server"),
    ):
        mail_channel(box.port, security="starttls").send(MESSAGE, NOW)
    assert box.mails == []


def test_a_server_without_starttls_gets_nothing_where_that_is_asked_for(mailbox: Mailbox) -> None:
    with pytest.raises(SourceError, match="SMTPNotSupportedError"):
        mail_channel(mailbox.port, security="starttls").send(MESSAGE, NOW)
    assert mailbox.mails == []


# Webhook


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.kind)
def test_each_kind_is_posted_as_json(hook: Hook, alert: object) -> None:
    message = worded(alert)  # type: ignore[arg-type]
    WebhookChannel(hook.address).send(message, NOW)
    (post,) = hook.posts
    assert set(post) == {"key", "kind", "severity", "month", "title", "text"}
    assert post["text"] == message.text
    assert (post["key"], post["month"]) == (message.key, message.month)


def test_a_webhook_that_stumbles_is_tried_again(hook: Hook) -> None:
    hook.answers.append(503)
    WebhookChannel(hook.address).send(MESSAGE, NOW)
    assert (hook.asked, hook.keys) == (2, [MESSAGE.key])


def test_a_webhook_that_refuses_is_not_tried_again(hook: Hook) -> None:
    hook.answers.append(403)
    with pytest.raises(SourceError, match="webhook: answered 403"):
        WebhookChannel(hook.address).send(MESSAGE, NOW)
    assert hook.asked == 1


@pytest.mark.parametrize("trouble", ["absent", "redirect", "503", "no address"])
def test_the_address_of_a_webhook_is_never_told(
    hook: Hook, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    hook.answers += {"redirect": [302], "503": [503, 503]}.get(trouble, [])
    addresses = {
        "absent": f"http://127.0.0.1:{free_port()}/bi-mat-4711",
        "no address": "http://[bi-mat-4711",
    }
    channel = WebhookChannel(addresses.get(trouble, hook.address))
    with pytest.raises(SourceError) as caught:
        channel.send(MESSAGE, NOW)
    told = f"{caught.value} {channel} {caplog.text}"
    assert "4711" not in told
    assert hook.posts == []


def test_a_webhook_that_works_is_not_logged_with_its_address(
    hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    WebhookChannel(hook.address).send(MESSAGE, NOW)
    assert "4711" not in caplog.text


# Settings

pytestmark = pytest.mark.usefixtures("settings_of_nobody")


def test_without_settings_there_is_no_channel() -> None:
    assert channels_of(load_settings()) == ()


def test_what_is_sent_for_a_further_place_says_so(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in hook_settings(hook).items():
        monkeypatch.setenv(name, value)
    for home in (Path("var"), home_of(Path("var"), "H44")):
        (channel,) = channels_of(load_settings(home=home))
        channel.send(MESSAGE, NOW)
    assert hook.posts[1]["text"].startswith("Của Phú Thọ: thêm --root H44 vào mỗi lệnh")
    assert [told["title"] for told in hook.posts] == [MESSAGE.title, f"Phú Thọ: {MESSAGE.title}"]


def test_the_password_comes_from_the_environment_and_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (mail_settings(25) | hook_settings(Hook("https://x.example.org/t"))).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CCHC_SMTP_SECURITY", "starttls")
    monkeypatch.setenv("CCHC_SMTP_USER", USER)
    monkeypatch.setenv("CCHC_SMTP_PASSWORD", PASSWORD)
    mail, webhook = channels_of(load_settings())
    assert isinstance(mail, MailChannel)
    assert (mail.password, mail.recipients) == (PASSWORD, (OFFICER, ENGINEER))
    assert PASSWORD not in f"{mail} {webhook} {load_settings()}"
    assert "example.org/t" not in f"{webhook}"


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [("CCHC_SMTP_TO", "", "CCHC_SMTP_TO: empty"),
     ("CCHC_SMTP_FROM", "", "CCHC_SMTP_FROM: empty"),
     ("CCHC_SMTP_PASSWORD", "mật khẩu", "CCHC_SMTP_PASSWORD: has characters beyond ASCII"),
     ("CCHC_SMTP_USER", "cchc", "CCHC_SMTP_SECURITY: the password would travel in the clear")],
)  # fmt: skip
def test_a_mail_server_that_is_set_by_half_is_refused(
    name: str, value: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, usual in mail_settings(25).items():
        monkeypatch.setenv(variable, usual)
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=line):
        channels_of(load_settings())


@pytest.mark.parametrize("name", ["smtp_password", "alert_webhook"])
def test_a_secret_in_the_file_is_refused(name: str) -> None:
    Path("cchc.toml").write_text(f'{name} = "x"\n', encoding="utf-8")
    with pytest.raises(UsageError, match=name):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [("MIRRORS", "ftp://a.example.org"), ("MIRRORS", "https://user:secret@a.example.org"),
     ("EXPECTED_SOURCES", "scores,rumours"), ("SMTP_TO", "can-bo"),
     ("SMTP_FROM", "cán-bộ@example.org"), ("SMTP_TO", "a@example.org b@example.org")],
)  # fmt: skip
def test_a_list_with_something_else_in_it_is_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"CCHC_{name}", value)
    with pytest.raises(UsageError, match=f"CCHC_{name}"):
        load_settings()


def test_lists_are_parted_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_MIRRORS", "https://a.example.org/x, http://127.0.0.1:8080")
    settings = load_settings(expected_sources="")
    assert settings.mirror_list == ("https://a.example.org/x", "http://127.0.0.1:8080")
    assert settings.expected_list == ()
