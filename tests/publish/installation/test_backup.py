"""A copy of an installation: what is in it, what comes out again, and what is refused."""

import fcntl
import io
import os
import sqlite3
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from publish.installation.backup import LIST
from tests.command_line import Outcome, cchc, copy_home, tree_digest

pytestmark = pytest.mark.usefixtures("settings_of_nobody")


@pytest.fixture(scope="session")
def copy_of_a_home(published_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy of an installation that has published."""
    file = tmp_path_factory.mktemp("backup") / "cchc.tar.zst"
    outcome = cchc("backup", file, "--home", published_home)
    assert outcome.code == 0, outcome.err
    return file


def _unpacked(file: Path) -> bytes:
    with file.open("rb") as packed:
        return zstandard.ZstdDecompressor().stream_reader(packed).read()


def _packed(file: Path, content: bytes) -> Path:
    file.write_bytes(zstandard.compress(content))
    return file


def _with(file: Path, place: Path, change: Callable[[tarfile.TarInfo, bytes], bytes]) -> Path:
    """The same archive with changed members."""
    out = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(_unpacked(file))) as old,
        tarfile.open(fileobj=out, mode="w") as new,
    ):
        for member in old:
            content = old.extractfile(member) if member.isreg() else None
            changed = change(member, content.read() if content else b"")
            member.size = len(changed)
            new.addfile(member, io.BytesIO(changed))
    return _packed(place, out.getvalue())


def _restored(file: Path, home: Path) -> Outcome:
    return cchc("restore", file, "--home", home)


def test_what_comes_out_is_what_went_in(
    copy_of_a_home: Path, published_home: Path, tmp_path: Path
) -> None:
    home = tmp_path / "new" / "home"
    outcome = _restored(copy_of_a_home, home)
    assert outcome.out.startswith("2026-09.r1: ")
    (home / "portal" / ".lock").touch(mode=0o600)
    for part in ("lake", "portal", "error-sheets"):
        assert tree_digest(home / part) == tree_digest(published_home / part), part
    assert sorted(path.name for path in home.iterdir()) == [
        "dagster", "error-sheets", "lake", "made-from", "portal", "raw"
    ]  # fmt: skip
    assert cchc("verify", "--home", home).code == 0
    assert cchc("status", "--home", home).out == cchc("status", "--home", published_home).out


def test_the_copy_is_for_its_owner_only_and_names_no_account(copy_of_a_home: Path) -> None:
    assert copy_of_a_home.stat().st_mode & 0o777 == 0o600
    with tarfile.open(fileobj=io.BytesIO(_unpacked(copy_of_a_home))) as tar:
        members = tar.getmembers()
    assert {(member.uid, member.uname) for member in members} == {(0, "")}
    assert members[-1].name == LIST


def test_what_a_run_makes_again_is_left_out_and_the_rest_is_not(
    published_home: Path, tmp_path: Path
) -> None:
    home = copy_home(published_home, tmp_path / "home")
    (home / "inbox").mkdir()
    (home / "inbox" / "units.csv").touch()
    left = (
        "raw/scratch/x",
        "portal/scratch/x",
        "dagster/storage/x",
        "preview/x",
        "lake/.scores.7.part",
    )
    for name in left:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("x")
    cchc("backup", tmp_path / "copy", "--home", home)
    with tarfile.open(fileobj=io.BytesIO(_unpacked(tmp_path / "copy"))) as tar:
        names = set(tar.getnames())
    assert not names & {*left, "portal/.lock"}
    assert {"raw/blobs", "dagster/dagster.yaml", "portal/journal.jsonl", "inbox/units.csv"} <= names


def test_rights_are_those_of_each_place_and_hard_links_come_back(
    published_home: Path, tmp_path: Path
) -> None:
    home = copy_home(published_home, tmp_path / "home")
    (home / "raw").chmod(0o755)
    (home / "portal").chmod(0o2750)
    record = next((home / "portal" / "store").rglob("release.json"))
    os.link(record, record.with_name("again.json"))
    cchc("backup", tmp_path / "copy", "--home", home)
    _restored(tmp_path / "copy", tmp_path / "new")
    new = tmp_path / "new"
    assert (new / "raw").stat().st_mode & 0o7777 == 0o700
    assert (new / "portal").stat().st_mode & 0o7777 == 0o755
    assert (new / record.relative_to(home)).stat().st_nlink == 2


def test_a_database_is_copied_as_of_one_moment_while_it_is_written_to(
    published_home: Path, tmp_path: Path
) -> None:
    home = copy_home(published_home, tmp_path / "home")
    with sqlite3.connect(home / "dagster" / "schedules" / "schedules.db") as busy:
        busy.execute("PRAGMA journal_mode=WAL")
        busy.execute("CREATE TABLE whole (a int)")
        busy.commit()
        busy.execute("INSERT INTO whole VALUES (1)")
        cchc("backup", tmp_path / "copy", "--home", home)
    _restored(tmp_path / "copy", tmp_path / "new")
    folder = tmp_path / "new" / "dagster"
    with sqlite3.connect(folder / "schedules" / "schedules.db") as copied:
        assert copied.execute("SELECT count(*) FROM whole").fetchone() == (0,)
        assert copied.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_no_copy_is_made_while_somebody_publishes(published_home: Path, tmp_path: Path) -> None:
    home = copy_home(published_home, tmp_path / "home")
    with (home / "portal" / ".lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        outcome = cchc("backup", tmp_path / "copy", "--home", home)
    assert outcome.code == 3
    assert "another publisher is at work" in outcome.problem
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("home/portal/copy", "lies in the home that is copied"),
        ("nowhere/copy", "no such folder"),
        ("there", "is there already"),
    ],
)
def test_a_place_that_cannot_be_meant_is_refused(
    published_home: Path, tmp_path: Path, file: str, said: str
) -> None:
    home = copy_home(published_home, tmp_path / "home")
    (tmp_path / "there").touch()
    outcome = cchc("backup", tmp_path / file, "--home", home)
    assert outcome.code == 2
    assert said in outcome.problem


def test_what_a_link_leads_to_outside_is_not_copied_and_that_is_said(
    published_home: Path, tmp_path: Path
) -> None:
    home = copy_home(published_home, tmp_path / "home")
    (home / "inbox").symlink_to(tmp_path)
    outcome = cchc("backup", tmp_path / "copy", "--home", home)
    assert "not in it: inbox is a link out of the home" in outcome.err
    assert _restored(tmp_path / "copy", tmp_path / "new").code == 0
    assert not (tmp_path / "new" / "inbox").exists()


def test_a_store_on_another_disk_is_copied_like_any_other(
    published_home: Path, tmp_path: Path
) -> None:
    home = copy_home(published_home, tmp_path / "home")
    (home / "portal" / "store").rename(tmp_path / "store")
    (home / "portal" / "store").symlink_to(tmp_path / "store")
    outcome = cchc("backup", tmp_path / "copy", "--home", home)
    assert "link out of the home" not in outcome.err
    _restored(tmp_path / "copy", tmp_path / "new")
    assert not (tmp_path / "new" / "portal" / "store").is_symlink()
    assert cchc("verify", "--home", tmp_path / "new").code == 0


def test_a_failure_leaves_no_file(published_home: Path, tmp_path: Path) -> None:
    home = copy_home(published_home, tmp_path / "home")
    os.mkfifo(home / "portal" / "pipe")
    (tmp_path / "out").mkdir()
    outcome = cchc("backup", tmp_path / "out" / "copy", "--home", home)
    assert outcome.code == 1
    assert "pipe: is neither a file nor a folder nor a link -> remove it" in outcome.problem
    assert list((tmp_path / "out").iterdir()) == []


def _refused(file: Path, home: Path) -> str:
    """The one line of a restoration that is refused and leaves nothing."""
    outcome = _restored(file, home)
    assert outcome.code == 1
    assert not home.exists()
    assert outcome.problem.count("\n") == 0
    assert "damaged or cut off" in outcome.problem
    return outcome.problem


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_an_archive_that_was_cut_off_is_refused(
    copy_of_a_home: Path, tmp_path: Path, share: float
) -> None:
    whole = copy_of_a_home.read_bytes()
    (tmp_path / "cut").write_bytes(whole[: int(len(whole) * share)])
    _refused(tmp_path / "cut", tmp_path / "home")


def test_an_archive_that_was_cut_off_between_two_members_lacks_its_list(
    copy_of_a_home: Path, tmp_path: Path
) -> None:
    content = _unpacked(copy_of_a_home)
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        end = tar.getmembers()[-1].offset
    said = _refused(_packed(tmp_path / "cut", content[:end]), tmp_path / "home")
    assert "list of contents is missing" in said


def test_a_flipped_bit_is_found(copy_of_a_home: Path, tmp_path: Path) -> None:
    content = bytearray(copy_of_a_home.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "bad").write_bytes(content)
    _refused(tmp_path / "bad", tmp_path / "home")


def test_a_file_that_was_changed_or_added_is_named(copy_of_a_home: Path, tmp_path: Path) -> None:
    def change(member: tarfile.TarInfo, content: bytes) -> bytes:
        return content + b"x" if member.name == "portal/shown" else content

    changed = _with(copy_of_a_home, tmp_path / "changed", change)
    assert "portal/shown is not what was copied" in _refused(changed, tmp_path / "home")


@pytest.mark.parametrize(
    ("name", "kind", "target"),
    [
        ("/tmp/cchc-outside", tarfile.REGTYPE, ""),  # noqa: S108 - refused before it is written
        ("portal/../../outside", tarfile.REGTYPE, ""),
        ("portal/shown", tarfile.SYMTYPE, "/etc/passwd"),
        ("portal/shown", tarfile.SYMTYPE, "../../outside"),
        ("portal/shown", tarfile.LNKTYPE, "../outside"),
        ("portal/shown", tarfile.CHRTYPE, ""),
        ("portal/shown", tarfile.FIFOTYPE, ""),
    ],
)
def test_a_member_that_would_reach_outside_is_refused(
    copy_of_a_home: Path, tmp_path: Path, name: str, kind: bytes, target: str
) -> None:
    def change(member: tarfile.TarInfo, content: bytes) -> bytes:
        if member.name != "portal/shown":
            return content
        member.name, member.type, member.linkname = name, kind, target
        return b""

    hostile = _with(copy_of_a_home, tmp_path / "hostile", change)
    _refused(hostile, tmp_path / "home")
    assert {path.name for path in tmp_path.iterdir()} <= {"hostile", "elsewhere"}
    assert not Path("/tmp/cchc-outside").exists()  # noqa: S108


def test_something_else_is_no_copy(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Kính gửi")
    _refused(tmp_path / "letter", tmp_path / "home")
    _refused(_packed(tmp_path / "packed", b"Kinh gui" * 200), tmp_path / "home")


def test_a_copy_of_a_later_version_is_named(copy_of_a_home: Path, tmp_path: Path) -> None:
    def change(member: tarfile.TarInfo, content: bytes) -> bytes:
        if member.name == LIST:
            return content.replace(b'"format": 1', b'"format": 2')
        return content

    outcome = _restored(_with(copy_of_a_home, tmp_path / "later", change), tmp_path / "home")
    assert "unpack it with that version" in outcome.problem
    assert not (tmp_path / "home").exists()


def test_a_home_that_is_in_use_is_never_restored_over(copy_of_a_home: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thu").touch()
    outcome = _restored(copy_of_a_home, tmp_path / "home")
    assert outcome.code == 2
    assert "is not empty" in outcome.problem
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["thu"]


def test_what_a_killed_restoration_left_is_cleared(copy_of_a_home: Path, tmp_path: Path) -> None:
    (tmp_path / "home" / ".restoring" / "lake").mkdir(parents=True)
    (tmp_path / "home" / "lost+found").mkdir()
    assert _restored(copy_of_a_home, tmp_path / "home").code == 0
    assert not (tmp_path / "home" / ".restoring").exists()
