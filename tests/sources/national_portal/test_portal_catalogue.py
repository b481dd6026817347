"""The portal's catalogue of procedures: all pages of one state of it, or nothing.

Belongs here: the walk over a real local server that answers 575 pages, refuses, repeats and drops
some; what an interrupted walk takes up again; reading a capture. Does not: what changed between two
catalogues (``tests/indicators/test_procedure_changes``).
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.core.errors import SourceError, UsageError
from cchc_pipeline.core.period import TIMEZONE, Month
from cchc_pipeline.registers.units import UnitRegister
from cchc_pipeline.settings import load_settings
from cchc_pipeline.sources.inbox.trial import means_in
from cchc_pipeline.sources.national_portal.catalogue_client import (
    CatalogueWalk,
    captured,
    drop_capture,
    require_time,
)
from cchc_pipeline.sources.national_portal.client import PoliteSender
from cchc_pipeline.sources.national_portal.formalities import (
    SOURCE,
    read_formalities,
    read_page,
    whole_catalogue,
)
from cchc_pipeline.sources.national_portal.request import load_national_portal
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.sources.raw.deliveries import take_in
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema
from cchc_pipeline.sources.records.other_inputs import Circumstances
from cchc_pipeline.sources.records.rows import Reading
from tests.sources.national_portal.replay_portal import (
    RESET,
    WAF_PAGE,
    ReplayPortal,
    Reply,
    envelope,
)

MONTH, NOW = Month(2026, 10), datetime(2026, 11, 5, 9, tzinfo=TIMEZONE)
TOTAL, PAGES = 5741, 575
Item = dict[str, Any]


def item(number: int, **other: Any) -> Item:
    return {
        "id": f"{number:08x}-0000-4000-8000-{number:012x}", "code": f"1.{number:06d}",
        "name": f"Thủ tục thử {number}", "state": "ACTIVE",
        "departmentId": "019d2be3-6a88-732b-8b26-f3a94b76f008",
        "publishingDepartmentIds": ["019d2be3-6a88-732b-8b26-f3a94b76f008"],
        "appliedDepartmentIds": [],
    } | other  # fmt: skip


def answers(total: int = TOTAL, size: int = 10) -> list[bytes]:
    """The pages of a catalogue as the portal writes them."""
    items = [item(number) for number in range(1, total + 1)]
    pages = -(-total // size)
    return [
        envelope(
            {
                "items": items[(page - 1) * size : page * size],
                "pagination": {"total": total, "currentPage": page, "pageSize": size,
                               "totalPages": pages},
            }
        )
        for page in range(1, pages + 1)
    ]  # fmt: skip


@pytest.fixture
def portal() -> Iterator[ReplayPortal]:
    with ReplayPortal(answers={("formalities", None): answers()}) as running:
        yield running


@pytest.fixture
def walk(portal: ReplayPortal, tmp_path: Path) -> Callable[..., tuple[bytes, ...]]:
    """A walk of a new process over the same archive; ``later`` than the one before."""
    archive, asks = RawArchive(tmp_path / "raw"), load_national_portal()

    def start(later: timedelta = timedelta()) -> tuple[bytes, ...]:
        def clock() -> datetime:
            return NOW + later

        with PoliteSender(
            portal.url, archive, clock, lambda seconds: None, asks.manners, asks.success_statuses
        ) as sender:
            return CatalogueWalk(sender, archive, asks, clock).fetch()

    return start


def pages_asked(portal: ReplayPortal) -> list[int]:
    return [asked.body["currentPage"] for asked in portal.asked]


def with_page(portal: ReplayPortal, number: int, content: bytes) -> None:
    pages = portal.answers["formalities", None]
    assert isinstance(pages, list)
    pages[number - 1] = content


def test_all_575_pages_are_asked_for_one_by_one_and_are_the_catalogue(
    portal: ReplayPortal, walk: Callable[..., tuple[bytes, ...]]
) -> None:
    assert list(walk()) == answers()
    assert pages_asked(portal) == list(range(1, PAGES + 1))
    assert all(asked.body == {"currentPage": n, "pageSize": 10}
               for n, asked in enumerate(portal.asked, 1))  # fmt: skip


@pytest.mark.parametrize(
    ("replies", "said"),
    [
        ([WAF_PAGE], "refused"),
        ([Reply(b"{}", 403)], "refuses to be asked"),
        ([Reply(b"{}", 429)], "refuses to be asked"),
        ([RESET] * 3, "connection failed"),
        ([Reply(b"", 503)] * 3, "status 503"),
        ([Reply(answers(40)[2])], "answer is page 3"),
        ([Reply(envelope({"items": []}))], "no items or pagination"),
        ([Reply(b'{"code":"OK","data":{"items":[')], "broken or truncated"),
    ],
)
def test_a_walk_that_is_refused_gives_nothing_and_the_next_goes_on_where_it_stopped(
    portal: ReplayPortal, walk: Callable[..., tuple[bytes, ...]], replies: list[Reply], said: str
) -> None:
    portal.answers["formalities", None] = answers(60)
    portal.script["formalities"] = [*(Reply(page) for page in answers(60)[:3]), *replies]
    with pytest.raises(SourceError, match=said):
        walk()
    assert pages_asked(portal)[:3] == [1, 2, 3]
    portal.asked.clear()
    assert list(walk()) == answers(60)
    assert pages_asked(portal) == [1, 4, 5, 6]


def test_what_passes_is_tried_again_in_the_same_walk(
    portal: ReplayPortal, walk: Callable[..., tuple[bytes, ...]]
) -> None:
    portal.answers["formalities", None] = answers(30)
    portal.script["formalities"] = [RESET, Reply(b"", 502)]
    assert list(walk()) == answers(30)


def test_a_page_that_repeats_another_is_no_whole_catalogue_and_nothing_of_it_is_taken_up(
    portal: ReplayPortal, walk: Callable[..., tuple[bytes, ...]]
) -> None:
    portal.answers["formalities", None] = answers(60)
    repeated = json.loads(answers(60)[1])
    repeated["data"]["pagination"]["currentPage"] = 3
    with_page(portal, 3, json.dumps(repeated).encode())
    with pytest.raises(SourceError, match="lists 50 different procedures"):
        walk()
    portal.answers["formalities", None] = answers(60)
    portal.asked.clear()
    assert list(walk()) == answers(60)
    assert pages_asked(portal) == [1, 2, 3, 4, 5, 6]


def test_a_catalogue_that_changes_under_the_walk_is_walked_anew(
    portal: ReplayPortal, walk: Callable[..., tuple[bytes, ...]]
) -> None:
    portal.answers["formalities", None] = [*answers(60)[:3], *answers(61)[3:]]
    with pytest.raises(SourceError, match="different states"):
        walk()
    portal.answers["formalities", None] = answers(61)
    assert list(walk()) == answers(61)


def test_pages_of_before_the_nightly_refresh_are_not_taken_up(
    portal: ReplayPortal, walk: Callable[..., tuple[bytes, ...]]
) -> None:
    portal.answers["formalities", None] = answers(30)
    portal.script["formalities"] = [Reply(answers(30)[0]), Reply(answers(30)[1]), WAF_PAGE]
    with pytest.raises(SourceError):
        walk()
    portal.asked.clear()
    walk(timedelta(days=1))
    assert pages_asked(portal) == [1, 2, 3]


@pytest.mark.parametrize("month", [Month(2026, 9), Month(2026, 11), Month(2025, 10)])
def test_the_portal_is_asked_for_the_month_that_ended_last_alone(month: Month) -> None:
    require_time(MONTH, load_national_portal(), NOW)
    with pytest.raises(UsageError, match="as of now"):
        require_time(month, load_national_portal(), NOW)


# A capture in the inbox


def reading(folder: Path, register: UnitRegister | None = None) -> Reading:
    """What a run would read of the month's folder."""
    archive = RawArchive(folder / "raw")
    delivery = take_in(folder / "inbox", load_upload_schema(SOURCE), MONTH, NOW, archive)
    means = means_in(folder / "scratch", load_settings(home=folder))
    units = register or UnitRegister(())
    return read_formalities(Circumstances(MONTH, "H24", units, archive, means, {SOURCE: delivery}))


def test_a_whole_catalogue_is_dropped_as_one_file_and_read_back(tmp_path: Path) -> None:
    pretty = tuple(json.dumps(json.loads(page), indent=1).encode() for page in answers(25))
    path = drop_capture(tmp_path / "inbox", pretty)
    assert list(captured(tmp_path / "inbox")) == [path]
    found = reading(tmp_path)
    assert len(found.tables[SOURCE]) == 25
    assert found.tables[SOURCE][0] == {
        "period": "2026-10", "formality_id": item(1)["id"], "procedure_code": "1.000001",
        "name_vi": "Thủ tục thử 1", "state": "ACTIVE", "department_id": item(1)["departmentId"],
        "publishing_departments": item(1)["departmentId"], "applied_departments": None,
    }  # fmt: skip
    (account,) = found.tables["submissions"]
    assert (account["status"], account["accepted"], account["provenance"]) == (
        "received", 25, "official",
    )  # fmt: skip


def test_pages_may_lie_one_a_file_and_the_captured_one_is_such_a_page(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    for number, page in enumerate(answers(25), 1):
        (tmp_path / "inbox" / f"formalities.page-{number}.json").write_bytes(page)
    assert len(reading(tmp_path).tables[SOURCE]) == 25
    real = envelope(
        {"items": [item(6776, code="6.006776")],
         "pagination": {"total": 5741, "currentPage": 575, "pageSize": 10, "totalPages": 575}}
    )  # fmt: skip
    assert read_page(real, "x").of == (575, 5741)


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        (answers(25)[:2], "1 of 3 pages are missing, the first is page 3"),
        ([answers(25)[0], *answers(26)[1:]], "different states"),
        ([*answers(25), answers(25)[0].replace(b"ACTIVE", b"CLOSED")], "came twice"),
        ([b"<html>Request Rejected</html>"], "web page"),
    ],
)
def test_a_capture_that_is_not_whole_counts_as_not_handed_in_and_stops_no_month(
    tmp_path: Path, pages: list[bytes], said: str
) -> None:
    drop_capture(tmp_path / "inbox", tuple(pages))
    found = reading(tmp_path)
    assert said in found.refused[0]
    assert not found.tables[SOURCE]
    assert [row["status"] for row in found.tables["submissions"]] == ["missing"]


def test_nothing_is_said_of_a_month_without_a_capture(tmp_path: Path) -> None:
    assert not any(reading(tmp_path).tables.values())


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"id": None}, "ID_MALFORMED"),
        ({"departmentId": "Nguyễn Văn A"}, "ID_MALFORMED"),
        ({"code": "6776"}, "CODE_MALFORMED"),
        ({"name": None}, "NAME_MISSING"),
        ({"name": "=1+1"}, "TEXT_LIKE_FORMULA"),
        ({"state": "đang dùng"}, "STATE_UNKNOWN"),
    ],
)
def test_a_procedure_that_cannot_be_used_is_set_aside_and_the_others_are_taken(
    tmp_path: Path, wrong: Item, rule: str
) -> None:
    data = {"items": [item(1), item(2, **wrong)],
            "pagination": {"total": 2, "currentPage": 1, "totalPages": 1}}  # fmt: skip
    drop_capture(tmp_path / "inbox", (envelope(data),))
    found = reading(tmp_path)
    assert len(found.tables[SOURCE]) == 1
    assert [row["rule"] for row in found.tables["national_procedure_quarantine"]] == [rule]
    assert found.tables["submissions"][0]["quarantined"] == 1


def test_no_page_at_all_is_no_catalogue() -> None:
    with pytest.raises(SourceError, match="no page"):
        whole_catalogue([], "x")
