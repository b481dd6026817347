"""The bundled sample: what it holds, and that it says what it is."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "schemas" / "sample" / "inbox"
SHARED = ROOT.parent / "shared" / "portal-data"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    path = ROOT / "tests" / "fixtures" / "make_sample_inbox.py"
    spec = importlib.util.spec_from_file_location("make_sample_inbox", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_generated_part_is_what_its_generator_makes(generator: ModuleType) -> None:
    for name, content in generator.files().items():
        assert (SAMPLE / name).read_bytes() == content, f"run {generator.__file__}"


def test_every_unit_below_the_city_is_marked_as_a_sample() -> None:
    rows = (SAMPLE / "units.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert len(rows) == 21
    assert all("DỮ LIỆU MẪU" in row and ",sample," in row for row in rows)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/portal-data is absent")
def test_the_figures_of_the_city_and_of_the_provinces_are_the_captured_ones() -> None:
    def rows(path: Path) -> dict[str, object]:
        data = json.loads(path.read_text(encoding="utf-8"))["data"]
        return {
            r["departmentCode"]: (r["totalScore"], r["groupScores"]) for r in data["evaluation"]
        }

    ours = SAMPLE / "2026-09" / "portal"
    captured = SHARED / "national" / "2026-10-10" / "service-results.year.json"
    assert rows(ours / "service-results.year.json") == rows(captured)
    for path in (SHARED / "hai-phong-H24" / "2026-10-10b").glob("*.H24.year.json"):
        theirs = json.loads(path.read_text(encoding="utf-8"))["data"]
        mine = json.loads((ours / path.name).read_text(encoding="utf-8"))["data"]
        place = "overview" if "overview" in theirs else "parent"
        assert mine[place] == theirs[place]
