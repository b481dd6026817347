"""Answers of the portal as observations: what is taken, refused, reported."""

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.core.errors import CheckFailedError
from cchc_pipeline.core.period import TIMEZONE, Month
from cchc_pipeline.methodology import load_methodology
from cchc_pipeline.sources.national_portal.answers import ParsedSnapshot, parse_snapshot
from cchc_pipeline.sources.national_portal.consistency import judge_snapshot
from cchc_pipeline.sources.national_portal.drop import read_drop
from cchc_pipeline.sources.national_portal.tables import require_within_limit
from cchc_pipeline.sources.raw.archive import RawArchive
from tests.builders.portal_answers import built_snapshot, sample_unit

METHODOLOGY = load_methodology("766-2026")
NOW = datetime(2026, 10, 12, tzinfo=TIMEZONE)
ROOT = sample_unit("H24", "Thành phố Mẫu", "city", 1)
AGENCY = sample_unit("H24.M01", "Sở Mẫu", "agency", 2)
COMMUNE = sample_unit("H24.M11", "Phường Mẫu", "commune", 3)
Answers = dict[str, dict[str, Any]]


@pytest.fixture
def parse(tmp_path: Path) -> Callable[[Callable[[Answers], None]], ParsedSnapshot]:
    """Build a consistent snapshot, change it, and read it through archive and parser."""

    def read(change: Callable[[Answers], None] = lambda answers: None) -> ParsedSnapshot:
        answers = built_snapshot(ROOT, [AGENCY, COMMUNE], METHODOLOGY)
        change(answers)
        folder, archive = tmp_path / "drop", RawArchive(tmp_path / "raw")
        folder.mkdir()
        for name, answer in answers.items():
            (folder / f"{name}.month.json").write_text(json.dumps(answer), encoding="utf-8")
        (snapshot,) = read_drop(folder, Month(2026, 9), "H24", NOW, archive).snapshots
        parsed = parse_snapshot(snapshot, archive, METHODOLOGY, ROOT.department_id)
        return judge_snapshot(parsed, METHODOLOGY)

    return read


def _rules(parsed: ParsedSnapshot) -> set[str]:
    return {finding.rule for finding in parsed.findings}


def _child(answers: Answers, endpoint: str, number: int = 0) -> dict[str, Any]:
    data = answers[f"{endpoint}.H24"]["data"]
    return dict.__getitem__(data, "evaluation" if "evaluation" in data else "children")[number]


def test_a_consistent_snapshot_has_every_metric_of_every_unit_and_no_findings(parse: Any) -> None:
    parsed = parse()
    metrics = {
        "TOTAL",
        *(g.code for g in METHODOLOGY.groups),
        *(m.code for m in METHODOLOGY.metrics),
    }
    for code in ("H24", "H24.M01", "H24.M11"):
        assert {metric for unit, metric in parsed.observations if unit == code} == metrics
    assert parsed.findings == ()
    assert parsed.quarantined == ()
    assert parsed.entries == 6 * 3 + 1 + 2
    assert {u.code: u.level for u in parsed.units if not u.is_root} == {
        "H24.M01": "agency",
        "H24.M11": "commune",
    }


def test_null_stays_null_and_zero_stays_zero(parse: Any) -> None:
    def change(answers: Answers) -> None:
        metrics = answers["dossier-digitized.H24"]["data"]["overview"]["metrics"]
        metrics[1] |= {"score": None, "ratio": None, "numerator": 0, "denominator": 0}

    parsed = parse(change)
    item = parsed.observations["H24", "SO_HOA_GIAY_TO_GIAI_QUYET"]
    assert (item.score, item.ratio, item.numerator, item.denominator) == (None, None, 0, 0)
    assert "NULL_METRIC" in parsed.observations["H24", "MDSH"].flags


def test_a_null_score_is_kept_and_said_to_be_not_comparable(parse: Any) -> None:
    def change(answers: Answers) -> None:
        row = answers["service-results.H24"]["data"]["evaluation"][0]
        row["totalScore"], row["groupScores"]["TDGQ"] = None, None

    parsed = parse(change)
    assert parsed.observations["H24.M01", "TOTAL"].score is None
    assert "NULL_METRIC" in _rules(parsed)
    assert not [f for f in parsed.findings if f.severity == "error"]


@pytest.mark.parametrize("value", [18.5, -0.1])
def test_a_score_out_of_its_bounds_is_an_error(parse: Any, value: float) -> None:
    def change(answers: Answers) -> None:
        answers["transparency.H24"]["data"]["overview"]["totalScore"] = value

    (finding,) = [f for f in parse(change).findings if f.severity == "error"]
    assert finding.rule == "SCORE_OUT_OF_BOUNDS"
    assert finding.message_en == f"H24: CKMB scores {value}, the maximum is 18"


def test_groups_that_do_not_add_up_are_an_error_and_a_hundredth_is_reported(parse: Any) -> None:
    def shift(by: float) -> Callable[[Answers], None]:
        def change(answers: Answers) -> None:
            answers["service-results.H24"]["data"]["evaluation"][0]["totalScore"] += by

        return change

    assert ("error", "GROUPS_DO_NOT_ADD_UP") in {
        (f.severity, f.rule) for f in parse(shift(0.5)).findings
    }


def test_a_total_off_by_a_hundredth_is_published_with_a_flag(parse: Any) -> None:
    def change(answers: Answers) -> None:
        row = answers["service-results.H24"]["data"]["evaluation"][0]
        row["totalScore"] = round(row["totalScore"] + 0.01, 2)

    parsed = parse(change)
    assert parsed.observations["H24.M01", "TOTAL"].flags == ("SUM_OFF_BY_ROUNDING",)
    assert not [f for f in parsed.findings if f.severity == "error"]


def test_an_unknown_metric_and_an_unknown_field_are_reported_once_and_not_published(
    parse: Any,
) -> None:
    def change(answers: Answers) -> None:
        for entry in (
            answers["transparency.H24"]["data"]["overview"],
            _child(answers, "transparency"),
        ):
            entry["metrics"].append({"code": "BRAND_NEW", "score": 1, "maxScore": 1})
            entry["brandNewField"] = 7

    parsed = parse(change)
    unknown = [f.message_en for f in parsed.findings if f.rule == "UNKNOWN_FIELD"]
    assert len(unknown) == 2
    assert all("kept in the raw archive" in line for line in unknown)
    assert not [key for key in parsed.observations if key[1] == "BRAND_NEW"]


def test_a_missing_metric_has_a_row_without_a_value_and_a_flag(parse: Any) -> None:
    def change(answers: Answers) -> None:
        _child(answers, "transparency")["metrics"].pop(0)

    parsed = parse(change)
    item = parsed.observations["H24.M01", "PUBLISH_ON_TIME"]
    assert item.score is None
    assert "MISSING_METRIC" in item.flags
    assert "MISSING_METRIC" in _rules(parsed)


def test_a_five_group_answer_is_taken_as_such_and_nothing_is_subtracted(parse: Any) -> None:
    def change(answers: Answers) -> None:
        for row in answers["service-results.H24"]["data"]["evaluation"]:
            scores = row["groupScores"]
            scores["DVTT"] = round(scores.pop("CLGQ") + scores.pop("TTTT"), 2)

    parsed = parse(change)
    merged = parsed.observations["H24.M01", "DVTT"]
    assert merged.flags == ("FIVE_GROUP_LAYOUT",)
    assert merged.max_score == 22
    assert ("H24.M01", "CLGQ") not in parsed.summary
    assert not [f for f in parsed.findings if f.severity == "error"]


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("departmentCode", None, "NO_UNIT_CODE"),
        ("departmentCode", "H24.m01 ", "BAD_UNIT_CODE"),
        ("departmentCode", "H44.01", "FOREIGN_UNIT"),
        ("departmentName", "=HYPERLINK()", "BAD_UNIT_NAME"),
        ("departmentName", "", "BAD_UNIT_NAME"),
        ("totalScore", "17,77", "BAD_NUMBER"),
        ("totalScore", True, "BAD_NUMBER"),
        ("totalReceived", 10.5, "BAD_COUNT"),
        ("totalReceived", -3, "BAD_COUNT"),
        ("departmentCode", ["H24.M01"], "BAD_UNIT_CODE"),
        ("departmentCode", {"a": 1}, "BAD_UNIT_CODE"),
        ("departmentCode", 24, "BAD_UNIT_CODE"),
        ("departmentCode", False, "BAD_UNIT_CODE"),
        ("departmentCode", "H24.M01\x1b", "BAD_UNIT_CODE"),
        ("departmentName", None, "BAD_UNIT_NAME"),
        ("departmentName", "None", "BAD_UNIT_NAME"),
        ("departmentName", "NULL", "BAD_UNIT_NAME"),
        ("departmentName", "—", "BAD_UNIT_NAME"),
        ("departmentName", " \u3000\n", "BAD_UNIT_NAME"),
        ("departmentName", 12, "BAD_UNIT_NAME"),
        ("departmentName", True, "BAD_UNIT_NAME"),
        ("departmentName", ["Sở Mẫu"], "BAD_UNIT_NAME"),
        ("departmentName", {"vi": "Sở Mẫu"}, "BAD_UNIT_NAME"),
        ("departmentName", "Sở \x1b[31mMẫu", "BAD_UNIT_NAME"),
        ("departmentName", "Sở \u202eMẫu", "BAD_UNIT_NAME"),
        ("departmentName", "Sở \ud800", "BAD_UNIT_NAME"),
        ("departmentName", "Sở " * 100, "BAD_UNIT_NAME"),
        ("departmentName", "＝1+1 Sở", "BAD_UNIT_NAME"),
        ("totalScore", [17], "BAD_NUMBER"),
        ("totalScore", 1e300, "BAD_NUMBER"),
        ("totalScore", 10**400, "BAD_NUMBER"),
        ("totalScore", "NaN", "BAD_NUMBER"),
        ("totalReceived", "12", "BAD_NUMBER"),
        ("totalReceived", True, "BAD_NUMBER"),
        ("totalReceived", {}, "BAD_NUMBER"),
        ("totalReceived", 10**30, "BAD_COUNT"),
        ("totalReceived", 1e300, "BAD_COUNT"),
    ],
)
def test_an_entry_that_cannot_be_taken_is_quarantined_and_none_is_lost(
    parse: Any, field: str, value: object, rule: str
) -> None:
    def change(answers: Answers) -> None:
        entry = _child(answers, "dvc-progress-tree")
        if rule == "NO_UNIT_CODE":
            entry["departmentId"] = "unknown"
        entry[field] = value

    whole, parsed = 6 * 3 + 1 + 2, parse(change)
    (refused,) = parsed.quarantined
    assert (refused.rule, refused.file, refused.row) == (rule, "dvc-progress-tree.H24", 1)
    assert refused.message_vi.isprintable()
    assert refused.unit_text.isprintable()
    assert len(refused.message_vi) < 200
    assert parsed.entries == whole


def test_entries_without_a_code_are_joined_over_their_department_id(parse: Any) -> None:
    def change(answers: Answers) -> None:
        for endpoint in ("transparency", "handling-satisfaction"):
            for number in (0, 1):
                del _child(answers, endpoint, number)["departmentCode"]

    parsed = parse(change)
    assert parsed.quarantined == ()
    assert (
        parsed.observations["H24.M11", "DOSSIER_SYNC"].numerator
        == COMMUNE.counts["DOSSIER_SYNC"][0]
    )


@pytest.mark.parametrize("what", ["received", "summary", "metrics", "ratio"])
def test_each_breach_of_consistency_marks_the_unit_mixed_and_stops_nothing(
    parse: Any, what: str
) -> None:
    def change(answers: Answers) -> None:
        if what == "received":
            _child(answers, "dvc-progress-tree")["totalReceived"] += 1
        elif what == "summary":
            scores = answers["service-results.H24"]["data"]["evaluation"][0]["groupScores"]
            scores["MDHL"], scores["MDSH"] = scores["MDHL"] - 0.5, scores["MDSH"] + 0.5
        elif what == "metrics":
            metrics = _child(answers, "handling-satisfaction")["metrics"]
            next(m for m in metrics if m["code"] == "DOSSIER_RECEIVING_SATISFACTION")["score"] -= 1
        else:
            _child(answers, "dossier-digitized")["ratio"] += 2

    parsed = parse(change)
    assert "MIXED_SNAPSHOT" in parsed.observations["H24.M01", "TOTAL"].flags
    assert "MIXED_SNAPSHOT" not in parsed.observations["H24.M11", "TOTAL"].flags
    assert not [f for f in parsed.findings if f.severity == "error"]


def test_a_mixed_root_marks_its_units_but_not_its_peers(parse: Any) -> None:
    def change(answers: Answers) -> None:
        answers["dvc-progress-tree.H24"]["data"]["parent"]["totalReceived"] += 1
        peer = json.loads(json.dumps(answers["service-results"]["data"]["evaluation"][0]))
        peer |= {"departmentCode": "H26", "departmentId": "peer", "departmentName": "Tỉnh Mẫu"}
        answers["service-results"]["data"]["evaluation"].append(peer)

    parsed = parse(change)
    for code in ("H24", "H24.M01", "H24.M11"):
        assert "MIXED_SNAPSHOT" in parsed.observations[code, "TDGQ"].flags
    assert parsed.observations["H26", "TDGQ"].flags == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [("departmentType", ["PROVINCE"]), ("level", {}), ("departmentType", 3), ("stt", "\ud800")],
)
def test_a_word_that_is_none_in_a_field_that_decides_little_loses_no_figure(
    parse: Any, field: str, value: object
) -> None:
    parsed = parse(lambda answers: _child(answers, "dvc-progress-tree").update({field: value}))
    assert parsed.quarantined == ()


@pytest.mark.parametrize("whole", [12, 12.0, 1.2e1])
def test_a_count_may_be_written_as_json_writes_whole_numbers(parse: Any, whole: float) -> None:
    parsed = parse(lambda a: _child(a, "dvc-progress-tree").update(totalOnTime=whole))
    assert parsed.observations["H24.M01", "PROGRESS_ON_TIME"].numerator == 12


@pytest.mark.parametrize(
    "row", [None, "H24.M01", 7, ["H24.M01"], True], ids=["null", "text", "number", "list", "true"]
)
def test_what_is_no_entry_at_all_is_quarantined(parse: Any, row: object) -> None:
    parsed = parse(lambda a: a["dvc-progress-tree.H24"]["data"]["children"].append(row))
    (refused,) = parsed.quarantined
    assert (refused.rule, refused.row) == ("LINE_UNREADABLE", 3)
    assert parsed.entries == 6 * 3 + 1 + 2 + 1


@pytest.mark.parametrize(
    ("metrics", "rule"),
    [
        (None, "NO_METRICS"), ("none", "NO_METRICS"), ({"code": "A"}, "NO_METRICS"),
        ([None], "LINE_UNREADABLE"), ([{"code": None}], "LINE_UNREADABLE"),
        ([{"code": ["DOSSIER_SYNC"]}], "LINE_UNREADABLE"),
        ([{"code": "DOSSIER_SYNC", "score": "6"}], "BAD_NUMBER"),
        ([{"code": "DOSSIER_SYNC", "numerator": 0.5}], "BAD_COUNT"),
        ([{"code": "DOSSIER_SYNC", "score": 1}, {"code": "DOSSIER_SYNC", "score": 2}],
         "LINE_UNREADABLE"),
    ],
)  # fmt: skip
def test_a_list_of_metrics_that_cannot_be_read_sets_its_entry_aside(
    parse: Any, metrics: object, rule: str
) -> None:
    parsed = parse(lambda answers: _child(answers, "transparency").update(metrics=metrics))
    assert [(q.rule, q.file, q.row) for q in parsed.quarantined] == [(rule, "transparency.H24", 1)]


def test_two_entries_of_a_department_that_differ_are_both_set_aside_and_nothing_else(
    parse: Any,
) -> None:
    def change(answers: Answers) -> None:
        rows = answers["service-results.H24"]["data"]["evaluation"]
        rows.append(
            {
                **rows[0],
                "totalScore": 12.0,
                "groupScores": dict.fromkeys((g.code for g in METHODOLOGY.groups), 2),
            }
        )

    parsed = parse(change)
    places = [(q.rule, q.file, q.row) for q in parsed.quarantined]
    assert places == [("DUPLICATE_UNIT", "service-results.H24", row) for row in (1, 3)]
    assert ("H24.M01", "TOTAL") not in parsed.summary
    assert ("H24.M11", "TOTAL") in parsed.summary
    assert ("H24.M01", "TDGQ") in parsed.detail
    assert not [f for f in parsed.findings if f.severity == "error"]


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ({"totalReceived": 10.5}, {"BAD_COUNT", "DUPLICATE_UNIT"}),
        ({"departmentName": "Sở Khác"}, {"DUPLICATE_UNIT"}),
        ({"ratio": None}, {"DUPLICATE_UNIT"}),
    ],
)
def test_a_second_entry_that_is_broken_or_named_otherwise_is_a_contradiction_too(
    parse: Any, change: dict[str, object], rules: set[str]
) -> None:
    def double(answers: Answers) -> None:
        rows = answers["dvc-progress-tree.H24"]["data"]["children"]
        rows.append({**rows[0], **change})

    parsed = parse(double)
    assert {q.rule for q in parsed.quarantined} == rules
    assert [q.row for q in parsed.quarantined] == [1, 3]
    assert ("H24.M01", "TDGQ") not in parsed.detail


def test_equal_entries_are_one_with_a_note(parse: Any) -> None:
    def double(answers: Answers) -> None:
        rows = answers["dvc-progress-tree.H24"]["data"]["children"]
        rows += [{**rows[0], "stt": 9}, dict(rows[0])]

    parsed = parse(double)
    assert (parsed.quarantined, parsed.repeated) == ((), 2)
    assert ("info", "REPEATED_ENTRY") in {(f.severity, f.rule) for f in parsed.findings}
    assert ("H24.M01", "TDGQ") in parsed.detail


def test_a_department_id_of_two_codes_joins_no_entry(parse: Any) -> None:
    def change(answers: Answers) -> None:
        _child(answers, "dvc-progress-tree", 1)["departmentId"] = AGENCY.department_id
        del _child(answers, "transparency")["departmentCode"]

    (refused,) = parse(change).quarantined
    assert (refused.rule, refused.file) == ("NO_UNIT_CODE", "transparency.H24")


def test_new_content_is_told_without_anything_raw(parse: Any) -> None:
    def change(answers: Answers) -> None:
        _child(answers, "transparency")["x\x1b[2J\ud800" + "y" * 500] = 1
        _child(answers, "transparency")["metrics"].append({"code": "\u202eNEW"})

    found = [f for f in parse(change).findings if f.rule == "UNKNOWN_FIELD"]
    assert len(found) == 2
    for finding in found:
        assert (finding.message_vi + finding.message_en).isprintable()
        assert len(finding.message_en) < 200


def test_a_key_that_stands_twice_sets_its_entry_aside(tmp_path: Path) -> None:
    answers = built_snapshot(ROOT, [AGENCY, COMMUNE], METHODOLOGY)
    folder, archive = tmp_path / "drop", RawArchive(tmp_path / "raw")
    folder.mkdir()
    for name, answer in answers.items():
        text = json.dumps(answer)
        if name == "dvc-progress-tree.H24":
            text = text.replace(
                '"departmentCode": "H24.M11"', '"ratio": 1, "departmentCode": "H24.M11"'
            )
        (folder / f"{name}.month.json").write_text(text, encoding="utf-8")
    (snapshot,) = read_drop(folder, Month(2026, 9), "H24", NOW, archive).snapshots
    parsed = parse_snapshot(snapshot, archive, METHODOLOGY, ROOT.department_id)
    (refused,) = parsed.quarantined
    assert (refused.rule, refused.row) == ("LINE_UNREADABLE", 2)
    assert "ratio" in refused.message_vi


# The share that stops a month


def _account(rows: int, rules: list[str]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    account = {"rows": rows, "quarantined": len(rules), "period": "2026-09"}
    return account, [{"rule": rule} for rule in rules]


@pytest.mark.parametrize(
    "rules", [["BAD_COUNT"], ["BAD_UNIT_NAME"] * 10, ["DUPLICATE_UNIT"] * 9 + ["BAD_NUMBER"]]
)
def test_departments_left_out_alone_do_not_stop_a_month(rules: list[str]) -> None:
    account, quarantined = _account(100, rules)
    require_within_limit(account, Decimal("0.01"), quarantined)


def test_a_month_of_which_nothing_came_is_within_the_limit() -> None:
    require_within_limit({"rows": None, "quarantined": None}, Decimal("0.01"))


@pytest.mark.parametrize(
    "rules",
    [["BAD_COUNT"] * 2, ["NO_UNIT_CODE", "BAD_NUMBER"], ["BAD_UNIT_NAME"] * 11],
)
def test_a_month_stops_where_the_answers_are_read_wrongly_or_too_many_are_left_out(
    rules: list[str],
) -> None:
    account, quarantined = _account(100, rules)
    with pytest.raises(CheckFailedError, match=f"{len(rules)} of 100 entries were quarantined"):
        require_within_limit(account, Decimal("0.01"), quarantined)
