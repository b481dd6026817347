"""The portal's real, captured answers through the archive and the parser.

Belongs here: what must be found in ``../shared/portal-data``. Skipped where that folder is absent.
"""

import csv
from datetime import datetime
from pathlib import Path

import pytest

from cchc_pipeline.core.period import TIMEZONE, Basis, Month
from cchc_pipeline.methodology import load_methodology
from cchc_pipeline.sources.national_portal.answers import ParsedSnapshot, parse_snapshot
from cchc_pipeline.sources.national_portal.consistency import judge_snapshot
from cchc_pipeline.sources.national_portal.drop import read_drop
from cchc_pipeline.sources.national_portal.envelope import read_envelope
from cchc_pipeline.sources.raw.archive import RawArchive, Snapshot

SHARED = Path(__file__).parents[3].parent / "shared" / "portal-data"
HAI_PHONG = SHARED / "hai-phong-H24"
ROOT_ID = "019d2be3-6a85-74ec-a349-88e0abf6a032"
PHU_THO_ID = "019d2be3-6a88-732b-8b17-b68020c8553a"
CAPTURES = ("2026-09-26", "2026-10-02", "2026-10-06", "2026-10-10a", "2026-10-10b")
NOW = datetime(2026, 11, 1, tzinfo=TIMEZONE)
GROUPS = ("CKMB", "TDGQ", "CLGQ", "TTTT", "MDHL", "MDSH")

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/portal-data is absent"),
]


def _judged(snapshot: Snapshot, archive: RawArchive, root_id: str = ROOT_ID) -> ParsedSnapshot:
    methodology = load_methodology("766-2026")
    return judge_snapshot(parse_snapshot(snapshot, archive, methodology, root_id), methodology)


def _drop(folder: Path, root: str, archive: RawArchive) -> Snapshot:
    (snapshot,) = read_drop(folder, Month(2026, 9), root, NOW, archive).snapshots
    return snapshot


@pytest.fixture
def archive(tmp_path: Path) -> RawArchive:
    return RawArchive(tmp_path)


@pytest.fixture
def figures() -> dict[str, dict[str, str]]:
    with (HAI_PHONG / "totals.csv").open(encoding="utf-8") as file:
        return {row["capture"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("capture", CAPTURES)
def test_totals_and_groups_of_hai_phong_are_the_captured_figures(
    capture: str, archive: RawArchive, figures: dict[str, dict[str, str]]
) -> None:
    parsed = _judged(_drop(HAI_PHONG / capture, "H24", archive), archive)
    for metric in ("TOTAL", *GROUPS):
        assert parsed.observations["H24", metric].score == float(figures[capture][metric])
    assert not parsed.quarantined
    assert not [f for f in parsed.findings if f.severity == "error"]


def test_every_metric_of_the_methodology_is_found_in_a_capture(archive: RawArchive) -> None:
    parsed = _judged(_drop(HAI_PHONG / "2026-10-10b", "H24", archive), archive)
    found = {metric for code, metric in parsed.observations if code == "H24"}
    assert found == {"TOTAL", *GROUPS} | {m.code for m in load_methodology("766-2026").metrics}
    assert parsed.observations["H24", "ELECTRONIC_CERTIFIED_COPY"].numerator is None
    assert parsed.observations["H24", "DOSSIER_SYNC"].flags == ("TEMP_NATIONAL_REPORT_DENOMINATOR",)


def test_mixed_snapshots_are_recognised_and_the_others_are_not(archive: RawArchive) -> None:
    mixed = {
        capture: "MIXED_SNAPSHOT" in _judged(
            _drop(HAI_PHONG / capture, "H24", archive), archive
        ).observations["H24", "TOTAL"].flags
        for capture in CAPTURES
    }  # fmt: skip
    assert mixed["2026-09-26"]
    assert [c for c in CAPTURES if not mixed[c]] == ["2026-10-02", "2026-10-06", "2026-10-10b"]


def test_the_mixed_snapshot_says_why(archive: RawArchive) -> None:
    parsed = _judged(_drop(HAI_PHONG / "2026-09-26", "H24", archive), archive)
    said = " ".join(f.message_en for f in parsed.findings if f.rule == "MIXED_SNAPSHOT")
    for figure in ("608338", "646708", "639868", "11.03"):
        assert figure in said


def test_five_captures_of_one_period_are_five_observations(archive: RawArchive) -> None:
    for capture in CAPTURES:
        _drop(HAI_PHONG / capture, "H24", archive)
    snapshots = archive.snapshots(Month(2026, 9))
    assert len({snapshot.snapshot_id for snapshot in snapshots}) == 5
    latest = archive.latest(Month(2026, 9), Basis.YTD)
    assert latest is not None
    assert _judged(latest, archive).observations["H24", "TOTAL"].score == 67.18


@pytest.mark.parametrize(
    ("capture", "off"), [("2026-09-17", set()), ("2026-10-10", {"H55", "H56"})]
)
def test_the_groups_of_all_provinces_add_up_and_the_two_that_are_off_are_reported(
    capture: str, off: set[str], archive: RawArchive, tmp_path: Path
) -> None:
    folder = _with_national_table(tmp_path / "drop", capture)
    parsed = _judged(_drop(folder, "H24", archive), archive)
    totals = {code: o for (code, metric), o in parsed.summary.items() if metric == "TOTAL"}
    assert len(totals) == 34
    for code, total in totals.items():
        groups = sum(parsed.summary[code, group].score or 0 for group in GROUPS)
        assert abs((total.score or 0) - groups) <= 0.011
    reported = {f.unit_code for f in parsed.findings if f.rule == "SUM_OFF_BY_ROUNDING"}
    assert reported == off


@pytest.mark.parametrize(("capture", "rank"), [("2026-09-17", 3), ("2026-10-10", 3)])
def test_hai_phong_ranks_as_the_captured_figures_say(
    capture: str, rank: int, archive: RawArchive, tmp_path: Path,
    figures: dict[str, dict[str, str]],
) -> None:  # fmt: skip
    folder = _with_national_table(tmp_path / "drop", capture)
    summary = _judged(_drop(folder, "H24", archive), archive).summary
    totals = {c: o.score or 0 for (c, metric), o in summary.items() if metric == "TOTAL"}
    assert 1 + sum(score > totals["H24"] for score in totals.values()) == rank
    key = capture if capture in figures else f"{capture}b"
    assert int(figures[key]["rank"]) == rank


def test_the_answers_of_another_province_parse_with_their_children(
    archive: RawArchive, tmp_path: Path
) -> None:
    folder = _complete_with_an_empty_summary(tmp_path / "drop", SHARED / "phu-tho-H44/2026-09-26")
    parsed = _judged(_drop(folder, "H44", archive), archive, PHU_THO_ID)
    children = {unit.code: unit.level for unit in parsed.units if not unit.is_root}
    assert set(children.values()) <= {"agency", "commune"}
    assert len(children) >= 8
    assert not parsed.quarantined
    # transparency and satisfaction carry no codes: they were joined over department ids
    assert parsed.detail["H44.01", "DOSSIER_SYNC"].numerator == 96
    assert parsed.detail["H44", "ONLINE_PROVISION"].numerator == 52


def _with_national_table(folder: Path, capture: str) -> Path:
    """A complete drop of Hải Phòng with the national table of a day."""
    folder.mkdir()
    for path in (HAI_PHONG / "2026-10-10b").glob("*.H24.*"):
        (folder / path.name).write_bytes(path.read_bytes())
    source = SHARED / "national" / capture / "service-results.year.json"
    (folder / source.name).write_bytes(source.read_bytes())
    return folder


def _complete_with_an_empty_summary(folder: Path, source: Path) -> Path:
    """That capture holds no national table; an empty one makes it complete."""
    folder.mkdir()
    for path in source.glob("*.H44.*"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "service-results.year.json").write_text(
        '{"code":"OK","data":{"evaluation":[]},"message":"OK"}', encoding="utf-8"
    )
    return folder


def test_nothing_in_the_captured_answers_is_unknown_to_the_parser(
    archive: RawArchive, tmp_path: Path
) -> None:
    national = _with_national_table(tmp_path / "national", "2026-09-17")
    other = _complete_with_an_empty_summary(tmp_path / "other", SHARED / "phu-tho-H44/2026-09-26")
    for folder, root, root_id in ((national, "H24", ROOT_ID), (other, "H44", PHU_THO_ID)):
        parsed = _judged(_drop(folder, root, archive), archive, root_id)
        assert [f.message_en for f in parsed.findings if f.rule == "UNKNOWN_FIELD"] == []


def test_the_page_of_the_procedure_catalogue_is_a_good_answer() -> None:
    path = SHARED / "formalities.page-575.json"
    data = read_envelope(path.read_bytes(), path.name)
    assert [item["code"] for item in data["items"]] == ["6.006776"]
    assert data["pagination"]["totalPages"] == data["pagination"]["currentPage"] == 575
