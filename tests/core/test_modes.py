"""Who may read an installation: whatever the umask of whoever calls, the rights are those declared.

A real account that is not the pipeline's looks at what was made.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cchc_pipeline.core.modes import deviations, make_home, mend
from tests.command_line import FIRST, SAMPLE_INBOX, SECOND, THIRD, cchc, copy_home

pytestmark = pytest.mark.usefixtures("settings_of_nobody")
UMASKS = (0o000, 0o022, 0o027, 0o077)
RUN_UNDER = (0o000,)
STRANGER = "nobody"
NEEDS_ROOT = pytest.mark.skipif(
    os.geteuid() != 0 and "CCHC_TEST_ALL" not in os.environ,
    reason="only a superuser becomes another account",
)
Homes = dict[int, Path]


@contextmanager
def umask(bits: int) -> Iterator[None]:
    """Whoever calls has this umask, and has it afterwards."""
    before = os.umask(bits)
    try:
        yield
        assert os.umask(bits) == bits
    finally:
        os.umask(before)


def deviating(home: Path) -> list[str]:
    return [f"{d.path.relative_to(home)} {d.found:o} {d.declared:o}" for d in deviations(home)]


@pytest.fixture(scope="module")
def homes(march_home: Path) -> Iterator[Homes]:
    """Under each umask: a month published, a later one previewed, a copy, and what it restored.

    Every command sets its own; that it does so for a run is tried where nothing else would.
    """
    place = Path(tempfile.mkdtemp(prefix="cchc-modes-"))  # pytest's own folder is closed to others
    place.chmod(0o755)
    try:
        yield {bits: _made(place / f"{bits:03o}", bits, march_home) for bits in UMASKS}
    finally:
        shutil.rmtree(place)


def _made(folder: Path, bits: int, march_home: Path) -> Path:
    folder.mkdir()
    folder.chmod(0o755)
    home, inbox, copy = folder / "home", ("--inbox", SAMPLE_INBOX), folder / "copy.tar.zst"
    runs = (
        ("run", "2024-03", "--home", home, *inbox, "--published-at", FIRST),
        ("preview", "2026-09", "--home", home, *inbox, "--published-at", SECOND),
    )
    if bits not in RUN_UNDER:
        copy_home(march_home, home)
    with umask(bits):
        for arguments in (
            *(runs if bits in RUN_UNDER else ()),
            ("retract", "2024-03.r1", "--reason", "thử", "--home", home, "--published-at", THIRD),
            ("backup", copy, "--home", home),
            ("restore", copy, "--home", folder / "new" / "home"),
        ):
            outcome = cchc(*arguments)
            assert outcome.code == 0, outcome.err
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("bits", UMASKS, ids="{:03o}".format)
def test_whatever_the_umask_every_place_has_the_rights_that_are_declared(
    homes: Homes, bits: int
) -> None:
    folder = homes[bits]
    for home in (folder / "home", folder / "new" / "home"):
        assert deviating(home) == []
    for zone in ("raw/blobs", "error-sheets/2024-03", "lake", "dagster/history"):
        assert (folder / "home" / zone).is_dir(), zone
    assert (folder / "home/preview/portal/current").exists() == (bits in RUN_UNDER)
    assert (folder / "copy.tar.zst").stat().st_mode & 0o777 == 0o600
    assert (folder / "new").stat().st_mode & 0o777 == 0o755


def readable_by_another(home: Path) -> set[str]:
    """What an account that is not the pipeline's can read, looking everywhere."""
    become = ["setpriv", "--reuid", STRANGER, "--regid", "nogroup", "--clear-groups", "--"]
    found = subprocess.run(
        [*become, "find", home, home / "portal", *home.iterdir(), "-type", "f", "-readable"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return {os.path.relpath(line, home) for line in found.stdout.splitlines()}


@NEEDS_ROOT
@pytest.mark.slow
@pytest.mark.parametrize("bits", UMASKS, ids="{:03o}".format)
def test_another_account_reads_what_the_portal_shows_and_nothing_else(
    homes: Homes, bits: int
) -> None:
    for home in (homes[bits] / "home", homes[bits] / "new" / "home"):
        shown = {
            path.relative_to(home).as_posix()
            for zone in ("store", "pages", "sites")
            for path in (home / "portal" / zone).rglob("*")
            if path.is_file() and not path.is_symlink()
        }
        assert readable_by_another(home) == shown
        assert any(name.endswith("/index.html") for name in shown)


def test_what_others_are_to_have_is_written_with_the_rights_of_who_calls(
    published_home: Path, tmp_path: Path
) -> None:
    with umask(0o022):
        assert cchc("export", "--out", tmp_path / "out", "--home", published_home).code == 0
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "out").rglob("*.csv")} == {0o644}


@pytest.mark.parametrize("graph", ["cchc_pipeline.definitions", "assets.instance"])
def test_what_dagster_starts_is_private_whatever_the_umask(graph: str, tmp_path: Path) -> None:
    begin = "main([])" if graph == "assets.instance" else ""
    program = f"from {graph} import *\n{begin}\nopen('x', 'w').close()"
    subprocess.run(
        [sys.executable, "-c", program], umask=0, check=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "CCHC_HOME": "home"},
    )  # fmt: skip
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600
    if begin:
        assert deviating(tmp_path / "home") == []
        assert (tmp_path / "home/dagster/history/runs.db").is_file()


def wide_home(source: Path, place: Path) -> Path:
    """An installation as an earlier version left it under 022, and its portal as under 077."""
    home = copy_home(source, place)
    for path in (home, *home.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    for path in (home / "portal", *(home / "portal").rglob("*")):
        if not path.is_symlink():
            path.chmod(0o700 if path.is_dir() else 0o600)
    return home


def test_an_older_home_is_mended_by_the_next_run(published_home: Path, tmp_path: Path) -> None:
    home = wide_home(published_home, tmp_path / "home")
    assert len(deviating(home)) > 100
    make_home(home)
    assert deviating(home) == []
    assert mend(home) == 0
    assert deviating(tmp_path / "nowhere") == []


def test_a_file_behind_a_shut_door_is_found_though_nobody_can_read_it(
    published_home: Path, tmp_path: Path
) -> None:
    home = copy_home(published_home, tmp_path / "home")
    make_home(home)
    table = next((home / "lake").rglob("*.parquet"))
    table.chmod(0o644)
    assert deviating(home) == [f"{table.relative_to(home)} 644 600"]
    assert (mend(home), deviating(home)) == (1, [])


def test_an_inbox_in_the_home_is_its_owners_but_not_everybodys(
    published_home: Path, tmp_path: Path
) -> None:
    home = copy_home(published_home, tmp_path / "home")
    make_home(home)
    (home / "inbox").mkdir()
    (home / "inbox").chmod(0o2775)
    assert deviating(home) == ["inbox 2775 2770"]
    make_home(home)
    assert (home / "inbox").stat().st_mode & 0o7777 == 0o2775
    mend(home)
    assert deviating(home) == []
