"""The same dossiers in every format give the same rows, plain or packed."""

from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.simulation import FORMATS, Options, write_sample
from tests.builders.dossier_export import Outcome, read_files
from tests.command_line import SAMPLE_INBOX

MARCH = Month(2024, 3)
PACKED = [(form, packing) for form in FORMATS for packing in ("", ".gz", ".zst")]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """The same 400 rows, broken ones among them, read from each file."""
    register, found = load_register(SAMPLE_INBOX), {}
    for packing in ("", "gz", "zst"):
        folder = tmp_path_factory.mktemp(f"packed-{packing}")
        options = Options(400, 7, 0.05, FORMATS, packing or None)
        for path in write_sample(folder, MARCH, options, register, "H24"):
            content = {path.name: path.read_bytes()}
            found[path.name] = read_files(folder / path.name.replace(".", "-"), content, MARCH,
                                          register)  # fmt: skip
    return found


def _facts(outcome: Outcome) -> list[dict[str, Any]]:
    """The accepted rows without their places, which differ by title and heading rows."""
    places = {"file", "row"}
    rows = [{k: v for k, v in row.items() if k not in places} for row in outcome.accepted]
    return sorted(rows, key=str)


@pytest.mark.parametrize(("form", "packing"), PACKED)
def test_every_format_gives_the_same_accepted_rows(
    outcomes: dict[str, Outcome], form: str, packing: str
) -> None:
    outcome, native = outcomes[f"ho-so-mau.{form}{packing}"], outcomes["ho-so-mau.jsonl"]
    assert _facts(outcome) == _facts(native)
    assert outcome.account == native.account
    assert outcome.account[2] == 20
    assert outcome.reading.provenance == "sample"


def test_no_personal_column_passes_any_reader(outcomes: dict[str, Outcome]) -> None:
    for outcome in outcomes.values():
        told = str(outcome.accepted) + str(outcome.refused)
        assert "Người mẫu" not in told
        assert any("columns not taken" in note for note in outcome.reading.notes)


def test_all_formats_together_are_one_export(tmp_path: Path) -> None:
    register = load_register(SAMPLE_INBOX)
    options = Options(200, 7, 0.0, FORMATS)
    paths = write_sample(tmp_path, MARCH, options, register, "H24")
    files = {path.name: path.read_bytes() for path in paths}
    alone = read_files(tmp_path / "one", {paths[0].name: files[paths[0].name]}, MARCH, register)
    together = read_files(tmp_path / "all", files, MARCH, register)
    received = [row for row in together.accepted if row["received_at"]]
    assert len(received) == len([row for row in alone.accepted if row["received_at"]])
    assert together.account[2] == 0
