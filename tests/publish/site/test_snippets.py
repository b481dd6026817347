"""The code that readers copy, run as they would run it: each finds the newest total."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from publish.site.pages.reference import PLACEHOLDER, Snippet, snippets
from publish.store.store import Portal
from tests.publish.crash_worker import go_out
from tests.publish.small_release import IDENTITY, small_draft
from tests.serving import served_portal

NEWEST = ["period,basis,score", "2024-03,month,49.5"]
R = shutil.which("Rscript")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The web root of a small portal, whose city has a total of 49.5 points."""
    portal = Portal(tmp_path_factory.mktemp("snippets") / "portal")
    go_out(portal, small_draft())
    return portal.current


@pytest.fixture(scope="module")
def address(shown: Path) -> Iterator[str]:
    with served_portal(shown.parents[1]) as address:
        yield address


def snippet(name: str, base: str = "") -> Snippet:
    (found,) = (one for one in snippets(IDENTITY, base) if one.name == name)
    return found


def told(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_pandas_reads_the_portal(address: str) -> None:
    assert told(sys.executable, "-c", snippet("pandas", address).code) == NEWEST


@pytest.mark.skipif(R is None and not os.environ.get("CCHC_TEST_ALL"), reason="no R here")
def test_r_reads_the_portal(address: str, tmp_path: Path) -> None:
    (tmp_path / "read.R").write_text(snippet("r", address).code, encoding="utf-8")
    assert told("Rscript", str(tmp_path / "read.R")) == NEWEST


def test_duckdb_reads_the_portal_s_files(shown: Path) -> None:
    """From the disk: over the network it would fetch an extension from its maker first."""
    found = duckdb.sql(snippet("duckdb", f"{shown}/").code).fetchall()
    assert [",".join(map(str, row)) for row in found] == NEWEST[1:]


def test_without_a_known_address_the_code_says_that_it_must_be_filled_in() -> None:
    assert PLACEHOLDER in snippet("pandas").code
    assert PLACEHOLDER in snippet("excel").code
