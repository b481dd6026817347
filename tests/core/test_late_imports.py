"""What libraries import and nobody uses is not loaded, is whole when touched, may be absent."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from cchc_pipeline.core.late_imports import unused_modules_late

_PROGRAM = """
import sys
from cchc_pipeline.contracts.checks import _great_expectations
_great_expectations()
print({"altair.vegalite", "scipy.stats._stats_py"} & sys.modules.keys())
"""


def test_great_expectations_loads_neither_statistics_nor_charts() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


def test_a_module_that_is_put_off_is_whole_as_soon_as_it_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "put_off.py").write_text("import sys\nsys.put_off = True\nANSWER = 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    with unused_modules_late(frozenset({"put_off"})):
        put_off = import_module("put_off")
    assert not hasattr(sys, "put_off")
    assert put_off.ANSWER == 42
    assert hasattr(sys, "put_off")


def test_one_that_is_not_installed_can_be_imported_and_says_so_when_it_is_used() -> None:
    with unused_modules_late(frozenset({"nowhere.inside"})):
        inside = import_module("nowhere.inside")
    with pytest.raises(ModuleNotFoundError, match="is not installed: no contract"):
        assert inside.anything


@pytest.mark.parametrize("name", ["nowhere", "nowhere.inside"])
def test_whoever_asks_later_learns_that_it_is_not_there(name: str) -> None:
    with unused_modules_late(frozenset({"nowhere.inside"})):
        import_module("nowhere.inside")
    with pytest.raises(ModuleNotFoundError, match="No module named 'nowhere'"):
        import_module(name)
