"""What test files of several folders share: an inbox to change, an installation that has published.

Belongs here: fixtures. Does not: functions that need no fixture (``tests.command_line``), making
something once for all processes (``tests.made_once``), judging it once (``tests.judged_once``).
"""

import gc
import gzip
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.command_line import SAMPLE_INBOX, SECOND, WHILE_NOTHING_IS_DUE, run
from tests.judged_once import Memory, judge_once
from tests.kept_engines import keep_engines
from tests.made_once import MadeOnce
from tests.ops.postgres import Server, postgres

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")  # a busy machine is no failure

gc.set_threshold(100_000)
MEMORY = Path("/dev/shm")  # noqa: S108 - the tests' folders below it are made for their owner only
ROOM = 6 * 1024**3


def pytest_configure() -> None:
    """Folders lie in memory where it has room: a run waits for its disk a thousand times.

    A suite that was started in the background ignores Ctrl-C; Dagster would ignore SIGTERM as well,
    and the programs that tests start would inherit both, and never end.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        may_execute = not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
        if may_execute and os.access(MEMORY, os.W_OK):
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file goes to one process, for what it shares; those that take long are begun first."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """What was loaded and collected stays to the end: it is looked through for garbage once."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: some tests wait for a daemon, a server or the disk."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.fixture(scope="session", autouse=True)
def judged_once() -> Iterator[None]:
    """What judges tables, packages and pages is asked once of what many tests make alike."""
    with pytest.MonkeyPatch.context() as patch:
        judge_once(patch.setattr, Memory())
        yield


@pytest.fixture(scope="session", autouse=True)
def engines_of_dagster_kept() -> None:
    """Dagster makes a thousand engines a run, and each compiles what it asks."""
    keep_engines()


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
def correction(made_once: MadeOnce) -> Path:
    """January and February 2024: an inbox with a correction, a home that has it, one that has not.

    In the inbox January's file lacks every third dossier. ``fresh`` never saw the error; ``wrong``
    published it while nothing else was due.
    """
    return made_once("correction", _correction)


def _correction(place: Path) -> None:
    january, february = "2024-01", "2024-02"
    inbox, fresh, wrong = place / "inbox", place / "fresh", place / "wrong"
    for name in (january, february):
        shutil.copytree(SAMPLE_INBOX / name, inbox / name)
    shutil.copy(SAMPLE_INBOX / "units.csv", inbox)
    at = WHILE_NOTHING_IS_DUE
    assert run(wrong, inbox, "--to", february, month=january, at=at).code == 0
    path = inbox / january / "ho-so-mau.jsonl.gz"
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(lines[n] for n in range(len(lines)) if n % 3)))
    assert run(fresh, inbox, "--to", february, month=january, at=SECOND).code == 0


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A real PostgreSQL; whoever asks for it is marked with ``tests.ops.postgres.MARK``."""
    with postgres() as server:
        yield server
