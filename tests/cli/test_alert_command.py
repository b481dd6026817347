"""``cchc alerts`` from real causes to real servers: each cause is told once, then it ends."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from assets.instance import OF_A_COMMAND, end_dead_runs, persistent_instance
from assets.jobs import PUBLISH_JOB
from assets.resources import Workspace
from assets.runner import run_publication
from publish.store.store import INDEX
from tests.alerts.servers import Office, mail_server, office, text_of
from tests.command_line import (
    MONTH,
    SAMPLE_INBOX,
    SECOND,
    THIRD,
    Answer,
    Outcome,
    cchc,
    change_answer,
    change_manifest,
    copy_home,
    row_of,
    run,
)
from tests.ops.nginx import free_port
from tests.serving import served, served_portal

pytestmark = pytest.mark.usefixtures("settings_of_nobody")
WELL, EARLY, LATE = "2026-11-02", "2026-11-10T09:00:00+07:00", "2026-11-13T09:00:00+07:00"
"""Before, three days before, and after the date of October 2026, the 12th of November at 08:30."""
CHECK = f"check_failed:{MONTH}:portal_findings.GROUPS_DO_NOT_ADD_UP"
REVISIONS = "revisions:publication"


@dataclass(frozen=True)
class Told:
    """What a step made ``cchc alerts --send`` say, mail and post."""

    outcome: Outcome
    keys: list[str]
    texts: tuple[str, ...]
    posts: tuple[Answer, ...]


def tell(home: Path, inbox: Path, at: str, servers: Office, *options: str) -> Told:
    """Send what is due, with the servers emptied before."""
    servers.clear()
    outcome = cchc("alerts", "--home", home, "--inbox", inbox, "--at", at, "--send", *options)
    mails = servers.mailbox.mails
    return Told(
        outcome,
        servers.mailbox.keys,
        tuple(text_of(mail) for mail in mails),
        tuple(servers.hook.posts),
    )


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A mail server and a webhook, and the settings that lead to them."""
    with office() as found:
        for name, value in found.settings.items():
            monkeypatch.setenv(name, value)
        yield found


@pytest.fixture
def home(published_home: Path, tmp_path: Path) -> Path:
    """A copy of an installation that has published September 2026."""
    return copy_home(published_home, tmp_path / "home")


# One installation from a broken answer to a release that is right again: two runs and a publication


@pytest.fixture(scope="module")
def story(
    published_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Told]]:
    """What was told at each step."""
    place = tmp_path_factory.mktemp("story")
    home, inbox = copy_home(published_home, place / "home"), copy_home(SAMPLE_INBOX, place / "in")
    with (
        pytest.MonkeyPatch.context() as patch,
        office() as servers,
        served_portal(published_home) as mirror,
    ):
        patch.chdir(place)
        patch.setenv("DAGSTER_HOME", "")
        for name, value in servers.settings.items():
            patch.setenv(name, value)
        patch.setenv("CCHC_MIRRORS", mirror)
        yield dict(_steps(home, inbox, servers, patch))


def _steps(
    home: Path, inbox: Path, servers: Office, patch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Told]]:
    yield "well", tell(home, inbox, SECOND, servers)
    broken = copy_home(inbox, inbox.with_name("broken"))
    change_answer(broken, "service-results", lambda d: row_of(d, "H24.M02").update(totalScore=1.0))
    assert run(home, broken, at=SECOND).code == 1
    yield "broken", tell(home, inbox, SECOND, servers)
    yield "repeated", tell(home, inbox, SECOND, servers)

    change_manifest(inbox / MONTH / "portal", captured_at="2026-10-14")
    change_answer(inbox, "service-results", _revise)
    patch.setenv("CCHC_REVISION_LIMIT", "0")
    assert run(home, inbox, at=SECOND).code == 1
    yield "revised", tell(home, inbox, SECOND, servers)
    _publish(home, inbox, accept="SRC")
    yield "accepted", tell(home, inbox, SECOND, servers)
    yield "behind", tell(home, inbox, THIRD, servers)
    yield "digest", tell(home, inbox, THIRD, servers, "--digest")
    yield "next digest", tell(home, inbox, THIRD, servers, "--digest")


def _publish(home: Path, inbox: Path, accept: str) -> None:
    """What ``--accept-revisions`` does, without computing the month anew."""
    workspace = Workspace(home=str(home), inbox=str(inbox), moment=SECOND, accept=accept)
    with persistent_instance(home / "dagster") as instance:
        assert run_publication(workspace, instance, lambda line: None) == f"{MONTH}.r2"


def _revise(data: Answer) -> None:
    """A unit's group and its total, which stay a sum."""
    row = row_of(data, "H24.M02")
    row["groupScores"]["CKMB"] -= 1
    row["totalScore"] -= 1


def test_when_all_is_well_nothing_is_sent(story: dict[str, Told]) -> None:
    told = story["well"]
    assert (told.outcome.code, told.outcome.err) == (0, "")
    assert told.outcome.out == "open: 0, sent now: 0\n"
    assert (told.keys, told.posts) == ([], ())


def test_a_failed_check_is_told_by_mail_and_webhook_with_its_line(story: dict[str, Told]) -> None:
    told = story["broken"]
    assert told.outcome.code == 1
    assert told.keys == [post["key"] for post in told.posts] == [CHECK]
    (post,) = told.posts
    assert (post["kind"], post["severity"], post["month"]) == ("check_failed", "error", MONTH)
    assert told.texts == (post["text"],)
    assert "H24.M02" in post["text"]


def test_the_same_cause_is_not_told_again(story: dict[str, Told]) -> None:
    told = story["repeated"]
    assert (told.keys, told.posts, told.outcome.code) == ([], (), 1)


def test_an_unexpected_revision_is_told_and_the_mended_check_no_more(
    story: dict[str, Told],
) -> None:
    told = story["revised"]
    assert told.keys == [post["key"] for post in told.posts] == [REVISIONS]
    assert "scores 2026-09" in told.texts[0]
    assert "--accept-revisions" in told.texts[0]


def test_a_revision_that_was_accepted_is_open_no_more(story: dict[str, Told]) -> None:
    assert story["accepted"].outcome.code == 0
    assert story["accepted"].keys == []


def test_a_mirror_that_did_not_follow_is_told_after_the_set_hours(story: dict[str, Told]) -> None:
    told = story["behind"]
    (key,) = told.keys
    assert key.startswith("mirror_behind:http://127.0.0.1:")
    assert f"It shows {MONTH}.r1" in told.texts[0]
    assert f"the portal shows {MONTH}.r2" in told.texts[0]


def test_the_digest_is_one_message_with_what_is_open_and_what_has_ended(
    story: dict[str, Told],
) -> None:
    told = story["digest"]
    assert told.keys == [post["key"] for post in told.posts] == ["digest:2026-10-27"]
    (text,) = told.texts
    assert "1 việc đang mở, 2 việc đã hết" in text
    assert "không theo kịp" in text
    assert "GROUPS_DO_NOT_ADD_UP" in text
    assert "Bản phát hành bị dừng" in text


def test_what_has_ended_is_told_once(story: dict[str, Told]) -> None:
    (text,) = story["next digest"].texts
    assert "1 việc đang mở, 0 việc đã hết" in text


def test_no_secret_stands_in_what_is_kept_or_said(story: dict[str, Told]) -> None:
    for told in story.values():
        said = told.outcome.out + told.outcome.err + "".join(told.texts)
        assert "bi-mat-4711" not in said


# Dossiers: one run


def test_too_much_quarantine_names_the_share_the_rule_and_the_sheets(
    march_home: Path, inbox: Path, tmp_path: Path, servers: Office
) -> None:
    home = copy_home(march_home, tmp_path / "home")
    path = inbox / "2024-03" / "ho-so-mau.csv"
    heading, *lines = path.read_text(encoding="utf-8-sig").splitlines()
    spoilt = [f"x{line}" if number % 5 < 2 else line for number, line in enumerate(lines)]
    path.write_text("\n".join([heading, *spoilt]), encoding="utf-8")
    assert run(home, inbox, month="2024-03", at=SECOND).code == 1
    told = tell(home, inbox, "2024-04-11T09:00:00+07:00", servers)
    assert told.keys == [post["key"] for post in told.posts] == ["quarantine:2024-03:dossiers"]
    (text,) = told.texts
    assert "39,1% số dòng hồ sơ" in text
    assert str(home / "error-sheets" / "2024-03") in text
    assert "The code is malformed (5" in text
    assert not re.search(r"H24\.M\d\d-\d{6}", text)


# Dates: no run


def test_a_missing_source_is_told_three_days_before_the_date_with_who_owes_it(
    home: Path, servers: Office
) -> None:
    assert tell(home, SAMPLE_INBOX, WELL, servers).keys == []
    told = tell(home, SAMPLE_INBOX, EARLY, servers)
    assert told.keys == ["source_missing:2026-10"]
    assert "hồ sơ của hệ thống một cửa (nơi gửi: " in told.texts[0]


def test_what_lies_in_the_inbox_is_not_missing(
    home: Path, inbox: Path, servers: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCHC_EXPECTED_SOURCES", "dossiers,scores,procedures,petitions")
    shutil.copytree(inbox / "2024-03", inbox / "2026-10")
    shutil.copytree(inbox / MONTH / "portal", inbox / "2026-10" / "portal")
    assert tell(home, inbox, EARLY, servers).keys == []
    (inbox / "2026-10" / "tthc-mau.csv").unlink()
    (text,) = tell(home, inbox, EARLY, servers).texts
    assert "danh mục thủ tục hành chính" in text
    assert "hồ sơ của hệ thống một cửa" not in text


def test_a_late_publication_is_told_with_what_it_waits_for(home: Path, servers: Office) -> None:
    told = tell(home, SAMPLE_INBOX, LATE, servers)
    assert told.keys == ["publication_late:2026-10", "source_missing:2026-10"]
    assert "Đang chờ: số liệu còn thiếu" in told.texts[0]
    assert "kỳ chưa được xử lý" in told.texts[0]


def test_a_run_whose_process_died_is_told(home: Path, servers: Office) -> None:
    with persistent_instance(home / "dagster") as instance:
        instance.add_run(dg.DagsterRun(PUBLISH_JOB, tags=OF_A_COMMAND))
        end_dead_runs(instance)
    told = tell(home, SAMPLE_INBOX, SECOND, servers)
    assert told.keys == ["run_failed:publication"]
    assert "its process ended before the run did" in told.texts[0]


def test_a_portal_whose_link_is_gone_is_told_instead_of_ending_in_an_error(
    home: Path, servers: Office
) -> None:
    (home / "portal" / "current").unlink()
    told = tell(home, SAMPLE_INBOX, SECOND, servers)
    assert told.keys == ["run_failed:publication"]
    assert "link it again" in told.texts[0]


# Mirrors


def test_a_mirror_that_does_not_answer_or_is_none_is_told(
    home: Path, servers: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / INDEX).write_text('{"latest": "x", "releases": []}', encoding="utf-8")
    with served(tmp_path / "other") as other, served(tmp_path / "odd") as odd:
        silent = f"http://127.0.0.1:{free_port()}"
        monkeypatch.setenv("CCHC_MIRRORS", f"{silent}, {other}, {odd}")
        told = tell(home, SAMPLE_INBOX, SECOND, servers)
    assert told.keys == [f"mirror_silent:{address}" for address in (silent, other, odd)]
    assert "Connection refused" in told.texts[0]
    assert f"there is no {INDEX}" in told.texts[1]
    assert f"{INDEX} is not that of a portal" in told.texts[2]


def test_a_mirror_that_shows_what_we_show_is_well(
    home: Path, published_home: Path, servers: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served_portal(published_home) as mirror:
        monkeypatch.setenv("CCHC_MIRRORS", mirror)
        assert tell(home, SAMPLE_INBOX, THIRD, servers).outcome.code == 0


# Channels that fail, and what is printed


def test_a_mail_server_that_is_down_loses_nothing_and_does_not_stop_the_webhook(
    home: Path, servers: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("CCHC_SMTP_PORT", str(port))
    told = tell(home, SAMPLE_INBOX, EARLY, servers)
    assert told.outcome.code == 1
    assert f"not sent: mail server 127.0.0.1:{port}: Connection refused" in told.outcome.err
    assert [post["key"] for post in told.posts] == ["source_missing:2026-10"]
    servers.clear()
    with mail_server(port) as mailbox:
        cchc("alerts", "--home", home, "--at", EARLY, "--send")
        cchc("alerts", "--home", home, "--at", EARLY, "--send")
        assert mailbox.keys == ["source_missing:2026-10"]
    assert servers.hook.posts == []


def test_a_digest_of_a_quiet_day_says_that_all_is_well_unless_that_is_not_wanted(
    home: Path, servers: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tell(home, SAMPLE_INBOX, SECOND, servers, "--digest")
    assert told.keys == ["digest:2026-10-20"]
    assert "Mọi việc đều ổn" in told.texts[0]
    monkeypatch.setenv("CCHC_DIGEST_WHEN_WELL", "false")
    assert tell(home, SAMPLE_INBOX, THIRD, servers, "--digest").keys == []


def test_without_send_it_prints_what_would_be_sent_and_keeps_nothing(home: Path) -> None:
    before = sorted(path.name for path in home.iterdir())
    outcome = cchc("alerts", "--home", home, "--at", EARLY)
    assert outcome.code == 1
    assert outcome.out.startswith("Kỳ 2026-10 còn thiếu số liệu, công bố ngày 12/11/2026 08:30\n")
    assert "2026-10 lacks data" in outcome.out
    shown = json.loads(cchc("alerts", "--home", home, "--at", EARLY, "--json").out)
    assert shown["open"] == ["source_missing:2026-10"]
    assert [message["kind"] for message in shown["messages"]] == ["source_missing"]
    digest = cchc("alerts", "--home", home, "--at", EARLY, "--digest")
    assert digest.out.startswith("Tổng hợp ngày 10/11/2026: 1 việc đang mở")
    assert sorted(path.name for path in home.iterdir()) == before


def test_a_new_installation_has_nothing_open_and_is_left_as_it_is(tmp_path: Path) -> None:
    outcome = cchc("alerts", "--home", tmp_path / "new")
    assert (outcome.code, outcome.out) == (0, "nothing is open\n")
    assert not (tmp_path / "new").exists()


def test_sending_without_a_channel_says_what_to_set(home: Path) -> None:
    outcome = cchc("alerts", "--home", home, "--send")
    assert outcome.code == 2
    assert "set CCHC_SMTP_HOST or CCHC_ALERT_WEBHOOK" in outcome.problem


def test_what_is_sent_can_be_read_by_a_script(home: Path, servers: Office) -> None:
    told = tell(home, SAMPLE_INBOX, EARLY, servers, "--json")
    assert json.loads(told.outcome.out) == {
        "open": ["source_missing:2026-10"],
        "sent": [
            {"channel": channel, "key": "source_missing:2026-10"}
            for channel in ("e-mail", "webhook")
        ],
        "failed": [],
    }
