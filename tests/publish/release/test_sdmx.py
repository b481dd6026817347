"""A release in SDMX: valid by its own library, and the same rows when that reads it back."""

import csv
import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pysdmx.io import get_datasets, read_sdmx

from cchc_pipeline.contracts import load_code_list
from cchc_pipeline.core.errors import CheckFailedError, UsageError
from publish.model import DESCRIPTOR, Published
from publish.release.export import write_out
from publish.release.sdmx import STRUCTURE, sdmx_files, written_codes
from tests.publish.small_release import FIRST, FIRST_RELEASE, ROOT
from tests.publish.verify.damaged_release import whole_release

OBSERVED = ("scores", "plan_indicators", "dossier_statistics", "petition_statistics")
Node = Mapping[str, Any]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A small release in a folder."""
    folder = whole_release(tmp_path_factory.mktemp("sdmx") / "r1")
    return replace(FIRST_RELEASE, folder=folder)


@pytest.fixture(scope="module")
def out(release: Published, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It in SDMX."""
    folder = tmp_path_factory.mktemp("sdmx") / "out"
    write_out(sdmx_files(release, (), ROOT), folder)
    return folder


def message(out: Path) -> Node:
    found: Node = json.loads((out / STRUCTURE).read_bytes())
    return found


def lists(out: Path) -> dict[str, Node]:
    return {f"{one['agencyID']}:{one['id']}": one for one in message(out)["data"]["codelists"]}


def test_the_structure_is_valid_and_has_each_table_whose_rows_have_a_status(out: Path) -> None:
    told = read_sdmx(out / STRUCTURE, validate=True)
    flows = [one.id for one in told.get_dataflows()]
    assert flows == [f"DF_{name.upper()}" for name in OBSERVED]
    assert {path.name for path in out.iterdir()} == {STRUCTURE, *(f"{n}.csv" for n in OBSERVED)}


@pytest.mark.parametrize("table", OBSERVED)
def test_the_same_rows_are_read_back(table: str, out: Path, release: Published) -> None:
    (found,) = get_datasets(out / f"{table}.csv", out / STRUCTURE, validate=True)
    path = release.folder / "data" / f"{table}.csv"
    rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
    records = found.data.to_dict(orient="records")
    assert len(records) == len(rows) > 0
    for row, record in zip(rows, records, strict=True):
        assert {is_time(name) for name in row} == set(record)
        for name, cell in row.items():
            assert same(cell, record[is_time(name)]), (name, cell, record)


def is_time(column: str) -> str:
    return "TIME_PERIOD" if column == "period" else column.upper()


def same(cell: str, value: Any) -> bool:
    """Whether a cell was read as it is; SDMX has no dots in codes, nor a form of numbers."""
    if not cell or value is None or value != value:  # noqa: PLR0124 - not a number
        return not cell and (value in {None, ""} or value != value)  # noqa: PLR0124
    if str(value) in {cell, cell.replace(".", "_")} or str(value).lower() == cell:
        return True
    return float(cell) == float(value)


def test_dimensions_are_the_key_and_numbers_are_measures(out: Path) -> None:
    (told,) = (
        one["dataStructureComponents"]
        for one in message(out)["data"]["dataStructures"]
        if one["id"] == "DSD_SCORES"
    )
    of = told["dimensionList"]
    assert [one["id"] for one in of["dimensions"]] == ["BASIS", "UNIT_CODE", "METRIC_CODE"]
    assert of["timeDimension"]["id"] == "TIME_PERIOD"
    measures = [one["id"] for one in told["measureList"]["measures"]]
    assert measures[0] == "SCORE" and "RANK" in measures
    attributes = {one["id"]: one["usage"] for one in told["attributeList"]["attributes"]}
    assert attributes["OBS_STATUS"] == "mandatory"
    assert attributes["QUALITY_FLAG"] == "optional"


def test_statuses_are_part_of_the_official_lists(out: Path) -> None:
    status = lists(out)["SDMX:CL_OBS_STATUS"]
    assert status["isPartial"]
    ours = [code.code for code in load_code_list("obs_status").codes]
    assert sorted(code["id"] for code in status["codes"]) == sorted(ours)
    assert "SDMX:CL_CONF_STATUS" in lists(out)


def test_a_code_with_a_dot_is_written_without_it_and_told_in_the_list(out: Path) -> None:
    units = {code["id"]: code for code in lists(out)[f"{ROOT}:CL_UNIT_CODE"]["codes"]}
    assert units["Z00_01"]["annotations"] == [{"type": "CODE", "title": FIRST}]
    assert "annotations" not in units[ROOT]
    assert units[ROOT]["names"] == {"vi": f"Đơn vị thử {ROOT}", "en": f"Trial unit {ROOT}"}


def test_two_codes_that_would_be_one_are_refused() -> None:
    with pytest.raises(CheckFailedError, match="two codes of a list are one"):
        written_codes(["Z00.1", "Z00_1"])


def test_a_sample_is_a_test_and_says_so_in_each_title(release: Published, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(release.folder, tmp_path / "r1"))
    descriptor = json.loads((folder / DESCRIPTOR).read_bytes()) | {"provenance": "sample"}
    (folder / DESCRIPTOR).write_text(json.dumps(descriptor), encoding="utf-8")
    told = json.loads(sdmx_files(replace(FIRST_RELEASE, folder=folder), (), ROOT)[STRUCTURE])
    assert told["meta"]["test"] is True
    assert all(one["name"].startswith("DỮ LIỆU MẪU: ") for one in told["data"]["dataflows"])


def test_a_release_without_samples_is_no_test_and_its_bytes_are_the_same_each_time(
    release: Published, out: Path
) -> None:
    again = sdmx_files(release, (), ROOT)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == again
    assert message(out)["meta"]["test"] is False


def test_tables_can_be_chosen_and_a_list_is_none_of_observations(release: Published) -> None:
    assert sdmx_files(release, ("scores",), ROOT).keys() == {STRUCTURE, "scores.csv"}
    with pytest.raises(UsageError, match="units: not a table of observations"):
        sdmx_files(release, ("units",), ROOT)
