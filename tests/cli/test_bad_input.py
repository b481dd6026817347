"""Bad input: each kind has a clear line, and leaves what readers see as it was.

The refused drops all meet one installation, one after the other, so that each finds what those
before it left behind; in the end the corrected inbox is published there.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line import (
    FIRST,
    MONTH,
    SAMPLE_INBOX,
    SECOND,
    Answer,
    Outcome,
    answer_path,
    cchc,
    change_answer,
    change_manifest,
    copy_home,
    in_lake,
    index,
    published,
    row_of,
    run,
    shown,
)
from tests.made_once import MadeOnce

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("settings_of_nobody")]
Spoil = Callable[[Path], object]
UNIT = "H24.M02"


@pytest.fixture(scope="module")
def home(march_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One installation for all refused drops."""
    return copy_home(march_home, tmp_path_factory.mktemp("bad") / "home")


def bytes_of(endpoint: str, content: bytes) -> Spoil:
    return lambda inbox: answer_path(inbox, endpoint).write_bytes(content)


def cut(endpoint: str) -> Spoil:
    def spoil(inbox: Path) -> None:
        path = answer_path(inbox, endpoint)
        path.write_bytes(path.read_bytes()[:900])

    return spoil


def data_of(endpoint: str, change: Callable[[Answer], object], root: str = ".H24") -> Spoil:
    return lambda inbox: change_answer(inbox, endpoint, change, root)


def without_code(data: Answer) -> None:
    row_of(data, UNIT).update(departmentCode=None, departmentId=None)


def with_words(inbox: Path) -> None:
    for endpoint in ("service-results", "transparency"):
        change_answer(inbox, endpoint, lambda data: row_of(data, UNIT).update(totalScore="tốt"))


def without_codes(inbox: Path) -> None:
    for endpoint in ("transparency", "dossier-digitized"):
        change_answer(inbox, endpoint, without_code)


REFUSED: dict[str, tuple[Spoil, tuple[str, ...]]] = {
    "a web page": (
        bytes_of("transparency", b"<html><title>Request Rejected</title></html>"),
        ("transparency.H24.year.json", "a web page instead of JSON", "capture the answer again"),
    ),
    "cut off": (
        cut("transparency"),
        ("transparency.H24.year.json", "broken or truncated JSON", "capture the answer again"),
    ),
    "an error of the portal": (
        bytes_of("transparency", b'{"code":"ERR","data":null,"message":"busy"}'),
        ("transparency.H24.year.json", "answered with an error", "capture the answer again"),
    ),
    "another province": (
        data_of("transparency", lambda data: data["overview"].update(departmentId="an-other")),
        ("transparency.H24.year.json", "wrong root: asked about H24", "capture the answer again"),
    ),
    "a missing endpoint": (
        lambda inbox: answer_path(inbox, "dossier-digitized").unlink(),
        (f"{MONTH}/portal", "missing: dossier-digitized.H24.year.json", "add them"),
    ),
    "captured in the future": (
        lambda inbox: change_manifest(inbox / MONTH / "portal", captured_at="2026-10-30"),
        (f"{MONTH}/portal", "lies in the future", "manifest.json"),
    ),
    "captured in another month": (
        lambda inbox: change_manifest(inbox / MONTH / "portal", captured_at="2026-08-20"),
        (f"{MONTH}/portal", "is not that of 2026-09", "use a capture made in"),
    ),
    "an unreadable manifest": (
        lambda inbox: (inbox / MONTH / "portal" / "manifest.json").write_text("{", "utf-8"),
        ("manifest.json", "not readable", "write it as"),
    ),
    "a group above its maximum": (
        data_of(
            "service-results", lambda data: row_of(data, UNIT)["groupScores"].update(CKMB=18.5)
        ),
        (f"{UNIT}: CKMB scores 18.5, the maximum is 18", "ask the source"),
    ),
    "a metric above its maximum": (
        data_of("transparency", lambda data: row_of(data, UNIT)["metrics"][0].update(score=6.5)),
        (f"{UNIT}: PUBLISH_ON_TIME scores 6.5, the maximum is 6", "ask the source"),
    ),
    "groups that do not add up": (
        data_of("service-results", lambda data: row_of(data, UNIT).update(totalScore=12.0)),
        (f"{UNIT}: the total is 12.00, its groups add up to", "ask the source"),
    ),
    "too many units without a code": (
        without_codes,
        ("2 of 166 entries were quarantined", "NO_UNIT_CODE", "CCHC_QUARANTINE_LIMIT"),
    ),
    "a score that is a word": (
        with_words,
        ("2 of 166 entries were quarantined", "BAD_NUMBER", "CCHC_QUARANTINE_LIMIT"),
    ),
}


def assert_one_clear_line(outcome: Outcome, *parts: str) -> None:
    """One headline, an indented line for each failed check, and nothing of Python."""
    headline, *failures = outcome.problem.splitlines()
    assert headline.startswith("cchc: ")
    assert all(line.startswith("  ") for line in failures)
    assert "Traceback" not in outcome.err
    assert " -> " in outcome.problem
    for part in parts:
        assert part in outcome.problem


@pytest.mark.parametrize("kind", REFUSED)
def test_a_drop_that_cannot_be_right_is_refused_in_one_clear_line(
    kind: str, home: Path, inbox: Path
) -> None:
    spoil, parts = REFUSED[kind]
    before = shown(home)
    spoil(inbox)
    outcome = run(home, inbox, at=SECOND)
    assert outcome.code == 1
    assert outcome.out == ""
    assert_one_clear_line(outcome, *parts)
    assert shown(home) == before
    for table in ("observed_scores", "score_recomputation", "scores", "submissions"):
        assert in_lake(home, table) == [], table


def test_a_capture_that_is_not_whole_is_refused_before_anything_is_begun(
    home: Path, inbox: Path
) -> None:
    answer_path(inbox, "provide-online-tree").unlink()
    outcome = run(home, inbox, at=SECOND)
    assert outcome.err.startswith("cchc: ")
    assert "missing: provide-online-tree.H24.year.json" in outcome.err


def test_several_faults_of_one_drop_are_named_together(home: Path, inbox: Path) -> None:
    answer_path(inbox, "transparency").write_bytes(b"<html></html>")
    answer_path(inbox, "handling-satisfaction").write_bytes(b"{")
    outcome = run(home, inbox, at=SECOND)
    assert_one_clear_line(outcome, "transparency.H24", "handling-satisfaction.H24")


def test_after_all_of_these_the_corrected_inbox_is_published(
    home: Path, inbox: Path, tmp_path: Path
) -> None:
    """Under the very capture time of the refused drops, and at the very moment."""
    refused = copy_home(inbox, tmp_path / "refused")  # whichever process ran the tests before
    REFUSED["groups that do not add up"][0](refused)
    assert run(home, refused, at=SECOND).code == 1
    outcome = run(home, inbox, at=SECOND)
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("published 2026-09.r1")
    assert {row["captured_at"] for row in published(home, "scores") if row["captured_at"]} == {
        "2026-10-10T07:00:40Z"
    }


def test_a_bad_drop_over_a_published_month_stops_and_the_old_one_dropped_again_mends_it(
    published_home: Path, tmp_path: Path, inbox: Path
) -> None:
    home = copy_home(published_home, tmp_path / "home")
    before, scores = shown(home), in_lake(home, "scores")
    change_answer(inbox, "service-results", lambda data: row_of(data, UNIT).update(totalScore=12.0))
    assert run(home, inbox, at=SECOND).code == 1
    assert (shown(home), in_lake(home, "scores")) == (before, scores)
    outcome = run(home, SAMPLE_INBOX, at=SECOND)
    assert (outcome.code, shown(home)) == (0, before)
    assert outcome.out.startswith("nothing to publish")


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"\xff\xfeu\x00n\x00", ("not UTF-8 text", "save it as CSV UTF-8")),
        (b"unit_code,name_vi\n", ("no column name_en", "the heading row is unit_code,")),
        (b'unit_code,"name\n', ("row 1: not CSV", "correct that row")),
        (
            b"unit_code,name_vi,name_en,level,parent_code,valid_from,valid_to\n\n"
            b"H24.01,S,S,sector,H24,2024-01-01,\n",
            ("row 3: level 'sector' is unknown", "use one of city, agency"),
        ),
        (
            b"unit_code;name_vi;name_en;level;parent_code;valid_from;valid_to\n"
            b"H24.01;S;S;agency;H24;1/1/2024;\n",
            ("row 2, valid_from: '1/1/2024' is not a date", "YYYY-MM-DD"),
        ),
    ],
)
def test_a_list_of_units_that_cannot_be_used_is_named_with_its_row(
    content: bytes, parts: tuple[str, ...], published_home: Path, inbox: Path
) -> None:
    before = shown(published_home)
    (inbox / "units.csv").write_bytes(content)
    outcome = run(published_home, inbox, at=SECOND)
    assert outcome.code == 2
    assert_one_clear_line(outcome, "units.csv", *parts)
    assert shown(published_home) == before


def test_a_list_of_units_that_is_a_folder_is_one_line(published_home: Path, inbox: Path) -> None:
    (inbox / "units.csv").unlink()
    (inbox / "units.csv").mkdir()
    outcome = cchc("status", "--home", published_home, "--inbox", inbox)
    assert outcome.code == 2
    assert_one_clear_line(outcome, "units.csv: cannot be read")


@pytest.mark.parametrize(
    ("name", "value", "parts"),
    [
        ("CCHC_QUARANTINE_LIMT", "0.02", ("no such setting", "CCHC_QUARANTINE_LIMIT")),
        ("CCHC_QUARANTINE_LIMIT", "7", ("CCHC_QUARANTINE_LIMIT", "correct the value")),
        ("CCHC_INBOX", "/nowhere/at/all", ("no such folder", "CCHC_INBOX")),
    ],
)
def test_a_wrong_setting_is_named_before_anything_is_tried(
    name: str, value: str, parts: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    outcome = cchc("run", MONTH, "--home", tmp_path / "home", "--published-at", FIRST)
    assert outcome.code == 2
    assert_one_clear_line(outcome, *parts)
    assert not (tmp_path / "home").exists()


def test_an_unknown_methodology_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCHC_METHODOLOGY", "766-1999")
    outcome = run(tmp_path / "home", SAMPLE_INBOX)
    assert outcome.code == 2
    assert_one_clear_line(outcome, "CCHC_METHODOLOGY", "methodology-1999")


@pytest.fixture(scope="module")
def odd(march_home: Path, made_once: MadeOnce) -> Path:
    """An installation that published a drop that is odd and not wrong: it stops nothing."""

    def make(folder: Path) -> None:
        inbox = copy_home(SAMPLE_INBOX, folder / "in")
        _make_odd(inbox)
        outcome = run(copy_home(march_home, folder / "home"), inbox, at=SECOND)
        assert outcome.code == 0, outcome.err

    return made_once("odd", make) / "home"


def _make_odd(inbox: Path) -> None:
    def null_total(data: Answer) -> None:
        row_of(data, "H24.M02")["totalScore"] = None

    def other_metrics(data: Answer) -> None:
        row_of(data, "H24.M03")["metrics"].append({"code": "NEW_METRIC", "score": 1.0})
        row_of(data, "H24.M04")["metrics"].pop()
        row_of(data, "H24.M05")["newField"] = 1

    change_answer(inbox, "service-results", null_total)
    change_answer(inbox, "transparency", other_metrics)
    change_answer(inbox, "handling-satisfaction", lambda data: row_of(data, "H24.M06").update(
        departmentCode=None, departmentId=None))  # fmt: skip


def test_a_null_total_is_missing_and_has_no_rank(odd: Path) -> None:
    (row,) = [
        row
        for row in published(odd, "scores")
        if (row["unit_code"], row["metric_code"]) == ("H24.M02", "TOTAL")
        and (row["period"], row["basis"]) == (MONTH, "ytd")
    ]
    assert (row["score"], row["rank"], row["obs_status"]) == (None, None, "O")


def test_new_content_is_kept_reported_and_not_published(odd: Path) -> None:
    findings = [row for row in in_lake(odd, "portal_findings") if row["rule"] == "UNKNOWN_FIELD"]
    assert {row["severity"] for row in findings} == {"warning"}
    said = " ".join(row["message_en"] for row in findings)
    assert "NEW_METRIC" in said
    assert "newField" in said
    assert "NEW_METRIC" not in {row["metric_code"] for row in published(odd, "scores")}
    blobs = (odd / "raw" / "blobs").rglob("*")
    assert any(b"NEW_METRIC" in path.read_bytes() for path in blobs if path.is_file())


def test_a_missing_metric_has_its_row_with_a_flag(odd: Path) -> None:
    flagged = [
        row for row in published(odd, "scores") if "MISSING_METRIC" in (row["quality_flag"] or "")
    ]
    assert {row["unit_code"] for row in flagged} == {"H24.M04"}
    assert {row["obs_status"] for row in flagged} == {"O"}


def test_one_entry_without_a_code_is_quarantined_and_accounted_for(odd: Path) -> None:
    (entry,) = in_lake(odd, "portal_quarantine")
    assert entry["rule"] == "NO_UNIT_CODE"
    (account,) = [
        row
        for row in published(odd, "submissions")
        if (row["period"], row["table"]) == (MONTH, "scores")
    ]
    assert (account["rows"], account["accepted"], account["quarantined"]) == (166, 165, 1)
    assert account["status"] == "received"


def test_departments_without_a_name_or_of_two_minds_are_left_out_and_the_others_published(
    tmp_path: Path, inbox: Path
) -> None:
    def unnamed(data: Answer) -> None:
        row_of(data, "H24.M02")["departmentName"] = None

    def of_two_minds(data: Answer) -> None:
        row = row_of(data, "H24.M01")
        scores = {**row["groupScores"], "MDSH": row["groupScores"]["MDSH"] - 1}
        other = {**row, "totalScore": round(row["totalScore"] - 1, 2), "groupScores": scores}
        data["evaluation"] += [other]

    for path in (inbox / MONTH / "portal").glob("*.H24.year.json"):
        change_answer(inbox, path.name.partition(".")[0], unnamed)
    change_answer(inbox, "service-results", of_two_minds)
    outcome = run(tmp_path / "home", inbox)
    assert outcome.code == 0, outcome.err
    rules = [row["rule"] for row in in_lake(tmp_path / "home", "portal_quarantine")]
    assert sorted(rules) == ["BAD_UNIT_NAME"] * 7 + ["DUPLICATE_UNIT"] * 2
    scores = {
        (row["unit_code"], row["metric_code"]): row["score"]
        for row in published(tmp_path / "home", "scores")
        if (row["period"], row["basis"]) == (MONTH, "ytd")
    }
    assert not {key for key in scores if key[0] == "H24.M02" and scores[key] is not None}
    assert scores.get(("H24.M01", "TOTAL")) is None
    assert scores["H24.M01", "TDGQ"] is not None
    assert scores["H24.M03", "TOTAL"] is not None
    names = {row["name_vi"] for row in published(tmp_path / "home", "units")}
    assert not names & {"None", "null", ""}


def test_an_answer_of_five_groups_is_published_as_such(tmp_path: Path, inbox: Path) -> None:
    def merge(data: Answer) -> None:
        for row in data["evaluation"]:
            scores = row["groupScores"]
            scores["DVTT"] = round(scores.pop("CLGQ") + scores.pop("TTTT"), 2)

    change_answer(inbox, "service-results", merge)
    change_answer(inbox, "service-results", merge, root="")
    outcome = run(tmp_path / "home", inbox)
    assert outcome.code == 0, outcome.err
    rows = [row for row in published(tmp_path / "home", "scores") if row["metric_code"] == "DVTT"]
    assert len(rows) == 34 + 18
    assert {row["max_score"] for row in rows} == {22.0}
    assert all("FIVE_GROUP_LAYOUT" in row["quality_flag"] for row in rows)


def test_a_new_drop_of_a_published_month_changes_only_what_differs(
    published_home: Path, tmp_path: Path, inbox: Path
) -> None:
    """Four further captures in sub-folders: five snapshots, the latest of them published."""
    home = copy_home(published_home, tmp_path / "home")
    before = {_key(row): row for row in published(home, "scores")}
    folder = inbox / MONTH / "portal"
    files = [path for path in folder.iterdir() if path.is_file()]
    for day in ("05", "08", "14", "18"):
        place = folder / f"capture-{day}"
        place.mkdir()
        for path in files:
            (place / path.name).write_bytes(path.read_bytes())
        change_manifest(place, captured_at=f"2026-10-{day}T08:00:00+07:00")
    path = folder / "capture-18" / "transparency.H24.year.json"
    answer = json.loads(path.read_text("utf-8"))
    row_of(answer["data"], UNIT)["metrics"][0]["numerator"] += 1
    path.write_text(json.dumps(answer, ensure_ascii=False), "utf-8")

    outcome = run(home, inbox, at=SECOND)
    assert outcome.out.startswith("published 2026-09.r2"), outcome.err
    assert len(in_lake(home, "raw_portal")) == 5
    assert len({row["snapshot_id"] for row in in_lake(home, "portal_scores")}) == 5
    rows = published(home, "scores")
    assert {row["captured_at"] for row in rows if row["score"]} == {"2026-10-18T01:00:00Z"}
    revised = {_key(row) for row in rows if row["release"] == "2026-09.r2"}
    assert revised == {_key(row) for row in rows if _values(row) != _values(before[_key(row)])}
    assert {(unit, metric) for _, _, unit, metric in revised} >= {(UNIT, "PUBLISH_ON_TIME")}
    assert {unit for _, _, unit, _ in revised} == {UNIT}
    assert index(home)["latest"] == "2026-09.r2"


def _key(row: Answer) -> tuple[str, str, str, str]:
    return row["period"], row["basis"], row["unit_code"], row["metric_code"]


def _values(row: Answer) -> Answer:
    return {key: value for key, value in row.items() if key not in {"captured_at", "release"}}


def test_a_month_of_which_the_source_said_nothing_is_published_as_missing(march_home: Path) -> None:
    scores = [row for row in published(march_home, "scores") if row["period"] == "2024-03"]
    assert {row["obs_status"] for row in scores} == {"O"}
    assert {row["unit_code"] for row in scores} == {"H24"}
    assert {row["basis"] for row in scores} == {"month", "quarter", "ytd"}
    (account,) = [row for row in published(march_home, "submissions") if row["table"] == "scores"]
    assert (account["status"], account["rows"]) == ("missing", None)
    owed = [row for row in published(march_home, "plan_indicators") if row["obs_status"] == "O"]
    assert owed
    assert all(row["owed_by"] for row in owed)
