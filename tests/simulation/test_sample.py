"""The bundled sample: what it holds, and that it says what it is."""

import gzip
import importlib.util
import io
import json
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "schemas" / "sample" / "inbox"
SHARED = ROOT.parent / "shared" / "portal-data"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    return _script("make_sample_inbox")


@pytest.fixture(scope="module")
def dossier_generator() -> ModuleType:
    return _script("make_sample_dossiers")


def _script(name: str) -> ModuleType:
    path = ROOT / "tests" / "builders" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
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


def test_the_dossiers_are_what_their_generator_makes(
    dossier_generator: ModuleType, tmp_path: Path
) -> None:
    made = dossier_generator.make(tmp_path)
    bundled = sorted(SAMPLE.glob("*/ho-so*"))
    assert bundled == [SAMPLE / path.relative_to(tmp_path) for path in sorted(made)]
    for path in made:
        ours = SAMPLE / path.relative_to(tmp_path)
        assert _unpacked(ours) == _unpacked(path), f"run {dossier_generator.__file__}"


def _unpacked(path: Path) -> dict[str, bytes]:
    """What a file holds: another build of zlib packs the same content into other bytes."""
    if path.suffix == ".gz":
        return {"": gzip.decompress(path.read_bytes())}
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            return {name: book.read(name) for name in book.namelist()}
    return {"": path.read_bytes()}


def test_the_smaller_inputs_are_what_their_generator_makes() -> None:
    generator = _script("make_sample_inputs")
    for name, content in generator.files().items():
        made = SAMPLE / name
        if made.suffix == ".xlsx":
            with zipfile.ZipFile(made) as ours, zipfile.ZipFile(io.BytesIO(content)) as theirs:
                sheets = [n for n in ours.namelist() if n.startswith("xl/worksheets/")]
                assert [ours.read(n) for n in sheets] == [theirs.read(n) for n in sheets]
        else:
            assert made.read_bytes() == content, f"run {generator.__file__}"


def test_the_dossiers_are_small_in_the_repository() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.glob("*/ho-so*")) < 1_500_000


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
