"""A place to run, made as the docs say: accounts, folders, rights, units; restored, run and read.

The accounts and folders are real and removed afterwards, which takes a superuser.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command_line import FIRST, SAMPLE_INBOX, cchc
from tests.ops.postgres import MARK as NEEDS_POSTGRES
from tests.ops.postgres import Server

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "docs" / "deployment"
UNITS = ("cchc-daemon.service", "cchc-web.service", "cchc-backup.service", "cchc-backup.timer")
MUST = "CCHC_TEST_ALL" in os.environ
NEEDS_SYSTEMD = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None and not MUST, reason="no systemd here"
)
NEEDS_ROOT = pytest.mark.skipif(
    os.geteuid() != 0 and not MUST, reason="only a superuser makes accounts"
)
WEB = "www-data"
PYTHON = Path(os.environ.get("VIRTUAL_ENV", ROOT / ".venv")) / "bin" / "python"
SEE_THE_PROGRAM = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
"""For a developer's Python below a closed folder; it lets nobody write."""


def on_a_machine(test: Callable[..., None]) -> Callable[..., None]:
    """Marks a test of an installation."""
    return NEEDS_ROOT(NEEDS_SYSTEMD(NEEDS_POSTGRES(test)))


@dataclass(frozen=True)
class Place:
    """An installation below a folder, with accounts of its own."""

    root: Path
    user: str
    drop: str
    environment: Mapping[str, str]

    @property
    def home(self) -> Path:
        """``CCHC_HOME``."""
        return self.root / "var/lib/cchc"

    @property
    def inbox(self) -> Path:
        """``CCHC_INBOX``."""
        return self.root / "srv/cchc/inbox"

    def run_as(self, user: str, *command: object) -> "subprocess.CompletedProcess[str]":
        """A command as an account, without any further right."""
        return self._run(user, [], *command)

    def cchc(self, *arguments: object) -> "subprocess.CompletedProcess[str]":
        """The command line as the pipeline's account, with nothing else in its environment."""
        seen = self.run_as(self.user, "env", PYTHON, "-c", "import cchc_pipeline").returncode == 0
        rights = [] if seen else SEE_THE_PROGRAM
        said = [f"{name}={value}" for name, value in self.environment.items()]
        program = [PYTHON, "-B", "-m", "cchc_pipeline.cli.app", *arguments]
        return self._run(self.user, rights, "env", "-i", *said, *program)

    def _run(
        self, user: str, rights: list[str], *command: object
    ) -> "subprocess.CompletedProcess[str]":
        become = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs"]
        return subprocess.run(
            [*become, *rights, "--", *map(str, command)],
            check=False, capture_output=True, text=True, umask=0o027, cwd="/",
        )  # fmt: skip


def _tmpfiles(root: Path, accounts: Mapping[str, str]) -> str:
    """The shipped configuration of the folders, below another root and for other accounts."""
    lines = []
    for line in (SHIPPED / "cchc.tmpfiles.conf").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            kind, path, mode, *rest = line.split()
            rest = [accounts.get(word, word) for word in rest]
            lines.append(" ".join([kind, f"{root}{path}", mode, *rest]))
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def place(
    published_home: Path, postgres_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """An empty machine on which a copy was restored as the docs say."""
    user, drop = f"cchc-{os.getpid()}", f"cchc-d-{os.getpid()}"
    root = Path(tempfile.mkdtemp(prefix="cchc-place-"))
    root.chmod(0o755)  # pytest's own folder is closed to other accounts
    with ExitStack() as ended:
        ended.callback(shutil.rmtree, root)
        for name in (user, drop):
            _useradd(name)
            ended.callback(subprocess.run, ["userdel", name], check=True)
        database = ended.enter_context(postgres_server.database("dagster"))
        url = postgres_server.dagster_url(database)
        made = Place(root, user, drop, {"CCHC_DAGSTER_URL": url, "PATH": os.environ["PATH"]})
        _restore(made, _copied(published_home, root, user), root / "folders.conf")
        yield made


def _useradd(name: str) -> None:
    line = next(
        line for line in (SHIPPED / "README.md").read_text("utf-8").splitlines()
        if line.endswith("nologin cchc")
    )  # fmt: skip
    subprocess.run([*shlex.split(line)[:-1], name], check=True)


def _copied(home: Path, root: Path, user: str) -> Path:
    archive = root / "copy.tar.zst"
    assert cchc("backup", archive, "--home", home).code == 0
    shutil.chown(archive, user)
    return archive


def _restore(place: Place, archive: Path, folders: Path) -> None:
    accounts = {"cchc": place.user, "cchc-drop": place.drop}
    folders.write_text(_tmpfiles(place.root, accounts), "utf-8")
    for folder in (place.root / "var", place.root / "var" / "lib"):
        folder.mkdir()
        folder.chmod(0o755)  # whatever the umask of the tests is
    subprocess.run(
        ["install", "-d", "-m", "0711", "-o", place.user, "-g", place.user, place.home], check=True
    )
    done = place.cchc("restore", archive, "--home", place.home)
    assert done.returncode == 0, done.stderr
    subprocess.run(["systemd-tmpfiles", "--create", folders], check=True)
    shutil.copytree(SAMPLE_INBOX, place.inbox, dirs_exist_ok=True, copy_function=shutil.copyfile)
    subprocess.run(["chown", "-R", f"{place.drop}:{place.user}", place.inbox], check=True)
    place.inbox.chmod(0o2750)


@pytest.fixture(scope="module")
def run_again(place: Place) -> "subprocess.CompletedProcess[str]":
    """The month that is out, run again by the pipeline's account."""
    inbox, home = place.inbox, place.home
    shutil.rmtree(home / "made-from")  # so that there is something to make: the month is current
    return place.cchc("run", "2026-09", "--home", home, "--inbox", inbox, "--published-at", FIRST)


@on_a_machine
def test_a_restored_home_is_proved_and_has_nothing_new_to_say(
    place: Place, published_home: Path, run_again: "subprocess.CompletedProcess[str]"
) -> None:
    assert "nothing to publish" in run_again.stdout, run_again.stderr
    verified = place.cchc("verify", "--home", place.home)
    assert (verified.returncode, "failed" in verified.stdout) == (0, False)
    status = place.cchc("status", "--home", place.home, "--inbox", place.inbox)
    assert status.stdout == cchc("status", "--home", published_home, "--inbox", SAMPLE_INBOX).out


@on_a_machine
def test_its_run_is_in_the_database(
    postgres_server: Server,
    place: Place,
    run_again: "subprocess.CompletedProcess[str]",
) -> None:
    assert run_again.returncode == 0
    with postgres_server.connect("dagster").cursor() as cursor:
        cursor.execute("SELECT status, count(*) FROM runs GROUP BY status")
        assert cursor.fetchall() == [("SUCCESS", 2)]
    assert postgres_server.password not in (place.home / "dagster/dagster.yaml").read_text()


@on_a_machine
def test_the_pipeline_cannot_change_what_units_handed_in(
    place: Place, run_again: "subprocess.CompletedProcess[str]"
) -> None:
    assert run_again.returncode == 0
    assert place.run_as(place.user, "find", place.inbox, "-writable").stdout == ""
    assert place.run_as(place.drop, "touch", place.inbox / "x").returncode == 0
    arrived = place.run_as(place.user, "cat", place.inbox / "x")
    assert arrived.returncode == 0


@on_a_machine
def test_the_web_server_reads_the_whole_portal_new_pages_too(
    place: Place, run_again: "subprocess.CompletedProcess[str]"
) -> None:
    assert run_again.returncode == 0
    done = place.cchc("retract", "2026-09.r1", "--reason", "thử", "--home", place.home)
    assert done.returncode == 0, done.stderr
    site = place.home / "portal" / "current"
    read = place.run_as(WEB, "find", "-L", site, "-type", "f", "-readable")
    everything = {str(path) for path in _files(site)}
    assert set(read.stdout.split()) == everything
    assert f"{site}/index.html" in everything
    assert place.run_as(WEB, "cat", site / "index.html").stdout.startswith("<!DOCTYPE html>")


@on_a_machine
def test_the_web_server_sees_nothing_else_and_writes_nowhere(place: Place) -> None:
    for folder in ("raw", "lake", "error-sheets", "dagster"):
        seen = place.run_as(WEB, "ls", place.home / folder)
        assert "Permission denied" in seen.stderr, folder
    assert "Permission denied" in place.run_as(WEB, "ls", place.home).stderr
    writable = ["-writable", "!", "-type", "l"]
    assert place.run_as(WEB, "find", place.home / "portal", *writable).stdout == ""
    assert "Permission denied" in place.run_as(WEB, "touch", place.home / "portal/x").stderr


@on_a_machine
def test_others_read_what_the_web_shows_them_too_and_nothing_else(place: Place) -> None:
    for stranger in ("daemon", place.drop):
        assert place.run_as(stranger, "cat", place.home / "portal/current/index.html").stdout
        for command, closed in (("ls", ""), ("ls", "raw"), ("cat", "portal/journal.jsonl")):
            seen = place.run_as(stranger, command, place.home / closed)
            assert "Permission denied" in seen.stderr, (stranger, closed)


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units as shipped, for the program where it lies here."""
    for name in UNITS:
        text = (
            (SHIPPED / name).read_text("utf-8").replace("/opt/cchc/.venv", str(PYTHON.parents[1]))
        )
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def _analyze(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = ["systemd-analyze", "--no-pager", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


@NEEDS_SYSTEMD
def test_systemd_understands_every_unit(units: Path) -> None:
    judged = _analyze("verify", *(units / name for name in UNITS))
    assert (judged.returncode, judged.stderr) == (0, "")


@NEEDS_SYSTEMD
@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("ProtectSystem=", "ProtectSytem=", "Unknown key"),
        ("bin/dagster-daemon", "bin/dagster-demon", "is not executable"),
    ],
)
def test_a_slip_in_a_unit_would_be_seen(units: Path, right: str, wrong: str, said: str) -> None:
    unit = units / "cchc-daemon.service"
    unit.write_text(unit.read_text("utf-8").replace(right, wrong), "utf-8")
    assert said in _analyze("verify", unit).stderr


@NEEDS_SYSTEMD
@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_a_service_has_no_more_rights_than_it_needs(units: Path, name: str) -> None:
    """The measure of systemd: 0 is nothing, 10 everything; its word up to 2 is OK."""
    judged = _analyze("security", "--offline=true", "--threshold=20", units / name)
    assert judged.returncode == 0, judged.stdout


def test_the_services_are_bounded_alike() -> None:
    """But for the network, and for what each may write or see."""
    bounds = [
        {
            line
            for line in (SHIPPED / name).read_text("utf-8").splitlines()
            if re.match(
                r"(Protect|Private[DMT]|Restrict[NRS]|System|NoNew|Capab|Ambient|Lock)", line
            )
        }
        for name in UNITS[:3]
    ]
    assert bounds[0] == bounds[1] == bounds[2]
    assert len(bounds[0]) > 18


@NEEDS_SYSTEMD
def test_a_service_with_more_rights_would_be_seen(units: Path) -> None:
    unit = units / "cchc-web.service"
    text = re.sub(r"(?m)^(Protect|Restrict|CapabilityB|System).*\n", "", unit.read_text("utf-8"))
    unit.write_text(text, "utf-8")
    assert _analyze("security", "--offline=true", "--threshold=20", unit).returncode != 0


def test_the_services_write_where_the_docs_say_and_the_inbox_is_not_among_it() -> None:
    written = {
        name: re.findall(
            r"^ReadWritePaths=(.*)$", (SHIPPED / name).read_text("utf-8"), re.MULTILINE
        )
        for name in UNITS[:3]
    }
    assert written == {
        "cchc-daemon.service": ["/var/lib/cchc"],
        "cchc-web.service": ["/var/lib/cchc/dagster"],
        "cchc-backup.service": ["/var/lib/cchc/portal /var/lib/cchc/dagster /var/backups/cchc"],
    }


READ_ONLY = """
set -e
mount --make-rprivate /
mount --bind "$1" /mnt
scratch="$2"
mount -t tmpfs none "$scratch"
mount -o remount,bind,ro /
cd /
if touch /written 2>/dev/null; then exit 9; fi
shift 2
"$@"
find "$scratch" -type f
"""
"""Everything but the home, at /mnt, and /tmp is read-only; at the end, what was left in /tmp."""


@NEEDS_ROOT
def test_it_runs_and_publishes_where_only_its_home_and_tmp_can_be_written(tmp_path: Path) -> None:
    """As a container with a read-only root does."""
    scratch = "/var/tmp" if ROOT.is_relative_to("/tmp") else "/tmp"  # noqa: S108
    said = {
        "PATH": os.environ["PATH"], "HOME": scratch, "TMPDIR": scratch, "CCHC_HOME": "/mnt",
        "PYTHONPATH": ROOT,
    }  # fmt: skip
    program = [
        "env", "-i", *(f"{name}={value}" for name, value in said.items()),
        sys.executable, "-B", "-m", "cchc_pipeline",
    ]  # fmt: skip
    month = ["run", "2026-09", "--inbox", SAMPLE_INBOX, "--published-at", FIRST]
    alone = ["unshare", "--mount", "sh", "-c", READ_ONLY, "sh", tmp_path, scratch]
    run = subprocess.run([*alone, *program, *month], check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1].startswith("published 2026-09.r1: /mnt/")
    asked = [*alone, *program, "status", "--health"]
    healthy = subprocess.run(asked, check=False, capture_output=True, text=True)
    assert (healthy.returncode, healthy.stdout) == (0, "healthy: 2026-09.r1\n")


def _instructions() -> list[tuple[str, str]]:
    text = re.sub(r"(?m)^#.*\n", "", (SHIPPED / "Containerfile").read_text("utf-8"))
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines if line]


def test_every_file_that_goes_into_the_image_is_there_and_none_is_missing() -> None:
    copied = {
        source.rstrip("/")
        for word, said in _instructions() if word == "COPY" and "--from" not in said
        for source in said.split()[:-1]
    }  # fmt: skip
    assert all((ROOT / source).exists() for source in copied)
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert packages <= copied
    needed = re.search(r"^\$\(STAMP\): (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert needed is not None
    assert set(needed[1].split()) <= copied


def test_every_program_that_the_image_starts_is_installed() -> None:
    page = (SHIPPED / "README.md").read_text("utf-8")
    started = set(re.findall(r"--entrypoint ([\w-]+)", page))
    started |= {said.strip('[]"') for word, said in _instructions() if word == "ENTRYPOINT"}
    assert started == {"cchc", "dagster-daemon", "dagster-webserver", "python"}
    assert all((PYTHON.parent / name).exists() for name in started)


def test_the_image_asks_for_its_health_by_a_command_that_there_is() -> None:
    (asked,) = [said for word, said in _instructions() if word == "HEALTHCHECK"]
    command = json.loads(asked.partition("CMD ")[2])
    assert command == ["cchc", "status", "--health"]


def test_the_image_runs_as_its_own_account_on_the_python_that_is_tested() -> None:
    said = _instructions()
    assert ("USER", "cchc") in said
    images = {rest.split()[0] for word, rest in said if word == "FROM"}
    assert images == {"python:3.11-slim"}
    assert 'python_version = "3.11"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_every_file_beside_the_docs_is_named_in_them() -> None:
    page = (SHIPPED / "README.md").read_text("utf-8")
    for path in SHIPPED.iterdir():
        assert path.name == "README.md" or f"]({path.name}" in page, path.name
