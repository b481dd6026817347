"""Captures in the inbox: what is a whole one, and how a bad one is refused."""

import hashlib
import json
from codecs import BOM_UTF8
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import TIMEZONE, Basis, Month
from cchc_pipeline.sources.national_portal.drop import Drop, read_drop, refuse_unusable
from cchc_pipeline.sources.raw.archive import RawArchive
from tests.sources.national_portal.replay_portal import (
    OTHER_ROOT,
    REJECTED,
    ROOT,
    ROOT_ID,
    envelope,
    good_answers,
)

SHARED = Path(__file__).parents[3].parent / "shared"
SEPTEMBER = Month(2026, 9)
RECEIVED = datetime(2026, 10, 12, 8, tzinfo=TIMEZONE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "inbox" / "2026-09" / "portal"


@pytest.fixture
def archive(tmp_path: Path) -> RawArchive:
    return RawArchive(tmp_path / "raw")


def drop(folder: Path, window: str = "month", **manifest: Any) -> None:
    """Write a whole capture as an officer would; without a manifest where none is given."""
    folder.mkdir(parents=True, exist_ok=True)
    for (name, root_id), content in good_answers().items():
        if (name, root_id) != ("service-results", ROOT_ID):
            root = ".H24" if root_id else ""
            (folder / f"{name}{root}.{window}.json").write_bytes(content)
    if manifest:
        (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def read(
    folder: Path, archive: RawArchive, month: Month = SEPTEMBER, at: datetime = RECEIVED
) -> Drop:
    return read_drop(folder, month, "H24", at, archive)


def refused(folder: Path, archive: RawArchive, month: Month = SEPTEMBER) -> str:
    """The error's line of a drop that must be refused, leaving no record."""
    with pytest.raises(SourceError) as caught:
        read(folder, archive, month)
    assert archive.snapshots(month) == ()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_no_folder_and_an_empty_folder_hold_nothing(folder: Path, archive: RawArchive) -> None:
    assert read(folder, archive) == Drop()
    folder.mkdir(parents=True)
    assert read(folder, archive) == Drop()


def test_a_whole_capture_is_a_snapshot_of_the_same_bytes(folder: Path, archive: RawArchive) -> None:
    drop(folder, captured_at="2026-10-02T08:00:00+07:00", source="a colleague")
    (snapshot,) = read(folder, archive).snapshots
    assert (snapshot.captured_at, snapshot.source) == ("2026-10-02T01:00:00Z", "a colleague")
    assert (snapshot.basis, snapshot.channel, snapshot.provenance) == ("month", "file", "published")
    assert archive.latest(SEPTEMBER, Basis.MONTH) == snapshot
    for answer in snapshot.answers:
        name = answer.request["file"]
        assert archive.get(answer.sha256) == (folder / name).read_bytes()
        assert answer.root_code == ("H24" if ".H24." in name else None)


def test_the_roots_children_are_taken_where_they_are_there(
    folder: Path, archive: RawArchive
) -> None:
    drop(folder)
    (folder / "service-results.H24.month.json").write_bytes(envelope({"evaluation": []}))
    (snapshot,) = read(folder, archive).snapshots
    assert ("service-results", "H24") in {(i.endpoint, i.root_code) for i in snapshot.answers}


def test_one_folder_may_hold_month_quarter_and_year(folder: Path, archive: RawArchive) -> None:
    for window in ("month", "quarter", "year"):
        drop(folder, window, captured_at="2026-10-02")
    assert [item.basis for item in read(folder, archive).snapshots] == ["month", "quarter", "ytd"]


def test_each_sub_folder_is_one_more_capture_with_its_own_manifest(
    folder: Path, archive: RawArchive
) -> None:
    drop(folder, captured_at="2026-10-02")
    drop(folder / "again", captured_at="2026-10-06", provenance="sample")
    assert [(i.captured_at, i.provenance) for i in read(folder, archive).snapshots] == [
        ("2026-10-02", "published"),
        ("2026-10-06", "sample"),
    ]


def test_without_a_manifest_the_first_receipt_is_the_capture_time_for_good(
    folder: Path, archive: RawArchive
) -> None:
    drop(folder)
    first = read(folder, archive)
    again = read(folder, archive, at=datetime(2027, 3, 1, tzinfo=TIMEZONE))
    assert first.snapshots == again.snapshots == archive.snapshots(SEPTEMBER)
    assert first.snapshots[0].captured_at == "2026-10-12T01:00:00Z"


def test_with_a_manifest_reading_again_changes_nothing(folder: Path, archive: RawArchive) -> None:
    drop(folder, captured_at="2026-10-02")
    first = read(folder, archive)
    assert read(folder, archive, at=datetime(2027, 3, 1, tzinfo=TIMEZONE)) == first


def test_what_was_taken_in_once_is_not_judged_again_by_an_earlier_clock(
    folder: Path, archive: RawArchive
) -> None:
    drop(folder, captured_at="2026-10-06")
    first = read(folder, archive)
    assert read(folder, archive, at=datetime(2026, 10, 1, tzinfo=TIMEZONE)) == first


def test_a_byte_order_mark_is_accepted_and_kept(folder: Path, archive: RawArchive) -> None:
    drop(folder, captured_at="2026-10-02")
    for path in folder.iterdir():
        path.write_bytes(BOM_UTF8 + path.read_bytes())
    (snapshot,) = read(folder, archive).snapshots
    assert archive.get(snapshot.answers[0].sha256).startswith(BOM_UTF8)


def test_a_file_of_no_known_name_is_kept_and_noted(
    folder: Path, archive: RawArchive, tmp_path: Path
) -> None:
    drop(folder, captured_at="2026-10-02")
    (folder / "new-question.H24.month.json").write_bytes(b'{"new": 1}')
    (folder / ".DS_Store").write_bytes(b"x")
    found = read(folder, archive)
    assert len(found.snapshots) == 1
    (note,) = found.notes
    assert "new-question.H24.month.json: not a known answer's name" in note
    log = (tmp_path / "raw" / "exchanges" / "2026-10.jsonl").read_text("utf-8")
    assert "portal/new-question.H24.month.json" in log
    assert ".DS_Store" not in log


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (REJECTED, "a web page instead of JSON (the portal's firewall refused the request)"),
        (b"<!doctype html>", "a web page instead of JSON (HTML)"),
        (b'{"code":"OK",\n"data":', "broken or truncated JSON at line 2, column 8"),
        (b'{"code":"OK","data":{"a":NaN}}', "NaN is no number in JSON"),
        (b"\xff\xfe{\x00", "not UTF-8 text (byte 1)"),
        (b"", "broken or truncated JSON at line 1, column 1"),
        (envelope({}, "ERROR"), "the portal answered with an error: 'ERROR'"),
        (b'{"overview":{}}', "no envelope"),
        (envelope({"overview": OTHER_ROOT}), "wrong root: asked about H24"),
        (
            envelope({"overview": {**OTHER_ROOT, "departmentCode": None}}),
            "wrong root: asked about H24",
        ),
        (envelope({"overview": {}}), "does not say of which unit"),
        (
            envelope({"overview": ROOT, "pagination": {"currentPage": 1, "totalPages": 2}}),
            "holds page 1 of 2 only",
        ),
    ],
)
def test_a_bad_answer_is_refused_by_its_file_name_and_still_archived(
    folder: Path, archive: RawArchive, content: bytes, complaint: str
) -> None:
    drop(folder)
    (folder / "dossier-digitized.H24.month.json").write_bytes(content)
    line = refused(folder, archive)
    assert complaint in line
    assert "dossier-digitized.H24.month.json: " in line
    assert " -> " in line
    assert archive.get(archive.put(content)) == content


def test_the_department_of_the_manifests_request_is_the_one_to_be_answered(
    folder: Path, archive: RawArchive
) -> None:
    drop(folder, request={"rootDepartmentId": OTHER_ROOT["departmentId"]})
    line = refused(folder, archive)
    assert "manifest.json: its request asks about another root than the answers are of" in line


def test_all_missing_answers_are_listed_in_one_line(folder: Path, archive: RawArchive) -> None:
    drop(folder)
    (folder / "transparency.H24.month.json").unlink()
    (folder / "service-results.month.json").unlink()
    assert (
        "not whole, missing: service-results.month.json, transparency.H24.month.json ->"
        in refused(folder, archive)
    )


def test_another_provinces_file_is_refused(folder: Path, archive: RawArchive) -> None:
    drop(folder)
    (folder / "transparency.H44.month.json").write_bytes(envelope({"overview": OTHER_ROOT}))
    assert "transparency.H44.month.json: is of H44, not of H24 -> remove it" in refused(
        folder, archive
    )


def test_a_name_without_the_root_that_it_needs_is_refused(
    folder: Path, archive: RawArchive
) -> None:
    drop(folder)
    (folder / "transparency.H24.month.json").rename(folder / "transparency.month.json")
    assert "name it transparency.H24.month.json" in refused(folder, archive)


def test_a_quarter_needs_a_month_that_closes_one(folder: Path, archive: RawArchive) -> None:
    drop(folder, "quarter")
    assert "2026-08 closes no quarter" in refused(folder, archive, Month(2026, 8))


@pytest.mark.parametrize(
    ("window", "captured_at", "complaint"),
    [
        ("month", "2026-09-30", "is before the end of 2026-09, the month was still running"),
        ("quarter", "2026-09-30T16:59:59Z", "the quarter was still running"),
        ("month", "2026-10-13", "lies in the future"),
        ("year", "2026-10-12T08:00:01+07:00", "lies in the future"),
        ("year", "2026-08-31", "the year so far as captured at 2026-08-31 is not that of 2026-09"),
    ],
)
def test_a_capture_of_the_wrong_time_is_refused(
    folder: Path, archive: RawArchive, window: str, captured_at: str, complaint: str
) -> None:
    drop(folder, window, captured_at=captured_at)
    assert complaint in refused(folder, archive)


@pytest.mark.parametrize(
    ("window", "captured_at"),
    [("month", "2026-10-01"), ("quarter", "2026-09-30T17:00:00Z"), ("year", "2026-09-26")],
)
def test_the_first_moment_after_the_period_is_early_enough(
    folder: Path, archive: RawArchive, window: str, captured_at: str
) -> None:
    drop(folder, window, captured_at=captured_at)
    assert read(folder, archive).snapshots[0].captured_at == captured_at


def test_a_year_without_a_manifest_is_taken_with_a_note(folder: Path, archive: RawArchive) -> None:
    drop(folder, "year")
    assert "the time of receipt stands for it" in read(folder, archive).notes[0]


@pytest.mark.parametrize(
    ("manifest", "complaint"),
    [
        (b"{", "manifest: not readable"),
        (b"[]", "manifest: not an object"),
        (b'{"captured_at": "02/10/2026"}', "manifest: captured_at is '02/10/2026'"),
        (b'{"captured_at": "2026-10-02T08:00:00"}', "manifest: captured_at is"),
        (b'{"captured_at": 20261002}', "manifest: captured_at is 20261002"),
        (b'{"provenance": "rumour"}', "manifest: provenance is 'rumour'"),
        (b'{"source": ""}', "manifest: source is not a text"),
        (b'{"request": 1}', "manifest: request is not an object"),
        (b'{"request": {"year": 2025}}', "asks for year 2025, the folder is of 2026-09"),
        (b'{"request": {"month": 8}}', "asks for month 8, the folder is of 2026-09"),
    ],
)
def test_an_unreadable_manifest_is_refused(
    folder: Path, archive: RawArchive, manifest: bytes, complaint: str
) -> None:
    drop(folder)
    (folder / "manifest.json").write_bytes(manifest)
    assert complaint in refused(folder, archive)


def test_an_unknown_word_in_a_manifest_is_noted(folder: Path, archive: RawArchive) -> None:
    drop(folder, captured_at="2026-10-02", capturedBy="somebody")
    assert "'capturedBy' is not known in a manifest" in read(folder, archive).notes[0]


def test_all_problems_of_a_drop_are_told_together_and_nothing_is_recorded(
    folder: Path, archive: RawArchive
) -> None:
    drop(folder / "good", captured_at="2026-10-02")
    drop(folder / "web-page")
    (folder / "web-page" / "transparency.H24.month.json").write_bytes(REJECTED)
    drop(folder / "gap")
    (folder / "gap" / "provide-online-tree.H24.month.json").unlink()
    line = refused(folder, archive)
    assert "2 problems: " in line
    assert "missing: provide-online-tree.H24.month.json" in line
    assert "a web page instead of JSON" in line


def test_a_drop_that_can_be_taken_is_judged_without_a_trace(
    folder: Path, archive: RawArchive, tmp_path: Path
) -> None:
    drop(folder, captured_at="2026-10-02")
    refuse_unusable(folder, SEPTEMBER, "H24", RECEIVED, archive)
    refuse_unusable(tmp_path / "nowhere", SEPTEMBER, "H24", RECEIVED, archive)
    assert not (tmp_path / "raw").exists()


def test_a_drop_that_is_not_whole_is_refused_beforehand_and_its_files_are_kept(
    folder: Path, archive: RawArchive
) -> None:
    drop(folder, captured_at="2026-10-02")
    (folder / "transparency.H24.month.json").unlink()
    with pytest.raises(SourceError, match=r"missing: transparency\.H24\.month\.json"):
        refuse_unusable(folder, SEPTEMBER, "H24", RECEIVED, archive)
    content = (folder / "dossier-digitized.H24.month.json").read_bytes()
    assert archive.get(hashlib.sha256(content).hexdigest()) == content


@pytest.mark.parametrize(
    "manifest",
    [
        b'{"captured_at": "0001-01-01T00:00:00+14:00"}', b'{"captured_at": [1]}',
        b'{"source": "a\\u001b[31m"}', b'{"source": "\\ud800"}', b'{"provenance": ["sample"]}',
        b'{"request": {"a": "\\udfff"}}', b'{"request": {"year": [2026]}}', b'{"request": NaN}',
        b'{"source": "a", "source": "b"}', b"[" * 5000, b'{"request": {"year": 1e400}}',
        b'{"request": ' + b'{"a": ' * 90 + b"1" + b"}" * 91, b'"manifest"', b"\x00", b"",
        b'{"captured_at": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_an_odd_manifest_is_one_clear_line(
    folder: Path, archive: RawArchive, manifest: bytes
) -> None:
    drop(folder)
    (folder / "manifest.json").write_bytes(manifest)
    line = refused(folder, archive)
    assert "manifest.json: " in line
    assert line.isprintable()
    assert len(line) <= 500


ODD_ENVELOPES: list[tuple[bytes, str]] = [
    (b'{"code":"OK","code":"OK","data":{}}', "'code' stands 2 times"),
    (b'{"code":["OK"],"data":{}}', "answered with an error: a list"),
    (b'{"code":"\\u001b[31m","data":{},"message":"\\ud800"}', r"\x1b"),
    (b'{"code":"OK","data":[]}', "has no data"),
    (b"[" * 100_000, "not usable JSON"),
    (b'{"code":"OK","data":' + b'{"a":' * 80 + b"1" + b"}" * 81, "nested more than 64 deep"),
    (b'{"code":"OK","data":{"n":' + b"9" * 5000 + b"}}", "not usable JSON"),
    (envelope({"overview": ROOT, "evaluation": "none"}), "no list 'evaluation'"),
    (envelope({"overview": ROOT, "evaluation": {"0": 1}}), "no list 'evaluation'"),
    (envelope({"overview": ["H24"]}), "does not say of which unit"),
    (envelope({"overview": ROOT, "pagination": [1]}), "pagination is a list"),
    (envelope({"overview": ROOT, "pagination": {"totalPages": "2"}}), "totalPages is '2'"),
    (envelope({"overview": ROOT, "pagination": {"totalPages": 1.5}}), "totalPages is 1.5"),
    (envelope({"overview": ROOT, "pagination": {"totalPages": -1}}), "totalPages is -1"),
    (envelope({"overview": ROOT, "pagination": {"currentPage": True}}), "currentPage is True"),
    (envelope({"overview": ROOT, "pagination": {"currentPage": None}}), "currentPage is null"),
]


@pytest.mark.parametrize(("content", "said"), ODD_ENVELOPES)
def test_an_odd_answer_is_one_clear_line(
    folder: Path, archive: RawArchive, content: bytes, said: str
) -> None:
    drop(folder)
    (folder / "dossier-digitized.H24.month.json").write_bytes(content)
    line = refused(folder, archive)
    assert said in line
    assert "dossier-digitized.H24.month.json: " in line
    assert line.isprintable()
    assert len(line) <= 500


@pytest.mark.shared
def test_real_captures_come_through_unaltered_and_in_order(
    folder: Path, archive: RawArchive
) -> None:
    if not SHARED.is_dir():
        pytest.skip("../shared is absent")
    captures = sorted((SHARED / "portal-data" / "hai-phong-H24").glob("2026-*"))
    for capture in captures:
        target = folder / capture.name
        target.mkdir(parents=True)
        for path in capture.iterdir():
            (target / path.name).write_bytes(path.read_bytes())
    read(folder, archive)
    snapshots = archive.snapshots(SEPTEMBER)
    assert [item.captured_at for item in snapshots] == [
        "2026-09-26",
        "2026-10-02",
        "2026-10-06",
        "2026-10-09T21:00:44Z",
        "2026-10-10T07:00:40Z",
    ]
    for capture, snapshot in zip(captures, snapshots, strict=True):
        assert len(snapshot.answers) == 7
        for answer in snapshot.answers:
            assert archive.get(answer.sha256) == (capture / answer.request["file"]).read_bytes()


@pytest.mark.shared
def test_a_real_capture_of_another_province_is_refused(folder: Path, archive: RawArchive) -> None:
    if not SHARED.is_dir():
        pytest.skip("../shared is absent")
    folder.mkdir(parents=True)
    for path in (SHARED / "portal-data" / "phu-tho-H44" / "2026-09-26").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    line = refused(folder, archive)
    assert "6 problems: is of H44, not of H24" in line
    assert line.count(".H44.year.json") == 6
