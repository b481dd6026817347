"""What counts as an arrival: files that are data, not what programs leave behind."""

from pathlib import Path

import pytest

from cchc_pipeline.core.period import Month
from cchc_pipeline.sources.inbox.files import arrivals

MARCH = Month(2024, 3)


@pytest.mark.parametrize(
    "name", ["Thumbs.db", "desktop.ini", "~$ho-so.xlsx", ".DS_Store", ".~lock.a#"]
)
def test_litter_is_no_arrival_and_changes_none(tmp_path: Path, name: str) -> None:
    folder = tmp_path / str(MARCH)
    folder.mkdir()
    (folder / name).write_bytes(b"x")
    assert arrivals(tmp_path) == {}
    (folder / "ho-so.csv").write_bytes(b"x")
    before = arrivals(tmp_path)[MARCH]
    (folder / name).write_bytes(b"xyz")
    assert arrivals(tmp_path)[MARCH] == before


@pytest.mark.parametrize("name", ["ho-so.csv.part", "ho-so.csv.tmp", "ho-so.csv.crdownload"])
def test_a_copy_in_progress_is_no_whole_arrival(tmp_path: Path, name: str) -> None:
    (tmp_path / str(MARCH)).mkdir()
    (tmp_path / str(MARCH) / name).write_bytes(b"x")
    assert not arrivals(tmp_path)[MARCH].is_whole
