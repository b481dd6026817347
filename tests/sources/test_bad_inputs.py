"""Damaged inputs of every kind: read, or refused by name in one short and safe line.

A few of each kind; ``python -m benchmarks.bad_inputs`` reads thousands.
"""

from pathlib import Path

import pytest

from tests.builders.bad_inputs import Kind, damaged, kinds, try_to_read

KINDS = {kind.name: kind for kind in kinds()}
CASES = range(9)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_good_file_is_read(kind: Kind, tmp_path: Path) -> None:
    assert try_to_read(kind, kind.good(), tmp_path).outcome == "read"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_damaged_file_is_read_or_refused_by_its_name(kind: Kind, tmp_path: Path) -> None:
    for case in CASES:
        folder = tmp_path / str(case)
        folder.mkdir()
        verdict = try_to_read(kind, damaged(kind, f"suite-{case}"), folder)
        assert verdict.outcome in {"read", "refused"}, f"case {case}: {verdict}"


def test_the_judge_of_answers_can_fail(tmp_path: Path) -> None:
    kind = KINDS["units"]

    def says(line: str) -> Kind:
        return Kind(kind.name, kind.file, kind.good, kind.damage, lambda *_: iter([line]))

    def breaks(*_: object) -> None:
        raise KeyError("x")

    outcomes = {
        "refused": says("units.csv, row 2: no"),
        "names no file": says("row 2: no"),
        "too long": says("units.csv" + "x" * 500),
        "raw characters": says("units.csv \x1b[2J"),
        "unexpected": Kind(kind.name, kind.file, kind.good, kind.damage, breaks),  # type: ignore[arg-type]
    }
    for outcome, answer in outcomes.items():
        assert try_to_read(answer, b"", tmp_path).outcome == outcome
