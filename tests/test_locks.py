"""What is installed: locked by hash, one version for running and testing, no test package to run.

Belongs here: the lock files. Does not: what an installation does.
"""

import re
import tomllib
from pathlib import Path

import pytest

from cchc_pipeline.core.errors import with_extra
from cchc_pipeline.core.late_imports import UNUSED

ROOT = Path(__file__).parents[1]
RUNTIME, DEVELOPMENT, TOOLS = (
    ROOT / f"requirements{name}.lock" for name in ("", "-dev", "-install")
)
_PINNED = re.compile(
    r"^([a-z0-9._-]+)==(\S+)((?: \\\n +--hash=sha256:[0-9a-f]{64})+)$", re.MULTILINE
)


def versions(lock: Path) -> dict[str, str]:
    return {name: version for name, version, _ in _PINNED.findall(lock.read_text(encoding="utf-8"))}


def declared(*extras: str) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"]]
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    return {re.split(r"[<>=\[ ]", line)[0].lower().replace("_", "-") for line in lines}


@pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT, TOOLS], ids=lambda path: path.name)
def test_every_line_of_a_lock_is_a_version_with_its_hashes(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert _PINNED.sub("", text).strip() == ""
    assert versions(lock)


def test_what_runs_has_all_that_it_needs_and_nothing_that_only_tests_need() -> None:
    held = set(versions(RUNTIME))
    assert declared("sign", "postgres") <= held
    of_tests = declared("dev") - declared("sign", "postgres")
    assert not held & of_tests
    assert of_tests >= {"pytest", "pyspark", "playwright", "hypothesis", "mypy", "ruff", "rdflib"}


def test_tests_run_on_the_versions_that_run() -> None:
    tested = versions(DEVELOPMENT)
    assert {name: tested.get(name) for name in versions(RUNTIME)} == versions(RUNTIME)
    assert declared("dev") <= tested.keys()


def test_what_no_contract_uses_is_in_no_lock_and_can_be_done_without() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    left_out = set(project["tool"]["uv"]["exclude-dependencies"])
    assert not left_out & (versions(RUNTIME).keys() | versions(DEVELOPMENT).keys())
    assert left_out <= {name.partition(".")[0] for name in UNUSED}


@pytest.mark.parametrize("extra", ["sign", "postgres", "spark", "celery"])
def test_every_optional_part_is_installed_in_one_way_at_the_versions_that_are_tested(
    extra: str,
) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "--constraints requirements-dev.lock --editable '.[$(EXTRA)]'" in makefile
    assert with_extra(extra).startswith(f"make extra EXTRA={extra}")
    assert declared(extra) <= versions(DEVELOPMENT).keys()
