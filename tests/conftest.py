"""What test files of several folders share: an inbox to change, an installation that has published.

Belongs here: fixtures. Does not: functions that need no fixture (``tests.command_line``), making
something once for all processes (``tests.made_once``).
"""

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.command_line import SAMPLE_INBOX, run
from tests.made_once import MadeOnce
from tests.ops.postgres import Server, postgres

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")  # a busy machine is no failure

gc.set_threshold(100_000)


def pytest_collection_finish() -> None:
    """What was loaded and collected stays to the end: it is looked through for garbage once."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: some tests wait for a daemon, a server or the disk."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A copy of the bundled inbox."""
    return Path(shutil.copytree(SAMPLE_INBOX, tmp_path / "inbox"))


@pytest.fixture
def settings_of_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither ``CCHC_*`` variables nor a ``cchc.toml`` of the developer's own."""
    for name in [name for name in os.environ if name.startswith("CCHC_")]:
        monkeypatch.delenv(name)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("DAGSTER_HOME", "")
    yield


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """A folder that takes long to make, made by one of the processes that share the tests."""
    return MadeOnce(tmp_path_factory)


@pytest.fixture(scope="session")
def published_home(made_once: MadeOnce) -> Path:
    """An installation that has published the bundled September 2026 once; copy it to change it."""
    return made_once("published", _published)


def _published(home: Path) -> None:
    outcome = run(home, SAMPLE_INBOX)
    assert outcome.code == 0, outcome.err


@pytest.fixture(scope="session")
def march_home(made_once: MadeOnce) -> Path:
    """An installation that has published March 2024: dossiers, and nothing of the portal."""
    return made_once("march", _of_march)


def _of_march(home: Path) -> None:
    outcome = run(home, SAMPLE_INBOX, month="2024-03")
    assert outcome.code == 0, outcome.err


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A real PostgreSQL; whoever asks for it is marked with ``tests.ops.postgres.MARK``."""
    with postgres() as server:
        yield server
