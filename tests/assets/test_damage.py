"""A damaged installation is told in one line by whoever meets it, with what mends it; that mends.

Some pairs of damage and file; ``python -m tests.assets.damages`` tries all of them.
"""

import json
import os
import re
import shutil
import time
from dataclasses import astuple
from datetime import datetime
from pathlib import Path

import pytest

from assets.damage import quick_look
from assets.staleness import MadeFrom
from cchc_pipeline.core.files import Remembered
from cchc_pipeline.core.modes import make_home
from cchc_pipeline.settings import load_settings
from publish.installation.findings import DamageWords, damage_words
from publish.installation.mending import set_aside
from tests.assets.damages import CASES, MONTH, ZONES, damaged, tried
from tests.command_line import SAMPLE_INBOX, SECOND, cchc, copy_home, run, tree_digest

pytestmark = pytest.mark.usefixtures("settings_of_nobody")
CHOSEN = [
    ("bytes of the raw archive", "flipped"),
    ("bytes of the raw archive", "foreign"),
    ("record of a delivery", "removed"),
    ("delivery that stands", "empty"),
    ("record of a release", "flipped"),
    ("table of a release", "cut"),
    ("page", "foreign"),
    ("index", "cut"),
    ("journal", "removed"),
    ("releases ever shown", "flipped"),
    ("runs of Dagster", "cut"),
    ("events of Dagster", "empty"),
]
NOW = datetime.fromisoformat(SECOND)
MADE_AGAIN = [("units of the lake", "cut")]


@pytest.fixture(scope="module")
def copy_of_march(march_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup from before the damage."""
    file = tmp_path_factory.mktemp("copy") / "cchc.tar.zst"
    assert cchc("backup", file, "--home", march_home).code == 0
    return file


@pytest.fixture
def home(march_home: Path, tmp_path: Path) -> Path:
    """An installation to damage."""
    copy = copy_home(march_home, tmp_path / "home")
    make_home(copy)
    return copy


@pytest.mark.parametrize(("zone", "damage"), CHOSEN)
def test_damage_is_told_in_one_line_and_the_command_in_it_mends(
    zone: str, damage: str, home: Path, copy_of_march: Path
) -> None:
    before = tree_digest(home / "portal" / "store")
    assert tried(damaged(home, zone, damage), copy_of_march).faults == []
    assert tree_digest(home / "portal" / "store") == before


@pytest.mark.slow
@pytest.mark.parametrize(("zone", "damage"), MADE_AGAIN)
def test_a_damaged_table_is_made_again_by_a_run_and_the_release_is_the_same(
    zone: str, damage: str, home: Path, copy_of_march: Path
) -> None:
    before = tree_digest(home / "portal" / "store")
    assert tried(damaged(home, zone, damage), copy_of_march).faults == []
    assert tree_digest(home / "portal" / "store") == before


def test_the_table_of_all_cases_has_every_zone() -> None:
    assert {zone for zone, _ in CASES} == {*ZONES}
    assert {*CHOSEN, *MADE_AGAIN} <= {*CASES}


def test_a_whole_installation_is_whole_and_nothing_is_mended(home: Path) -> None:
    given = ("--home", home, "--inbox", SAMPLE_INBOX)
    proved = cchc("verify", "--installation", *given)
    assert (proved.code, proved.out.startswith("whole: ")) == (0, True)
    assert cchc("mend", *given).out == "there is nothing to mend\n"
    told = json.loads(cchc("verify", "--installation", *given, "--json").out)
    assert (told["passed"], told["damaged"]) == (True, [])
    assert told["files"] > 300


def test_a_bit_that_fell_without_any_writing_is_found_and_made_again(home: Path) -> None:
    """What the file system says of a file is what is remembered: only its bytes tell."""
    table = next(home.glob(ZONES["table of the lake"]))
    memory = home / "made-from" / "digests.json"
    digest = json.loads(memory.read_bytes()).get(str(table), [0, 0, 0, ""])[3]
    recorded = json.loads((home / f"made-from/{MONTH}/alone.json").read_bytes())["files"]
    content = bytearray(table.read_bytes())
    content[len(content) // 2] ^= 1
    table.write_bytes(content)
    state = table.stat()
    told = Remembered(state.st_ino, state.st_size, state.st_ctime_ns, "")
    known = {str(table): [*astuple(told)[:3], recorded[table.relative_to(home).as_posix()]]}
    memory.write_text(json.dumps(known), encoding="utf-8")
    given = ("--home", home, "--inbox", SAMPLE_INBOX)
    assert digest in {"", known[str(table)][3]}
    assert cchc("status", *given).code == 0, "a quick look trusts the file system"
    found = cchc("verify", "--installation", *given)
    assert found.code == 1
    assert found.out.endswith("-> made again from the raw archive: cchc run --all\n")
    assert cchc("run", "--all", *given, "--published-at", SECOND).code == 0
    assert cchc("verify", "--installation", *given).code == 0


@pytest.mark.parametrize("damage", ["cut", "removed"])
def test_raw_bytes_that_still_lie_in_the_inbox_are_taken_from_there(
    damage: str, home: Path
) -> None:
    case = damaged(home, "bytes of the raw archive", damage)
    given = ("--home", home, "--inbox", SAMPLE_INBOX)
    assert cchc("mend", *given).out == f"mended: {case.place}\n"
    assert cchc("verify", "--installation", *given).code == 0


def test_what_no_backup_has_is_left_and_told(home: Path, tmp_path: Path) -> None:
    case = damaged(home, "bytes of the raw archive", "cut")
    (tmp_path / "empty").mkdir()
    left = cchc("mend", "--home", home, "--inbox", tmp_path / "empty")
    assert left.code == 1
    assert left.out.startswith(f"left: {case.place}: is not what was written (at some time since ")
    assert left.out.endswith("-> from a backup: cchc mend --from FILE\n")


def test_nothing_is_published_over_damage(home: Path) -> None:
    damaged(home, "record of a release", "flipped")
    said = run(home, SAMPLE_INBOX, at=SECOND)
    assert said.code == 1
    assert said.problem.startswith("cchc: portal/store/2024-03/r1/release.json: is not what")


@pytest.mark.parametrize(
    ("zone", "command"),
    [
        ("record of a release", ("export", "--out", "OUT")),
        ("index", ("export", "--out", "OUT")),
        ("table of a release", ("diff", "2024-03.r1", "2024-03.r1")),
        ("record of a release", ("rollback", "2024-03.r1")),
    ],
)
def test_whoever_reads_a_damaged_file_says_so_in_one_line(
    zone: str, command: tuple[str, ...], home: Path, tmp_path: Path
) -> None:
    damaged(home, zone, "cut")
    out = [str(tmp_path / "out") if word == "OUT" else word for word in command]
    said = cchc(*out, "--home", home)
    assert (said.code, said.problem.count("\n")) == (1, 0)
    assert "is damaged: it is not what was written -> from a backup: cchc mend" in said.problem


def test_it_is_told_in_the_readers_language(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_LANG", "vi")
    damaged(home, "journal", "empty")
    said = cchc("verify", "--installation", "--home", home, "--inbox", SAMPLE_INBOX).out
    assert said.startswith("portal/journal.jsonl: rỗng (từ ")
    assert said.endswith(" trở đi) -> dựng lại từ những gì còn nguyên: cchc mend\n")


def test_both_languages_have_every_word_with_the_same_names() -> None:
    words: DamageWords = damage_words()
    texts = [words.line, *words.kinds.values(), *words.mends.values(), *words.says.values()]
    for text in texts:
        assert sorted(re.findall(r"{\w+}", text.vi)) == sorted(re.findall(r"{\w+}", text.en))


def test_rights_that_are_too_wide_are_told_and_mended(home: Path) -> None:
    (home / "raw").chmod(0o755)
    given = ("--home", home, "--inbox", SAMPLE_INBOX)
    said = cchc("status", *given)
    assert said.code == 0, "every file is whole"
    assert said.out.startswith("raw: others may read it: 0755 in place of 0700 (at some time")
    assert json.loads(cchc("status", *given, "--json").out)["damaged"][0]["kind"] == "wide"
    assert cchc("verify", "--installation", *given).code == 1
    assert cchc("mend", *given).out == "mended: raw\n"
    assert (home / "raw").stat().st_mode & 0o777 == 0o700


def test_a_quick_look_takes_a_fraction_of_a_second(home: Path) -> None:
    settings = load_settings(home=home, inbox=SAMPLE_INBOX)
    made_from = MadeFrom(settings, NOW)
    quick_look(settings, made_from)
    begun = time.process_time()
    assert quick_look(settings, made_from) == []
    assert time.process_time() - begun < 1


def test_a_database_that_does_not_answer_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("dagster_postgres")
    monkeypatch.setenv("CCHC_DAGSTER_URL", "postgresql+psycopg2://x:y@127.0.0.1:1/dagster")
    said = cchc("verify", "--installation", "--home", home, "--inbox", SAMPLE_INBOX)
    assert said.code == 1
    assert said.out.startswith("CCHC_DAGSTER_URL: cannot be reached")


def test_a_damaged_file_that_other_releases_share_is_put_back_for_each(home: Path) -> None:
    """Files of a release are links to those of the one before where the bytes are the same."""
    table = home / "portal/store/2024-03/r1/data/scores.csv"
    twin = home / "portal/twin"
    os.link(table, twin)
    shutil.copy(table, home.parent / "whole")
    content = table.read_bytes()
    twin.write_bytes(b"x" + content)
    place = set_aside(home, table.relative_to(home).as_posix(), NOW)
    assert place is not None
    assert (twin.read_bytes(), place.stat().st_mode & 0o777) == (b"x" + content, 0o600)
    assert twin.stat().st_mode & 0o777 == 0o644
