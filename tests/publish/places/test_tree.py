"""What a place is to show, how it differs, and which sites may go: decisions without a place."""

from pathlib import Path

from publish.places.tree import (
    SiteTree,
    difference,
    newest_whole,
    parse_sums,
    pointed_at,
    pointer_page,
    shown_site,
    to_remove,
)
from publish.store.store import Portal

OLD, NEW = "a" * 64, "b" * 64
RELEASE = "releases/2024-03/r1/SHA256SUMS"


def tree(files: dict[str, str], name: str = "0002-2024-04.r1") -> SiteTree:
    return SiteTree(Path(name), "2024-04.r1", files)


def test_another_byte_anywhere_gives_a_site_another_name() -> None:
    assert tree({"index.html": OLD}).name != tree({"index.html": NEW}).name


def test_only_what_differs_by_digest_is_sent() -> None:
    site = tree({"a.html": OLD, "b.html": NEW})
    found = difference(site, "0001-2024-03.r1-000000000000", {"a.html": OLD, "b.html": OLD})
    assert (found.taken, found.sent, found.is_there) == ({"a.html": "a.html"}, ("b.html",), False)


def test_bytes_that_stand_elsewhere_are_not_sent_again() -> None:
    site = tree({"releases/r2/a.csv": OLD, "data/b.csv": NEW, "latest/b.csv": NEW})
    found = difference(site, "0001-2024-03.r1-000000000000", {"releases/r1/a.csv": OLD})
    assert found.taken == {"releases/r2/a.csv": "releases/r1/a.csv"}
    assert (found.sent, found.again) == (("data/b.csv",), {"latest/b.csv": "data/b.csv"})


def test_a_site_that_is_there_is_not_sent_again() -> None:
    site = tree({"a.html": OLD})
    assert difference(site, site.name, site.files).is_there


def test_a_list_of_files_says_what_it_was_made_of() -> None:
    site = tree({"a.html": OLD, "kem/b c.csv": NEW})
    assert parse_sums(site.sums) == site.files


def test_a_list_that_was_cut_off_names_fewer_files_and_no_wrong_one() -> None:
    site = tree({"a.html": OLD, "b.html": NEW})
    assert parse_sums(site.sums[:-20]).items() <= site.files.items() | {("b.ht", NEW), ("b", NEW)}


def test_a_site_counts_as_whole_once_its_list_is_there() -> None:
    names = ("0001-2024-03.r1-aaaaaaaaaaaa/", "0001-2024-03.r1-aaaaaaaaaaaa.sums", "other.sums",
             "0002-2024-04.r1-bbbbbbbbbbbb/")  # fmt: skip
    assert newest_whole(names) == ("0001-2024-03.r1-aaaaaaaaaaaa",)


def test_the_site_before_stays_for_who_is_reading_and_older_ones_go() -> None:
    site = tree({RELEASE: OLD})
    before = "0001-2024-03.r1-aaaaaaaaaaaa"
    older = "0000-2024-02.r1-cccccccccccc"
    found = difference(site, before, {RELEASE: OLD})
    names = [f"{name}{end}" for name in (site.name, before, older) for end in ("/", ".sums")]
    assert to_remove(site, found, [*names, "of somebody else/"]) == (older,)


def test_a_site_that_holds_what_was_retracted_goes_too() -> None:
    site = tree({"releases/2024-03/r1/RETRACTED.json": OLD})
    before = "0001-2024-03.r1-aaaaaaaaaaaa"
    found = difference(site, before, {RELEASE: OLD})
    assert to_remove(site, found, [f"{before}/", f"{site.name}/"]) == (before,)


def test_the_pointer_leads_people_and_tells_programs() -> None:
    name = "0002-2024-04.r1-bbbbbbbbbbbb"
    page = pointer_page(name, "2024-04.r1")
    assert pointed_at(page) == name
    assert f'content="0; url=sites/{name}/index.html"'.encode() in page
    assert b"<script" not in page


def test_what_is_no_pointer_leads_nowhere() -> None:
    assert pointed_at(b"<html>503 Service Unavailable</html>") == ""
    assert pointed_at(b'<meta name="cchc-site" content="../../etc">') == ""


def test_what_is_proved_is_the_release_that_is_shown_and_the_way_to_it(stages: Path) -> None:
    site = shown_site(Portal(stages / "revised" / "portal"))
    assert site is not None
    assert site.release == "2024-04.r1"
    assert {"index.json", "index.html", "releases/2024-04/r1/data/scores.csv"} <= {*site.proof}
    assert not any(path.startswith("releases/2024-03/") for path in site.proof)
    assert not any("/." in f"/{path}" for path in site.files), "nothing hidden is sent"
