"""One table gives one reading, in whatever form it is sent and however its columns are called."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.builders.dossier_export import Outcome, csv_bytes, dossier, read_files
from tests.sources.dossiers.one_table import Names, Row, spellings, tables, written

_PLACES = {"file", "row"}


def told(outcome: Outcome, first_row: int) -> dict[str, Any]:
    """What a reading says, without the places of rows, which differ by the heading row."""
    return {
        "accepted": sorted(
            str({k: v for k, v in row.items() if k not in _PLACES}) for row in outcome.accepted
        ),
        "quarantine": Counter((row["row"] - first_row, row["rule"]) for row in outcome.refused),
        "account": outcome.account,
    }


@settings(
    max_examples=5,
    deadline=None,
    phases=(Phase.generate,),  # to shrink a table that is read nine times takes minutes
    suppress_health_check=list(HealthCheck),
)
@given(rows=tables(), names=spellings())
def test_every_form_gives_the_same_rows_quarantine_and_counts(
    rows: list[Row], names: Names
) -> None:
    readings = {}
    for file, content in written(rows, names).items():
        has_headings = ".csv" in file or file.endswith(".xlsx")
        with tempfile.TemporaryDirectory() as folder:
            readings[file] = told(
                read_files(Path(folder), {file: content}), 2 if has_headings else 1
            )
    first = readings.pop("ho-so-phay.csv")
    assert sum(first["account"][1:]) == len(rows)
    for file, reading in readings.items():
        assert reading == first, file


def test_the_comparison_can_fail(tmp_path: Path) -> None:
    one = told(read_files(tmp_path / "1", {"ho-so.csv": csv_bytes([dossier()])}), 2)
    other = told(read_files(tmp_path / "2", {"ho-so.csv": csv_bytes([dossier(NgayHenTra="")])}), 2)
    with pytest.raises(AssertionError):
        assert one == other
