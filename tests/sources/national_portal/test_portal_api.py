"""Asking the portal: what makes a snapshot, what is retried, what stops the run at once."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import TIMEZONE, Basis, Month
from cchc_pipeline.sources.national_portal.client import NationalPortalClient
from cchc_pipeline.sources.national_portal.request import (
    SnapshotRequests,
    load_national_portal,
    snapshot_requests,
)
from cchc_pipeline.sources.raw.archive import RawArchive
from tests.sources.national_portal.replay_portal import (
    OTHER_ROOT,
    RESET,
    ROOT,
    ROOT_ID,
    WAF_PAGE,
    ReplayPortal,
    Reply,
    envelope,
)

SHARED = Path(__file__).parents[3].parent / "shared"
SEPTEMBER = Month(2026, 9)
NOW = datetime(2026, 10, 5, 4, 30, tzinfo=TIMEZONE)
MONTH_PLAN, QUARTER_PLAN, YEAR_PLAN = snapshot_requests(SEPTEMBER, "H24", ROOT_ID, NOW)
ORDER = [ask.endpoint.name for ask in MONTH_PLAN.asks]
STOPPING = {
    "firewall page with status 200": (WAF_PAGE, "firewall refused the request"),
    "firewall page with status 503": (replace(WAF_PAGE, status=503), "firewall refused"),
    "any web page": (Reply(b"<!doctype html><p>maintenance", 200, "text/html"), "a web page"),
    "403": (Reply(b"{}", 403), "status 403: the portal refuses to be asked"),
    "429": (Reply(b"{}", 429), "status 429: the portal refuses to be asked"),
    "404": (Reply(b"{}", 404), "unexpected status 404"),
    "redirect": (Reply(b"", 302, location="/login"), "unexpected status 302"),
    "truncated JSON": (Reply(b'{"code":"OK","data":{'), "truncated JSON at line 1, column 22"),
    "no envelope": (Reply(b"[]"), "no envelope"),
    "an error's envelope": (Reply(envelope({}, "INVALID")), "answered with an error: 'INVALID'"),
    "no data": (Reply(envelope(None)), "has no data"),
    "another province": (
        Reply(envelope({"overview": OTHER_ROOT, "evaluation": []})),
        "wrong root: asked about H24, the answer is of UBND tỉnh Phú Thọ \\(H44\\)",
    ),
    "another province, told by its id only": (
        Reply(envelope({"overview": {**ROOT, "departmentId": OTHER_ROOT["departmentId"]}})),
        "wrong root",
    ),
    "no root": (Reply(envelope({"evaluation": []})), "does not say of which unit"),
}


@dataclass
class Bench:
    """A client at a replayed portal, with its archive and its pauses."""

    portal: ReplayPortal
    archive: RawArchive
    raw: Path
    pauses: list[float] = field(default_factory=list)

    def client(
        self, clock: Callable[[], datetime] = lambda: NOW, **manners: Any
    ) -> NationalPortalClient:
        """A client that pauses on paper only."""
        known = load_national_portal()
        how = replace(known, manners=replace(known.manners, **manners))
        return NationalPortalClient(
            self.portal.url, self.archive, clock, self.pauses.append, portal=how
        )

    def fetch(self, plan: SnapshotRequests = MONTH_PLAN, **manners: Any) -> Any:
        """What one plan gives."""
        with self.client(**manners) as client:
            return client.fetch_snapshot(plan)

    @property
    def log(self) -> list[dict[str, Any]]:
        """Every exchange on record."""
        return [
            json.loads(line)
            for path in sorted((self.raw / "exchanges").glob("*.jsonl"))
            for line in path.read_text("utf-8").splitlines()
        ]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with ReplayPortal() as portal:
        yield Bench(portal, RawArchive(tmp_path / "raw"), tmp_path / "raw")


def test_a_whole_set_of_answers_is_a_recorded_snapshot(bench: Bench) -> None:
    snapshot = bench.fetch()
    assert bench.archive.latest(SEPTEMBER, Basis.MONTH) == snapshot
    assert (snapshot.captured_at, snapshot.channel) == ("2026-10-04T21:30:00Z", "api")
    assert [(item.endpoint, item.root_code) for item in snapshot.answers] == [
        (ask.endpoint.name, ask.root_code) for ask in MONTH_PLAN.asks
    ]
    for ask, answer in zip(MONTH_PLAN.asks, snapshot.answers, strict=True):
        root_id = ask.body.get("rootDepartmentId")
        sent = bench.portal.answers[answer.endpoint, root_id]
        assert bench.archive.get(answer.sha256) == sent
        assert (answer.request, answer.status) == (ask.body, 201)


def test_requests_go_to_the_evaluation_service_one_after_the_other(bench: Bench) -> None:
    bench.fetch()
    assert bench.portal.endpoints_asked == ORDER
    assert {asked.path.rsplit("/", 1)[0] for asked in bench.portal.asked} == {
        "/api/v1/reporting/evaluation"
    }


def test_the_pipeline_names_itself(bench: Bench) -> None:
    bench.fetch()
    agents = {asked.headers["User-Agent"] for asked in bench.portal.asked}
    assert agents == {"cchc-pipeline/0.1.0 (monthly open data on Decision 766)"}


def test_each_request_but_the_first_waits_two_to_three_seconds(bench: Bench) -> None:
    with bench.client() as client:
        client.fetch_snapshot(MONTH_PLAN)
        client.fetch_snapshot(YEAR_PLAN)
    assert len(bench.pauses) == len(bench.portal.asked) - 1
    assert all(2.0 <= pause <= 3.0 for pause in bench.pauses)
    assert len(set(bench.pauses)) > 1


def test_a_proxy_of_the_environment_is_not_used(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert bench.fetch().answers


def test_status_200_is_as_good_as_201(bench: Bench) -> None:
    body = bench.portal.answers["transparency", ROOT_ID]
    assert isinstance(body, bytes)
    bench.portal.script["transparency"] = [Reply(body, 200)]
    assert "transparency" in {item.endpoint for item in bench.fetch().answers}


def test_null_scores_are_archived_as_null(bench: Bench) -> None:
    answers = {item.endpoint: item for item in bench.fetch().answers}
    data = json.loads(bench.archive.get(answers["handling-satisfaction"].sha256))["data"]
    assert data["overview"]["metrics"][0]["score"] is None


def test_every_page_is_an_answer(bench: Bench) -> None:
    bench.portal.answers["transparency", ROOT_ID] = [
        envelope({"overview": ROOT, "pagination": {"currentPage": page, "totalPages": 3}})
        for page in (1, 2, 3)
    ]
    pages = [item for item in bench.fetch().answers if item.endpoint == "transparency"]
    assert [item.request["currentPage"] for item in pages] == [1, 2, 3]
    assert len({item.sha256 for item in pages}) == 3


@pytest.mark.parametrize(
    ("pagination", "complaint"),
    [
        ({"currentPage": 1, "totalPages": 2}, "wrong page: asked for 2, the answer is page 1"),
        ({"totalPages": 9999}, "it has 9999 pages, more than 50"),
    ],
)
def test_pages_that_do_not_add_up_stop_the_run(
    bench: Bench, pagination: dict[str, int], complaint: str
) -> None:
    body = envelope({"overview": ROOT, "pagination": pagination})
    bench.portal.answers["transparency", ROOT_ID] = [body] * 2
    with pytest.raises(SourceError, match=complaint):
        bench.fetch()


@pytest.mark.parametrize("passing", [RESET, Reply(b"busy", 500), Reply(b"<html>", 502)])
def test_what_passes_is_tried_again_after_growing_pauses(bench: Bench, passing: Reply) -> None:
    bench.portal.script["service-results"] = [passing, passing]
    assert len(bench.fetch().answers) == len(ORDER)
    assert bench.portal.endpoints_asked[:4] == ["service-results"] * 4
    assert 2.0 <= bench.pauses[0] <= 3.0
    assert 4.0 <= bench.pauses[1] <= 5.0


def test_an_answer_beyond_the_time_out_is_tried_again(bench: Bench) -> None:
    bench.portal.script["service-results"] = [Reply(b"{}", delay=5)]
    assert len(bench.fetch(timeout_seconds=0.2).answers) == len(ORDER)
    assert bench.log[0]["note"] == "time-out"
    assert (bench.log[0]["status"], bench.log[0]["sha256"]) == (None, None)


def test_after_three_tries_the_snapshot_is_given_up(bench: Bench) -> None:
    bench.portal.script["dvc-progress-tree"] = [Reply(b"busy", 500)] * 9
    with pytest.raises(
        SourceError, match="dvc-progress-tree: it answered with status 500, 3 times"
    ):
        bench.fetch()
    assert bench.portal.endpoints_asked.count("dvc-progress-tree") == 3
    assert bench.portal.endpoints_asked[-1] == "dvc-progress-tree"
    assert bench.archive.snapshots(SEPTEMBER) == ()


def test_an_unreachable_portal_is_one_clear_line(tmp_path: Path) -> None:
    pauses: list[float] = []
    archive = RawArchive(tmp_path)
    with (
        NationalPortalClient("http://127.0.0.1:9", archive, lambda: NOW, pauses.append) as client,
        pytest.raises(SourceError, match=r"connection failed .* 3 times -> run it again later"),
    ):
        client.fetch_snapshot(MONTH_PLAN)
    assert len(pauses) == 2


@pytest.mark.parametrize(("reply", "complaint"), STOPPING.values(), ids=STOPPING.keys())
def test_a_refusal_or_a_wrong_answer_stops_the_run_at_once(
    bench: Bench, reply: Reply, complaint: str
) -> None:
    bench.portal.script["transparency"] = [reply]
    with bench.client() as client:
        with pytest.raises(SourceError, match=complaint):
            client.fetch_snapshot(MONTH_PLAN)
        with pytest.raises(SourceError, match="not asked, since this run stopped"):
            client.fetch_snapshot(QUARTER_PLAN)
    assert bench.portal.endpoints_asked == ORDER[: ORDER.index("transparency") + 1]
    assert bench.archive.snapshots(SEPTEMBER) == ()


@pytest.mark.parametrize("reply", [reply for reply, _ in STOPPING.values()], ids=STOPPING.keys())
def test_also_a_bad_answer_is_archived_before_it_is_judged(bench: Bench, reply: Reply) -> None:
    bench.portal.script["transparency"] = [reply]
    with pytest.raises(SourceError):
        bench.fetch()
    last = bench.log[-1]
    assert bench.archive.get(last["sha256"]) == reply.body
    assert (last["status"], last["size"]) == (reply.status, len(reply.body))
    assert last["path"].endswith("/transparency")
    assert last["request"]["month"] == 9


def test_an_endless_answer_is_cut(bench: Bench) -> None:
    bench.portal.script["transparency"] = [Reply(b" " * 5000)]
    with pytest.raises(SourceError, match="the answer is too long, cut at 4096 bytes"):
        bench.fetch(max_answer_bytes=4096)
    assert (bench.log[-1]["size"], bench.log[-1]["note"]) == (4096, "cut at 4096 bytes")


def test_the_same_answers_fetched_later_are_a_later_snapshot(bench: Bench) -> None:
    bench.fetch()
    with bench.client(lambda: datetime(2026, 10, 6, tzinfo=UTC)) as client:
        later = client.fetch_snapshot(MONTH_PLAN)
    assert len(bench.archive.snapshots(SEPTEMBER)) == 2
    assert bench.archive.latest(SEPTEMBER, Basis.MONTH) == later


@pytest.mark.shared
def test_a_real_capture_comes_through_unaltered(bench: Bench) -> None:
    if not SHARED.is_dir():
        pytest.skip("../shared is absent")
    folder = SHARED / "portal-data" / "hai-phong-H24" / "2026-10-02"
    for path in folder.glob("*.year.json"):
        name, *root = path.name.removesuffix(".year.json").split(".")
        bench.portal.answers[name, ROOT_ID if root else None] = path.read_bytes()
    snapshot = bench.fetch(YEAR_PLAN)
    kept = {
        (item.endpoint, item.root_code): bench.archive.get(item.sha256) for item in snapshot.answers
    }
    del kept["service-results", "H24"]  # no public capture holds it
    assert len(kept) == 7
    for (name, code), content in kept.items():
        assert content == (folder / f"{name}{f'.{code}' if code else ''}.year.json").read_bytes()
