"""Asking the legacy gateway: what is sent, what is retried, what stops it, when it is asked."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.core.errors import SourceError, UsageError
from cchc_pipeline.core.period import TIMEZONE, Basis, Month
from cchc_pipeline.settings import Settings, load_settings
from cchc_pipeline.sources.national_portal.collection import collect_national_portal
from cchc_pipeline.sources.national_portal.legacy_client import (
    LegacyClient,
    legacy_id,
    legacy_requests,
    refusal,
)
from cchc_pipeline.sources.national_portal.legacy_gateway import load_gateway
from cchc_pipeline.sources.national_portal.request import load_national_portal
from cchc_pipeline.sources.raw.archive import RawArchive, Snapshot
from tests.builders.legacy_rows import ENDPOINT, content, provinces, units
from tests.sources.national_portal.replay_portal import RESET, WAF_PAGE, ReplayPortal, Reply

MAY = Month(2024, 5)
NOW = datetime(2025, 10, 5, 4, 30, tzinfo=TIMEZONE)
IDS = "2022-06:11,2025-07:4018"
PATH = "rest.jsp"
(MAY_PLAN,) = legacy_requests(MAY, "H24", IDS, NOW)


class Bench:
    """A client at a replayed gateway, with its archive and its pauses."""

    def __init__(self, portal: ReplayPortal, folder: Path) -> None:
        self.portal, self.raw = portal, folder
        self.archive, self.pauses = RawArchive(folder), list[float]()

    def fetch(self, **manners: Any) -> Snapshot:
        """What the plan of May gives."""
        how = replace(load_national_portal().manners, **manners)
        with LegacyClient(
            self.portal.url, self.archive, lambda: NOW, self.pauses.append, how
        ) as client:
            return client.fetch_snapshot(MAY_PLAN)

    @property
    def log(self) -> list[dict[str, Any]]:
        """Every exchange on record."""
        (path,) = (self.raw / "exchanges").glob("*.jsonl")
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    answers = {(PATH, None): content(provinces()), (PATH, "11"): content(units())}
    script = {PATH: list[Reply]()}
    with ReplayPortal(answers={**answers}, script=script, status=200) as portal:
        yield Bench(portal, tmp_path / "raw")


def good(body: bytes) -> Reply:
    return Reply(body, 200)


def test_the_request_is_the_form_field_with_the_fields_of_the_gateway(bench: Bench) -> None:
    bench.fetch()
    national, below = bench.portal.asked
    assert national.path == below.path == "/jsp/rest.jsp"
    assert below.body == {
        "type": "ref", "service": ENDPOINT, "p_nam": "2024", "p_6thang": 0, "p_quy": 0,
        "p_thang": 5, "p_tinh_id": "11", "p_loaidonvi": 1, "loaichitieu": 0, "pageIndex": 1,
        "pageSize": 1000,
    }  # fmt: skip
    assert national.body["p_tinh_id"] == ""


def test_both_tables_are_one_recorded_snapshot_with_their_bytes(bench: Bench) -> None:
    snapshot = bench.fetch()
    assert bench.archive.latest(MAY, Basis.MONTH) == snapshot
    assert [(a.endpoint, a.root_code) for a in snapshot.answers] == [
        (ENDPOINT, None), (ENDPOINT, "H24"),
    ]  # fmt: skip
    kept = [bench.archive.get(answer.sha256) for answer in snapshot.answers]
    assert kept == [content(provinces()), content(units())]
    assert len(bench.pauses) == 1
    assert 2.0 <= bench.pauses[0] <= 3.0


def test_a_full_page_is_followed_until_one_is_not_full(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = load_gateway()
    small = replace(known, paging=replace(known.paging, size=2))
    monkeypatch.setattr(
        "cchc_pipeline.sources.national_portal.legacy_client.load_gateway", lambda: small
    )
    rows = provinces()
    bench.portal.answers[PATH, None] = [content(rows[:2]), content(rows[2:]), b"[]"]
    bench.portal.answers[PATH, "11"] = [content(units()[:2]), content(units()[2:])]
    snapshot = bench.fetch()
    pages = [a.request["pageIndex"] for a in snapshot.answers if a.root_code is None]
    assert pages == [1, 2]
    assert (
        len(bench.portal.asked) == 3 + 2
    )  # the empty third page; the units, a full page and no next


@pytest.mark.parametrize(
    ("failure", "said"),
    [(RESET, "the connection failed"), (Reply(b"", 503), "it answered with status 503")],
)
def test_what_passes_is_tried_again(bench: Bench, failure: Reply, said: str) -> None:
    bench.portal.script[PATH] = [failure, failure]
    assert bench.fetch().answers
    assert len(bench.portal.asked) == 4
    bench.portal.script[PATH] = [failure] * 3
    with pytest.raises(SourceError, match=f"{said}.*, 3 times"):
        bench.fetch()


def test_a_time_out_is_tried_again(bench: Bench) -> None:
    bench.portal.script[PATH] = [Reply(b"[]", 200, delay=5)]
    assert bench.fetch(timeout_seconds=0.2).answers


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (WAF_PAGE, "firewall refused the request"),
        (Reply(b"<html>maintenance", 200, "text/html"), "a web page instead of JSON"),
        (Reply(b"{}", 403), "status 403"),
        (Reply(b"{}", 429), "status 429"),
        (good(b"[]"), "the answer is empty"),
        (good(content(provinces())[:-9]), "truncated JSON"),
        (good(content(units())), "wrong root"),
    ],
)
def test_a_refusal_or_a_wrong_answer_stops_at_once_and_is_archived(
    bench: Bench, reply: Reply, said: str
) -> None:
    bench.portal.script[PATH] = [reply]
    with pytest.raises(SourceError, match=said):
        bench.fetch()
    assert len(bench.portal.asked) == 1
    assert bench.archive.snapshots(MAY) == ()
    (logged,) = bench.log
    assert bench.archive.get(logged["sha256"]) == reply.body


def test_the_id_is_that_of_the_month() -> None:
    assert [legacy_id(IDS, Month(*m)) for m in ((2022, 6), (2025, 6), (2025, 7))] == [
        "11", "11", "4018",
    ]  # fmt: skip
    assert legacy_id("2025-07:4018", MAY) is None
    assert legacy_id("", MAY) is None
    with pytest.raises(UsageError, match="CCHC_LEGACY_IDS: '11' is not a month and an id"):
        legacy_id("11", MAY)


def test_a_malformed_list_of_ids_is_refused_as_a_setting(
    settings_of_nobody: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCHC_LEGACY_IDS", "2024:11")
    with pytest.raises(UsageError, match="legacy_ids"):
        load_settings()


def test_windows_are_asked_for_when_they_close() -> None:
    def bases(month: Month) -> list[Basis]:
        return [plan.basis for plan in legacy_requests(month, "H24", IDS, NOW)]

    assert bases(MAY) == [Basis.MONTH]
    assert bases(Month(2024, 6)) == [Basis.MONTH, Basis.QUARTER]
    assert bases(Month(2024, 12)) == [Basis.MONTH, Basis.QUARTER, Basis.YTD]


def test_it_is_asked_only_within_its_time_and_with_an_id() -> None:
    late = datetime(2026, 10, 5, tzinfo=TIMEZONE)
    assert refusal(MAY, IDS, NOW) == ""
    assert "2022-06 to 2025-11" in refusal(Month(2022, 5), IDS, NOW)
    assert "believed to have ceased on 2025-11-30" in refusal(MAY, IDS, late)
    assert "CCHC_LEGACY_IDS has no id" in refusal(MAY, "", NOW)
    assert legacy_requests(MAY, "H24", "", NOW) == legacy_requests(MAY, "H24", IDS, late) == ()


def collect(tmp_path: Path, url: str, ids: str) -> tuple[int, str]:
    settings = Settings(
        home=tmp_path, portal_fetch=True, portal_base_url="http://127.0.0.1:9",
        legacy_base_url=url, legacy_ids=ids,
    )  # fmt: skip
    archive = RawArchive(tmp_path / "raw")
    found = collect_national_portal(MAY, settings, archive, tmp_path / "inbox", NOW)
    return len(found.snapshots), "\n".join(found.notes)


def test_a_month_of_2024_is_collected_from_the_gateway_only(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "cchc_pipeline.sources.national_portal.collection.time.sleep", lambda seconds: None
    )
    count, notes = collect(tmp_path, bench.portal.url, IDS)
    assert (count, len(bench.portal.asked)) == (1, 2)
    assert "fetched legacy month" in notes


def test_without_an_id_the_network_is_not_asked_and_a_note_says_so(
    bench: Bench, tmp_path: Path
) -> None:
    count, notes = collect(tmp_path, bench.portal.url, "")
    assert (count, bench.portal.asked) == (0, [])
    assert "the legacy gateway was not asked: CCHC_LEGACY_IDS has no id" in notes
