"""An assembled site is judged before it is shown."""

import random
from pathlib import Path

import pytest

from cchc_pipeline.core.errors import CheckFailedError
from publish.gates.site import (
    PAGE_LIMIT,
    pages_are_light,
    pages_hold_nothing_personal,
    require_sound_site,
    site_links_resolve,
)
from publish.store.store import write_files


def site(tmp_path: Path, **pages: str) -> Path:
    """A site of an index and a page in English, with a file and a folder beside them."""
    content = {
        "index.html": pages.get("index", ""),
        "en/index.html": pages.get("en", '<h1 id="top">Trial</h1>'),
        "data/scores.csv": "period\n",
    }
    write_files(tmp_path / "site", {name: text.encode() for name, text in content.items()})
    return tmp_path / "site"


def link(target: str) -> str:
    return f'<p id="here"><a href="{target}">x</a></p>'


@pytest.mark.parametrize(
    "target",
    [
        "en/index.html", "en/index.html#top", "#here", "./data/scores.csv", "data/", "index.html",
        "https://example.org/", "mailto:a@example.org", "data:,", "en/index.html?a=b",
        "data/%73cores.csv",
    ],
)  # fmt: skip
def test_a_link_to_what_is_there_or_to_another_server_passes(target: str, tmp_path: Path) -> None:
    assert list(site_links_resolve(site(tmp_path, index=link(target)))) == []


@pytest.mark.parametrize(
    "target",
    [
        "absent.html", "en/index.html#bottom", "#there", "../outside.html", "/index.html",
        "en/../../site/index.html", "data/scores.csv#top",
    ],
)  # fmt: skip
def test_a_link_that_leads_nowhere_or_out_of_the_site_is_named(target: str, tmp_path: Path) -> None:
    (fault,) = site_links_resolve(site(tmp_path, index=link(target)))
    assert fault == f"index.html: {target!r} leads nowhere"


def test_links_are_followed_from_the_page_that_has_them(tmp_path: Path) -> None:
    assert list(site_links_resolve(site(tmp_path, en=link("../data/scores.csv")))) == []
    assert list(site_links_resolve(site(tmp_path / "2", en=link("data/scores.csv"))))


def test_a_link_through_a_dangling_one_leads_nowhere(tmp_path: Path) -> None:
    made = site(tmp_path, index=link("latest"))
    (made / "latest").symlink_to("releases/absent")
    assert list(site_links_resolve(made)) == ["index.html: 'latest' leads nowhere"]


def test_a_page_is_weighed_compressed(tmp_path: Path) -> None:
    assert list(pages_are_light(site(tmp_path, index="a" * 10 * PAGE_LIMIT))) == []
    noise = random.Random(1).randbytes(PAGE_LIMIT).hex()  # noqa: S311 - bytes that do not compress
    (fault,) = pages_are_light(site(tmp_path / "2", index=noise))
    assert fault.startswith("index.html: ")


@pytest.mark.parametrize("text", ["0912 345 678", "a.b@example.org", "H24.16-240115-0001"])
def test_a_page_that_looks_personal_is_named_without_what_was_found(
    text: str, tmp_path: Path
) -> None:
    assert list(pages_hold_nothing_personal(site(tmp_path))) == []
    (fault,) = pages_hold_nothing_personal(site(tmp_path / "2", en=f"<p>{text}</p>"))
    assert fault.startswith("en/index.html: holds what looks like a ")
    assert text not in fault


def test_an_unsound_site_is_refused_with_its_first_faults(tmp_path: Path) -> None:
    require_sound_site(site(tmp_path, index=link("en/index.html")))
    with pytest.raises(CheckFailedError, match=r"site_links_resolve: index\.html"):
        require_sound_site(site(tmp_path / "2", index=link("absent.html")))
