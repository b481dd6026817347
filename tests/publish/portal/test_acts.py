"""Rolling back, retracting, settling: each is one switch, told to readers, and undone by none."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cchc_pipeline.core.errors import CheckFailedError, UsageError
from cchc_pipeline.core.period import utc_text
from publish.model import ReleaseId
from publish.portal.acts import Step, perform, retract, settle, show_again
from publish.portal.links import listing_files
from publish.portal.publication import refuse_withdrawn
from publish.store.state import Act, ActKind, Edition
from publish.store.store import KEPT_SITES, Portal
from tests.command_line import copy_home
from tests.made_once import MadeOnce
from tests.publish.crash_worker import faults, go_out, leftovers, next_draft
from tests.publish.small_release import APRIL, IDENTITY, MARCH, MOMENT, small_draft

FIRST, SECOND, THIRD = ReleaseId(MARCH, 1), ReleaseId(APRIL, 1), ReleaseId(APRIL, 2)
LATER = MOMENT + timedelta(days=30)


def act(kind: ActKind, release: ReleaseId, at: datetime = LATER, reason: str = "Sai số") -> Act:
    return Act(utc_text(at), kind, release, reason, "Cơ quan thử nghiệm")


@pytest.fixture
def grown(made_once: MadeOnce, tmp_path: Path) -> Portal:
    """Two releases: March, then March and April."""

    def make(root: Path) -> None:
        for _ in range(2):
            go_out(Portal(root), next_draft(Portal(root)))

    return Portal(copy_home(made_once("grown", make), tmp_path / "portal"))


def index(portal: Portal) -> dict[str, object]:
    content: dict[str, object] = json.loads((portal.current / "index.json").read_text())
    return content


def states(portal: Portal) -> dict[str, str]:
    return {entry["id"]: entry["status"] for entry in index(portal)["releases"]}  # type: ignore[attr-defined,index,misc]


def shown_files(portal: Portal) -> dict[str, bytes]:
    """What came with the release that is shown: its pages, tables and folder ``latest``."""
    site = portal.current.resolve()
    pages = {path.name: path.read_bytes() for path in (site / "thang").iterdir()}
    data = {path.name: path.read_bytes() for path in (site / "data").iterdir()}
    latest = {
        path.name: path.read_bytes() for path in (site / "latest").iterdir() if path.is_file()
    }
    return {**pages, **data, **latest, "index.html": (site / "index.html").read_bytes()}


# Rolling back


def test_rolling_back_and_forward_again_restores_each(portal: Portal) -> None:
    go_out(portal, next_draft(portal))
    march = shown_files(portal)
    go_out(portal, next_draft(portal))
    april = shown_files(portal)
    show_again(portal, act("rolled_back", FIRST), IDENTITY)
    back = shown_files(portal)
    assert {name: back[name] for name in march} == march
    assert states(portal) == {"2024-03.r1": "current", "2024-04.r1": "superseded"}
    assert index(portal)["latest"] == "2024-03.r1"
    show_again(portal, act("rolled_back", SECOND, LATER + timedelta(days=1)), IDENTITY)
    assert shown_files(portal) == april
    assert list(faults(portal)) == []
    assert leftovers(portal) == []


def test_a_page_that_the_older_release_lacks_still_answers(grown: Portal) -> None:
    show_again(grown, act("rolled_back", FIRST), IDENTITY)
    for path, words in (
        ("thang/2024-04.html", "không có trong bản hiện hành"),
        ("en/thang/2024-04.html", "not part of the current release"),
    ):
        assert words in (grown.current / path).read_text()
    assert (grown.current / "releases/2024-04/r1/data/scores.csv").is_file()


def test_readers_are_told_of_a_roll_back_with_its_reason(grown: Portal) -> None:
    show_again(grown, act("rolled_back", FIRST, reason="Nguồn gửi nhầm <kỳ>"), IDENTITY)
    page = (grown.current / "phat-hanh.html").read_text()
    assert "Nguồn gửi nhầm &lt;kỳ&gt;" in page
    assert index(grown)["acts"][-1] == {  # type: ignore[index]
        "at": utc_text(LATER), "kind": "rolled_back", "release": "2024-03.r1",
        "reason": "Nguồn gửi nhầm <kỳ>", "approved_by": "Cơ quan thử nghiệm",
    }  # fmt: skip


def test_a_release_that_was_never_out_is_not_shown(grown: Portal) -> None:
    with pytest.raises(UsageError, match=r"2024-04\.r2 was never published -> out are: 2024-03"):
        show_again(grown, act("rolled_back", THIRD), IDENTITY)


def test_a_release_whose_files_changed_on_the_disk_is_not_shown_again(grown: Portal) -> None:
    (grown.release_folder(FIRST) / "data/scores.csv").write_bytes(b"worn out")
    with pytest.raises(CheckFailedError, match="digests differ"):
        show_again(grown, act("rolled_back", FIRST), IDENTITY)
    assert states(grown)["2024-04.r1"] == "current"


def test_after_a_roll_back_the_next_release_takes_a_new_number(grown: Portal) -> None:
    show_again(grown, act("rolled_back", FIRST), IDENTITY)
    draft = replace(next_draft(grown), published_at=LATER + timedelta(days=1))
    go_out(grown, draft)
    assert draft.id == THIRD
    assert list(states(grown).values()) == ["superseded", "superseded", "current"]


def test_what_was_rolled_back_does_not_go_out_again_by_itself(grown: Portal) -> None:
    show_again(grown, act("rolled_back", FIRST), IDENTITY)
    edition = Edition(grown.published(), grown.acts(), IDENTITY)
    draft = replace(next_draft(grown), input_digest=grown.read(SECOND).input_digest)
    with pytest.raises(CheckFailedError, match=r"that of 2024-04\.r1, .*: Sai số -> .*rollback"):
        refuse_withdrawn(draft, edition)
    refuse_withdrawn(replace(draft, input_digest="f" * 64), edition)


# Retracting


def test_a_retracted_release_leaves_a_tombstone_and_no_figure(grown: Portal) -> None:
    digest = grown.read(SECOND).digest
    retract(grown, act("retracted", SECOND), IDENTITY)
    folder = grown.current / "releases/2024-04/r1"
    assert sorted(path.name for path in folder.iterdir()) == ["RETRACTED.json", "index.html"]
    tombstone = json.loads((folder / "RETRACTED.json").read_text())
    assert (tombstone["reason"], tombstone["digest"]) == ("Sai số", digest)
    assert tombstone["approved_by"] == "Cơ quan thử nghiệm"
    for path in ("releases/2024-04/r1/index.html", "en/releases/2024-04/r1/index.html"):
        assert "Sai số" in (grown.current / path).read_text()
    assert list(faults(grown)) == []


def test_retracting_the_current_release_brings_back_the_one_before(grown: Portal) -> None:
    retract(grown, act("retracted", SECOND), IDENTITY)
    assert states(grown) == {"2024-03.r1": "current", "2024-04.r1": "retracted"}
    assert (grown.current / "latest/release.json").read_bytes() == (
        grown.release_folder(FIRST) / "release.json"
    ).read_bytes()


def test_retracting_an_older_release_leaves_the_current_one(grown: Portal) -> None:
    retract(grown, act("retracted", FIRST), IDENTITY)
    assert states(grown) == {"2024-03.r1": "retracted", "2024-04.r1": "current"}


def test_when_all_are_retracted_the_portal_says_so_and_the_next_release_follows(
    portal: Portal,
) -> None:
    go_out(portal, small_draft())
    retract(portal, act("retracted", FIRST), IDENTITY)
    assert portal.latest() is None
    assert "không có bản nào" in (portal.current / "index.html").read_text()
    assert not (portal.current / "data").exists()
    assert list(faults(portal)) == []
    draft = small_draft(
        id=ReleaseId(MARCH, 2), published_at=LATER + timedelta(days=1), input_digest="1" * 64
    )
    go_out(portal, draft)
    assert states(portal) == {"2024-03.r1": "retracted", "2024-03.r2": "current"}


def test_the_bytes_of_a_retracted_release_stay_in_the_store(grown: Portal) -> None:
    retract(grown, act("retracted", SECOND), IDENTITY)
    go_out(grown, replace(next_draft(grown), published_at=LATER + timedelta(days=1)))
    assert (grown.release_folder(SECOND) / "data/scores.csv").is_file()


@pytest.mark.parametrize("again", [retract, show_again])
def test_a_retraction_is_for_good(grown: Portal, again: object) -> None:
    retract(grown, act("retracted", SECOND), IDENTITY)
    kind: ActKind = "retracted" if again is retract else "rolled_back"
    with pytest.raises(UsageError, match=r"2024-04\.r1 was retracted at .*: Sai số"):
        again(grown, act(kind, SECOND, LATER + timedelta(days=1)), IDENTITY)  # type: ignore[operator]


def test_a_reason_that_looks_personal_is_not_shown(grown: Portal) -> None:
    with pytest.raises(CheckFailedError, match="looks like"):
        retract(grown, act("retracted", SECOND, reason="gọi 0912345678"), IDENTITY)
    assert states(grown)["2024-04.r1"] == "current"


# Time, disks and crashes


def test_an_act_does_not_lie_before_the_last_one(grown: Portal) -> None:
    with pytest.raises(CheckFailedError, match=r"not after the last act .* -> correct the clock"):
        retract(grown, act("retracted", SECOND, MOMENT), IDENTITY)
    assert states(grown)["2024-04.r1"] == "current"


def test_addresses_that_would_answer_no_more_stop_the_act(
    grown: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = listing_files
    monkeypatch.setattr(
        "publish.portal.links.listing_files", lambda edition, earlier: complete(edition)
    )
    with pytest.raises(CheckFailedError, match=r"thang/2024-04\.html would answer no more"):
        show_again(grown, act("rolled_back", FIRST), IDENTITY)
    assert states(grown)["2024-04.r1"] == "current"


def test_a_release_from_before_a_page_existed_is_shown_again_and_nothing_leads_there(
    grown: Portal,
) -> None:
    for pages in (grown.current, grown.pages_folder(FIRST), grown.pages_folder(SECOND)):
        for page in (pages / "thu-tuc.html", pages / "en" / "thu-tuc.html"):
            page.unlink(missing_ok=True)
        for other in pages.rglob("*.html"):
            if not other.is_symlink():
                other.write_bytes(other.read_bytes().replace(b"thu-tuc.html", b"thang/index.html"))
    show_again(grown, act("rolled_back", FIRST), IDENTITY)
    listing = (grown.current / "phat-hanh.html").read_text(encoding="utf-8")
    assert "thu-tuc.html" not in listing
    assert "tu-dien.html" in listing
    assert list(faults(grown)) == []


def test_only_the_newest_sites_are_kept(grown: Portal) -> None:
    for number in range(KEPT_SITES + 2):
        release = (FIRST, SECOND)[number % 2]
        show_again(grown, act("rolled_back", release, LATER + timedelta(days=number)), IDENTITY)
    assert len(list(grown.sites.iterdir())) == KEPT_SITES
    assert list(faults(grown)) == []


def test_the_journal_tells_each_step_and_that_it_ended(portal: Portal) -> None:
    go_out(portal, small_draft())
    lines = portal.journal.lines()
    assert [line.step for line in lines] == [
        "begun", "clear", "store", "verify", "pages", "list", "site", "check", "switch", "ledger",
        "tidy", "ended",
    ]  # fmt: skip
    assert {(line.act, line.release, line.site) for line in lines} == {
        ("published", "2024-03.r1", "0001-2024-03.r1")
    }


class Killed(BaseException):
    """Stands for a death: nothing in the product catches it."""


def _die() -> None:
    raise Killed


def test_an_act_that_died_before_it_was_shown_is_cleared_and_told(grown: Portal) -> None:
    with pytest.raises(Killed):
        perform(grown, act("published", THIRD), IDENTITY, [Step("store", _die)])
    (grown.release_folder(THIRD) / "data").mkdir(parents=True)
    assert "2024-04.r2 (published" in (said := settle(grown))
    assert "stopped after step 'clear'; it was not shown" in said
    assert leftovers(grown) == []
    assert settle(grown) == ""


def test_an_act_that_died_after_it_was_shown_is_completed_and_told(
    grown: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying, pytest.raises(Killed):
        dying.setattr("publish.portal.acts._tidy", lambda portal: _die())
        perform(grown, act("rolled_back", FIRST), IDENTITY)
    assert "it was shown already" in settle(grown)
    assert states(grown)["2024-03.r1"] == "current"
    assert leftovers(grown) == []


def test_a_line_that_a_crash_cut_off_is_passed_over(grown: Portal, tmp_path: Path) -> None:
    with grown.journal.path.open("a") as file:
        file.write('{"act": "publi')
    assert grown.journal.unfinished() is None
    show_again(grown, act("rolled_back", FIRST), IDENTITY)
    assert grown.journal.lines()[-1].step == "ended"
