"""What test files of several folders share: an inbox to change, an installation that has published.

Belongs here: fixtures, and the order of the files. Does not: functions that need no fixture
(``tests.command_line``).
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.command_line import SAMPLE_INBOX, run
from tests.ops.postgres import Server, postgres

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")  # a busy machine is no failure
_LONGEST = (
    "tests/test_kill.py", "tests/publish/test_publication.py", "tests/test_backfill.py",
    "tests/test_bad_input.py", "tests/browser/test_pages.py", "tests/ops/test_daemon.py",
    "tests/engines/test_engines_agree.py", "tests/test_legacy_months.py",
    "tests/test_ways_of_running.py", "tests/test_inbox_told.py", "tests/assets/test_made_from.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take minutes come first, so that no process waits at the end for another's."""
    order = {name: place for place, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: order.get(item.nodeid.partition("::")[0], len(_LONGEST)))


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
def published_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that has published the bundled September 2026 once; copy it to change it."""
    home = tmp_path_factory.mktemp("published") / "home"
    outcome = run(home, SAMPLE_INBOX)
    assert outcome.code == 0, outcome.err
    return home


@pytest.fixture(scope="session")
def march_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that has published March 2024: dossiers, and nothing of the portal."""
    home = tmp_path_factory.mktemp("march") / "home"
    outcome = run(home, SAMPLE_INBOX, month="2024-03")
    assert outcome.code == 0, outcome.err
    return home


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A real PostgreSQL; whoever asks for it is marked with ``tests.ops.postgres.MARK``."""
    with postgres() as server:
        yield server
