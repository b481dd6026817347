"""The verifier that readers get: alone, on the standard library, it finds every kind of damage."""

import ast
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cchc_pipeline.methodology import load_methodology
from publish.gates.figures import load_rules
from publish.model import SUMS, Draft
from publish.portal.publication import VERIFIER, release_files
from publish.verify import standalone as verifier
from tests.publish.small_release import METHODOLOGY
from tests.publish.verify.damaged_release import (
    BAD_CELLS,
    BOMB,
    DAMAGES,
    OUTSIDE,
    Damage,
    in_csv,
    in_sheet,
    on_file,
    whole_release,
)

SCRIPT = Path(verifier.__file__)
CHECKS = len(verifier.CHECKS)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A small release."""
    return whole_release(tmp_path / "r1")


def run(*arguments: object, script: Path = SCRIPT) -> tuple[int, str]:
    """Run the verifier as a reader would, without this project and its libraries."""
    command = [sys.executable, "-I", "-S", str(script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def failed(out: str) -> list[str]:
    """The titles of the checks that failed."""
    return re.findall(r"^LỖI  (.*)$", out, re.MULTILINE)


def test_a_whole_release_passes_every_check(release: Path) -> None:
    code, out = run(release)
    assert (code, len(re.findall("^OK ", out, re.MULTILINE))) == (0, CHECKS), out


def test_what_it_does_not_check_is_said(release: Path) -> None:
    assert re.search("^–.*Parquet", run(release)[1], re.MULTILINE)


def test_it_verifies_the_folder_that_it_lies_in(release: Path) -> None:
    assert run(script=release / VERIFIER)[0] == 0


@pytest.mark.parametrize("damage", [d for d in DAMAGES if d.title], ids=lambda d: d.name)
def test_damage_is_found_by_one_check_with_a_line_that_names_it(
    damage: Damage, release: Path
) -> None:
    damage.do(release)
    code, out = run(release)
    assert code == 1
    assert len(failed(out)) == 1, out
    assert failed(out)[0].startswith(damage.title)
    assert damage.says in out.partition(failed(out)[0])[2].splitlines()[1]


@pytest.mark.parametrize(("column", "text", "table"), BAD_CELLS)
def test_a_cell_that_is_not_of_its_type_is_named(
    column: str, text: str, table: str, release: Path
) -> None:
    on_file(f"data/{table}.csv", in_csv(column, text))(release)
    code, out = run(release)
    assert code == 1
    assert re.search(rf"data/{table}\.csv: .*line 2, {column}: '{re.escape(text)}'", out), out


def test_a_heading_that_is_not_declared_is_named(release: Path) -> None:
    on_file("data/units.csv", lambda content: content.replace(b"level", b"niveau", 1))(release)
    assert "data/units.csv: tiêu đề" in run(release)[1]


def test_a_workbook_that_declares_entities_is_not_read(release: Path) -> None:
    on_file("formats/units.xlsx", in_sheet(b"<worksheet", BOMB))(release)
    code, out = run(release)
    assert code == 1
    assert "formats/units.xlsx: không đọc được" in out
    assert "not safe" in out


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_that_leads_out_of_the_folder_is_not_read(name: str, release: Path) -> None:
    path = release / SUMS
    path.write_text(f"{'0' * 64}  {name}\n{path.read_text()}")
    code, out = run(release)
    assert code == 1
    assert "lies outside the folder" in out


@pytest.mark.parametrize("content", ["", "nothing", "\xff"])
def test_what_is_no_release_fails_in_lines_and_not_in_a_traceback(
    content: str, tmp_path: Path
) -> None:
    (tmp_path / SUMS).write_text(content, encoding="latin-1")
    code, out = run(tmp_path)
    assert code == 1
    assert "Traceback" not in out


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:  # a test prints nothing
        pass


@pytest.fixture
def address(release: Path) -> Iterator[str]:
    """The release on a web server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(release))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_release_on_the_web_is_verified_by_its_address(address: str) -> None:
    assert run(address)[0] == 0


def test_a_file_that_the_web_does_not_have_is_named(address: str, release: Path) -> None:
    (release / "LICENSE.md").unlink()
    code, out = run(address)
    assert code == 1
    assert "LICENSE.md: thiếu" in out


def test_it_imports_the_standard_library_only_and_speaks_old_python() -> None:
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 9))
    named = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {
        name.split(".")[0]
        for node in named
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else
                     [alias.name for alias in node.names])
    }  # fmt: skip
    assert modules <= sys.stdlib_module_names


def test_it_is_short_enough_to_be_read() -> None:
    assert len(SCRIPT.read_text(encoding="utf-8").splitlines()) <= 300


def test_its_bytes_are_those_of_the_file_with_lines_that_end_with_lf(good_draft: Draft) -> None:
    carried = release_files(good_draft)[VERIFIER]
    assert carried == SCRIPT.read_bytes()
    assert b"\r" not in carried


def test_its_rules_are_those_of_the_project() -> None:
    stated = {table.replace("_", "-"): value for table, value in load_rules().stated_values.items()}
    assert dict(verifier.STATED) == stated
    assert float(load_methodology(METHODOLOGY).tolerance) == verifier.TOLERANCE
