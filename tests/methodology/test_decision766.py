"""Decision 766: the shipped data, the rules on hand-computed cases, and the portal's own figures.

Belongs here: what ``cchc_pipeline.methodology`` promises. Does not: parsing answers, ranking units.
"""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.methodology import (
    UNKNOWN,
    Metric,
    Recomputed,
    ScoreRule,
    Threshold,
    difference,
    load_methodology,
    load_ratings,
    methodology_in_force,
    parse_methodology,
    parse_ratings,
    percent,
    rate,
    recompute_group,
    recompute_metric,
    recompute_total,
    round_score,
)

ROOT = Path(__file__).parents[2] / "schemas" / "decision-766"
METHODOLOGY = load_methodology()
DAY = date(2026, 9, 30)
NULL = Recomputed(None, known=True)
METRICS = {metric.code: metric for metric in METHODOLOGY.metrics}
COUNTED = [m for m in METHODOLOGY.metrics if m.rule.kind in ("proportional", "capped")]


def score(text: str) -> Recomputed:
    return Recomputed(Decimal(text), known=True)


def again(code: str, numerator: int | None, denominator: int | None, on: date = DAY) -> Recomputed:
    return recompute_metric(METRICS[code], numerator, denominator, on)


# The shipped data


def test_six_groups_make_a_hundred_points() -> None:
    assert {group.code: int(group.max_score) for group in METHODOLOGY.groups} == {
        "CKMB": 18, "TDGQ": 20, "CLGQ": 12, "TTTT": 10, "MDHL": 18, "MDSH": 22,
    }  # fmt: skip


def test_every_metric_stands_under_its_number_and_maximum() -> None:
    assert {m.code: (m.number, int(m.max_score)) for m in METHODOLOGY.metrics} == {
        "PUBLISH_ON_TIME": ("1.1", 6),
        "PUBLIC_UPDATE_ON_TIME": ("1.2", 4),
        "PUBLIC_CONTENT_FULL": ("1.3", 2),
        "DOSSIER_SYNC": ("1.4", 6),
        "PROGRESS_ON_TIME": ("2.1", 20),
        "ONLINE_PROVISION": ("3.1", 2),
        "ONLINE_SERVICE_USED": ("3.2", 4),
        "ONLINE_SUBMISSION": ("3.3", 6),
        "PAYMENT_PROCEDURES": ("3.5 B", 2),
        "PAYMENT_INTEGRATED": ("3.5 C", 2),
        "PAYMENT_DOSSIERS": ("3.6", 6),
        "PETITION_CLASSIFICATION_TTHC": ("5.1", 0),
        "PETITION_CLASSIFICATION_STAFF": ("5.1", 0),
        "PETITION_PROCESSING_ON_TIME": ("5.2", 6),
        "PETITION_HANDLING_SATISFACTION": ("5.3", 6),
        "DOSSIER_RECEIVING_SATISFACTION": ("5.4", 6),
        "ORIGINAL_RESULT_AVAILABLE": ("4.1", 6),
        "SO_HOA_GIAY_TO_GIAI_QUYET": ("4.2", 4),
        "REUSED_DIGITIZED_DATA": ("4.3", 2),
        "SYNCED_WITH_DVCQG_PERSONAL_STORAGE": ("4.4", 4),
        "CITIZEN_DATA_CONNECTED_DOSSIER": ("4.5a", 2),
        "CITIZEN_DATA_CONNECTED_FORMALITY": ("4.5b", 2),
        "ELECTRONIC_CERTIFIED_COPY": ("4.6", 2),
    }


def _scored(level: str) -> list[Metric]:
    return [m for m in METHODOLOGY.metrics if level in m.applies_to and not m.is_tracked_only]


@pytest.mark.parametrize("level", ["province", "agency", "commune"])
def test_scored_metrics_of_each_level_make_a_hundred_points(level: str) -> None:
    assert sum(metric.max_score for metric in _scored(level)) == 100


def test_only_online_and_payment_metrics_get_no_score_from_the_source() -> None:
    silent = {m.code for m in _scored("province") if not m.is_scored_by_source}
    expected = {m.code for g in ("CLGQ", "TTTT") for m in METHODOLOGY.metrics_of(g)}
    assert silent == expected


def test_tracked_metrics_are_never_scored() -> None:
    tracked = {metric.code for metric in METHODOLOGY.metrics if metric.is_tracked_only}
    assert tracked == {"PETITION_CLASSIFICATION_TTHC", "PETITION_CLASSIFICATION_STAFF"}
    assert all(again(code, 413, 570) == UNKNOWN for code in tracked)


def test_thresholds_are_the_known_ones_and_each_has_a_basis() -> None:
    full = {m.code: m.rule.threshold(DAY) for m in METHODOLOGY.metrics if m.rule.kind == "capped"}
    assert full == {
        "ONLINE_PROVISION": 80,
        "ONLINE_SUBMISSION": 50,
        "PAYMENT_PROCEDURES": 80,
        "PAYMENT_INTEGRATED": 80,
        "DOSSIER_RECEIVING_SATISFACTION": 90,
        "REUSED_DIGITIZED_DATA": 80,
    }
    assert all("76/NQ-CP" in t.basis for m in METHODOLOGY.metrics for t in m.rule.full_marks_at)


def test_what_is_open_is_said_to_be_open() -> None:
    assert "80 %" in METRICS["SO_HOA_GIAY_TO_GIAI_QUYET"].note_en
    assert "50 % and 30 %" in METRICS["PAYMENT_DOSSIERS"].note_en
    assert METHODOLOGY.group("DVTT").confidence == "believed"
    believed = {g.code for g in METHODOLOGY.groups if g.ratio_confidence == "open"}
    assert believed == {"TDGQ", "CLGQ", "MDHL"}


def test_a_rule_reads_with_the_threshold_of_the_day() -> None:
    metric = METRICS["REUSED_DIGITIZED_DATA"]
    vietnamese = METHODOLOGY.rule_text(metric, "vi", DAY)
    assert vietnamese.startswith("2 × tỷ lệ / 80 %, tối đa 2; ")
    assert METHODOLOGY.rule_text(METRICS["PETITION_PROCESSING_ON_TIME"], "en", DAY) == (
        "6 × ratio; 6 at denominator 0"
    )


# Layouts


def test_an_answer_with_six_groups_is_read_as_six() -> None:
    layout = METHODOLOGY.layout_of(dict.fromkeys([g.code for g in METHODOLOGY.groups], 1.0))
    assert not layout.is_merged
    assert list(layout.keys) == ["CKMB", "TDGQ", "CLGQ", "TTTT", "MDHL", "MDSH"]


def test_an_answer_with_five_groups_keeps_them_merged_under_our_code() -> None:
    layout = METHODOLOGY.layout_of(dict.fromkeys(["CKMB", "TDGQ", "DVCTT", "MDHL", "MDSH"], 1.0))
    assert layout.is_merged
    assert layout.keys == {
        "CKMB": "CKMB", "TDGQ": "TDGQ", "DVTT": "DVCTT", "MDHL": "MDHL", "MDSH": "MDSH",
    }  # fmt: skip
    assert METHODOLOGY.maximum("DVTT") == 22


@pytest.mark.parametrize("scores", [{}, {"CKMB": 1.0}, {"UNHEARD_OF": 1.0}])
def test_an_answer_with_groups_lacking_is_read_as_six(scores: dict[str, float]) -> None:
    assert not METHODOLOGY.layout_of(scores).is_merged


def test_the_total_sums_the_groups_that_have_scores() -> None:
    six = dict.fromkeys([g.code for g in METHODOLOGY.groups], 1.0)
    assert METHODOLOGY.summed_groups({**six, "TOTAL": 6.0}) == tuple(six)
    five: dict[str, float | None] = {**six, "DVTT": 2.0, "CLGQ": None, "TTTT": None}
    assert METHODOLOGY.summed_groups(five) == ("CKMB", "TDGQ", "DVTT", "MDHL", "MDSH")


def test_no_groups_are_summed_where_they_are_not_told() -> None:
    assert METHODOLOGY.summed_groups({"TOTAL": 66.0}) == ()
    assert METHODOLOGY.summed_groups(dict.fromkeys([g.code for g in METHODOLOGY.groups])) == ()


# Rules, by cases computed by hand


@pytest.mark.parametrize(
    ("code", "numerator", "denominator", "expected"),
    [
        ("PUBLISH_ON_TIME", 1, 48, "0.12"),  # from 2.08 %; the exact quotient would give 0.13
        ("PUBLIC_UPDATE_ON_TIME", 57, 74, "3.08"),
        ("PUBLIC_CONTENT_FULL", 59, 59, "2.00"),
        ("DOSSIER_SYNC", 515_020, 515_020, "6.00"),
        ("PROGRESS_ON_TIME", 528_684, 597_918, "17.68"),
        ("ONLINE_PROVISION", 52, 89, "1.46"),
        ("ONLINE_PROVISION", 4, 5, "2.00"),
        ("ONLINE_SERVICE_USED", 516, 1884, "1.10"),
        ("ONLINE_SUBMISSION", 1, 4, "3.00"),
        ("ONLINE_SUBMISSION", 589_496, 597_894, "6.00"),
        ("PAYMENT_PROCEDURES", 119, 313, "0.95"),
        ("PAYMENT_INTEGRATED", 3, 20, "0.38"),  # 15 % gives 0.375, a tie
        ("PAYMENT_DOSSIERS", 309_542, 358_625, "5.18"),
        ("PETITION_PROCESSING_ON_TIME", 455, 856, "3.19"),
        ("PETITION_HANDLING_SATISFACTION", 349, 856, "2.45"),
        ("DOSSIER_RECEIVING_SATISFACTION", 528_464, 597_918, "5.89"),
        ("DOSSIER_RECEIVING_SATISFACTION", 156, 161, "6.00"),
        ("ORIGINAL_RESULT_AVAILABLE", 1, 48, "0.13"),  # from the exact quotient, 0.125
        ("SO_HOA_GIAY_TO_GIAI_QUYET", 9, 10, "3.60"),  # no full marks at 80 %
        ("REUSED_DIGITIZED_DATA", 181_565, 726_177, "0.63"),
        ("SYNCED_WITH_DVCQG_PERSONAL_STORAGE", 9_789, 726_177, "0.05"),
        ("CITIZEN_DATA_CONNECTED_DOSSIER", 339_942, 679_775, "1.00"),
        ("CITIZEN_DATA_CONNECTED_FORMALITY", 425, 1_326, "0.64"),
    ],
)
def test_a_score_follows_from_its_counts(
    code: str, numerator: int, denominator: int, expected: str
) -> None:
    assert again(code, numerator, denominator) == score(expected)


def test_the_certified_copy_has_its_points_without_counts() -> None:
    assert again("ELECTRONIC_CERTIFIED_COPY", None, None) == score("2.00")


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (("PUBLISH_ON_TIME", "DOSSIER_SYNC", "SO_HOA_GIAY_TO_GIAI_QUYET"), NULL),
        (("PROGRESS_ON_TIME", "PAYMENT_DOSSIERS", "PAYMENT_INTEGRATED"), score("0.00")),
        (("DOSSIER_RECEIVING_SATISFACTION",), score("0.00")),
        (("PETITION_PROCESSING_ON_TIME", "PETITION_HANDLING_SATISFACTION"), score("6.00")),
        (("ONLINE_PROVISION", "ONLINE_SERVICE_USED", "ONLINE_SUBMISSION"), UNKNOWN),
    ],
)
def test_each_group_treats_a_denominator_of_0_its_own_way(
    codes: tuple[str, ...], expected: Recomputed
) -> None:
    assert all(again(code, 0, 0) == expected for code in codes)


@pytest.mark.parametrize("counts", [(None, 5), (5, None), (None, None)])
def test_nothing_is_said_where_a_count_is_missing(counts: tuple[int | None, int | None]) -> None:
    assert all(recompute_metric(metric, *counts, DAY) == UNKNOWN for metric in COUNTED)


def test_a_threshold_holds_from_its_first_day_to_its_last() -> None:
    turn = date(2025, 7, 1)
    rule = ScoreRule(
        "capped", "zero", "exact",
        (
            Threshold(date(2023, 1, 1), turn - timedelta(days=1), Decimal(50), "stage one"),
            Threshold(turn, None, Decimal(80), "stage two"),
        ),
    )  # fmt: skip
    metric = replace(METRICS["REUSED_DIGITIZED_DATA"], rule=rule)
    assert recompute_metric(metric, 2, 5, turn - timedelta(days=1)) == score("1.60")
    assert recompute_metric(metric, 2, 5, turn) == score("1.00")
    assert recompute_metric(metric, 2, 5, date(2022, 12, 31)) == UNKNOWN
    assert METHODOLOGY.rule_text(metric, "en", turn - timedelta(days=1)).startswith(
        "2 × ratio / 50 %"
    )


def test_a_group_is_the_sum_of_its_rounded_metrics() -> None:
    parts = {
        "PAYMENT_PROCEDURES": score("0.95"),
        "PAYMENT_INTEGRATED": score("0.54"),
        "PAYMENT_DOSSIERS": score("5.18"),
    }
    assert recompute_group(METHODOLOGY, "TTTT", parts) == score("6.67")


def test_null_counts_0_in_a_group_and_is_not_unknown() -> None:
    parts = {m.code: NULL for m in METHODOLOGY.metrics_of("MDSH")}
    parts["ELECTRONIC_CERTIFIED_COPY"] = score("2.00")
    assert recompute_group(METHODOLOGY, "MDSH", parts) == score("2.00")
    parts["REUSED_DIGITIZED_DATA"] = UNKNOWN
    assert recompute_group(METHODOLOGY, "MDSH", parts) == UNKNOWN


def test_a_group_does_not_wait_for_its_tracked_metrics() -> None:
    parts = {m.code: score("1.00") for m in METHODOLOGY.metrics_of("MDHL") if not m.is_tracked_only}
    assert recompute_group(METHODOLOGY, "MDHL", parts) == score("3.00")


def test_a_merged_group_sums_the_metrics_of_its_parts() -> None:
    parts = {m.code: score("1.00") for g in ("CLGQ", "TTTT") for m in METHODOLOGY.metrics_of(g)}
    assert recompute_group(METHODOLOGY, "DVTT", parts) == score("6.00")


def test_the_total_is_the_plain_sum_and_unknown_without_one_group() -> None:
    groups = {group.code: score("10.01") for group in METHODOLOGY.groups}
    assert recompute_total(METHODOLOGY, groups) == score("60.06")
    assert recompute_total(METHODOLOGY, {**groups, "CLGQ": UNKNOWN}) == UNKNOWN
    del groups["CLGQ"]
    assert recompute_total(METHODOLOGY, groups) == UNKNOWN


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (0.125, "0.13"),  # a tie of the double itself
        (1.005, "1.00"),  # the double lies below the tie
        (Decimal("1.005"), "1.01"),
        (-0.125, "-0.13"),
        (0.0, "0.00"),
    ],
)
def test_rounding_goes_by_the_binary_double_and_away_from_zero(
    value: float | Decimal, rounded: str
) -> None:
    assert round_score(value) == Decimal(rounded)


def test_a_ratio_needs_both_counts_and_a_denominator() -> None:
    assert percent(1, 48) == Decimal("2.08")
    assert percent(0, 48) == Decimal("0.00")
    assert percent(0, 0) is percent(None, 5) is percent(5, None) is None


def test_the_difference_is_published_less_recomputed() -> None:
    assert difference(10.67, score("10.62")) == Decimal("0.05")
    assert difference(None, score("1.00")) is None
    assert difference(0.0, NULL) is difference(0.0, UNKNOWN) is None


@pytest.mark.parametrize(
    ("total", "name"),
    [
        (100, "Xuất sắc"), (90.0, "Xuất sắc"), (89.99, "Tốt"), (80.0, "Tốt"), (79.99, "Khá"),
        (70.0, "Khá"), (69.99, "Trung bình"), (67.18, "Trung bình"), (50.0, "Trung bình"),
        (49.99, "Yếu"), (0.0, "Yếu"),
    ],
)  # fmt: skip
def test_a_total_is_rated_by_the_band_it_lies_in(total: float, name: str) -> None:
    rating = rate(total)
    assert rating is not None
    assert rating.name_vi == name


def test_no_total_has_no_rating_and_thresholds_are_marked_believed() -> None:
    assert rate(None) is None
    assert load_ratings().thresholds_confidence == "believed"
    assert load_ratings().names_confidence == "confirmed"


# Identities

metrics = st.sampled_from(COUNTED)
counts = st.integers(0, 2_000_000)


@given(metrics, counts, st.integers(1, 2_000_000))
def test_a_score_lies_between_0_and_its_maximum(
    metric: Metric, numerator: int, denominator: int
) -> None:
    found = recompute_metric(metric, numerator, denominator, DAY).score
    assert found is not None
    assert 0 <= found <= metric.max_score
    assert found == found.quantize(Decimal("0.01"))


@given(metrics, counts, counts, st.integers(1, 2_000_000))
def test_a_larger_numerator_never_scores_less(
    metric: Metric, one: int, other: int, denominator: int
) -> None:
    low, high = (
        recompute_metric(metric, numerator, denominator, DAY).score
        for numerator in sorted((one, other))
    )
    assert low is not None
    assert high is not None
    assert low <= high


@given(metrics, st.integers(1, 2_000_000))
def test_all_of_the_cases_earn_full_marks_and_none_earn_0(metric: Metric, cases: int) -> None:
    assert recompute_metric(metric, cases, cases, DAY).score == metric.max_score
    assert recompute_metric(metric, 0, cases, DAY) == score("0.00")


@given(metrics, counts)
def test_null_by_rule_is_never_0(metric: Metric, numerator: int) -> None:
    found = recompute_metric(metric, numerator, 0, DAY)
    rule = metric.rule.zero_denominator
    assert (found.score is None) == (rule in ("none", "unknown"))
    assert found.known == (rule != "unknown")


# Data that cannot be used


def content() -> dict[str, Any]:
    return copy.deepcopy(read_yaml("decision-766/methodology-2026.yaml"))


def entry(data: dict[str, Any], code: str) -> dict[str, Any]:
    found = [
        e for e in data["groups"] + data["metrics"] + data["merged_groups"] if e["code"] == code
    ]
    assert isinstance(found[0], dict)
    return found[0]


@pytest.mark.parametrize(
    ("code", "field", "value", "complaint"),
    [
        ("DOSSIER_SYNC", "max_score", 5, "CKMB: its metrics add up to 17, not 18"),
        ("CKMB", "max_score", 19, "groups add up to 101, not 100"),
        ("DVTT", "max_score", 21, "DVTT: its parts add up to 22, not 21"),
        ("DVTT", "parts", ["CLGQ", "XXXX"], "DVTT: there is no group XXXX"),
        ("DOSSIER_SYNC", "group", "XXXX", "DOSSIER_SYNC: there is no group XXXX"),
        ("DOSSIER_SYNC", "code", "PUBLISH_ON_TIME", "PUBLISH_ON_TIME stands twice"),
        ("DOSSIER_SYNC", "basis", "", "metrics.DOSSIER_SYNC.basis: "),
        ("DOSSIER_SYNC", "name_en", None, "metrics.DOSSIER_SYNC.name_en: "),
        ("DOSSIER_SYNC", "max_score", "six", "metrics.DOSSIER_SYNC.max_score: "),
        ("DOSSIER_SYNC", "applies_to", ["village"], "metrics.DOSSIER_SYNC.applies_to.0: "),
        ("DOSSIER_SYNC", "confidence", "certain", "metrics.DOSSIER_SYNC.confidence: "),
        ("DOSSIER_SYNC", "weight", 1, "metrics.DOSSIER_SYNC.weight: "),
        ("TDGQ", "endpoint", "", "groups.TDGQ.endpoint: "),
    ],
)
def test_a_wrong_entry_is_refused_by_name(
    code: str, field: str, value: object, complaint: str
) -> None:
    data = content()
    entry(data, code)[field] = value
    with pytest.raises(SchemaDataError, match=f"a file: .*{re.escape(complaint)}") as refusal:
        parse_methodology(data, "a file")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("first", "second", "complaint"),
    [
        (("2024-01-01", "2025-01-01"), ("2025-01-01", None), "2024-01-01 and 2025-01-01 overlap"),
        (("2024-01-01", None), ("2023-01-01", None), "2024-01-01 and 2023-01-01 overlap"),
        (("2024-02-01", "2024-01-01"), ("2025-01-01", None), "2024-02-01 ends before it begins"),
    ],
)
def test_thresholds_must_follow_each_other(
    first: tuple[str, str | None], second: tuple[str, str | None], complaint: str
) -> None:
    data = content()
    entry(data, "REUSED_DIGITIZED_DATA")["rule"]["full_marks_at"] = [
        {"valid_from": start, "valid_to": end, "value": 80, "basis": "a text"}
        for start, end in (first, second)
    ]
    with pytest.raises(SchemaDataError, match=f"REUSED_DIGITIZED_DATA: .*{complaint}"):
        parse_methodology(data, "a file")


def test_thresholds_that_follow_each_other_are_taken() -> None:
    data = content()
    rows = entry(data, "REUSED_DIGITIZED_DATA")["rule"]["full_marks_at"]
    rows[:] = [
        {"valid_from": "2026-01-01", "valid_to": "2026-06-30", "value": 70, "basis": "a text"},
        {"valid_from": "2026-07-01", "valid_to": None, "value": 80, "basis": "a text"},
    ]
    rule = parse_methodology(data, "a file").metric("REUSED_DIGITIZED_DATA").rule
    assert rule.threshold(date(2026, 6, 30)) == 70
    assert rule.threshold(date(2026, 7, 1)) == 80


def test_a_threshold_needs_a_basis() -> None:
    data = content()
    del entry(data, "ONLINE_PROVISION")["rule"]["full_marks_at"][0]["basis"]
    with pytest.raises(SchemaDataError, match=r"ONLINE_PROVISION\.rule\.full_marks_at\.0\.basis"):
        parse_methodology(data, "a file")


@pytest.mark.parametrize(
    ("code", "rule", "complaint"),
    [
        ("REUSED_DIGITIZED_DATA", {"kind": "capped"}, "a capped rule, and no other"),
        ("DOSSIER_SYNC", {"kind": "tracked"}, "a tracked metric has max_score 0"),
        ("DOSSIER_SYNC", {"kind": "guessed"}, "metrics.DOSSIER_SYNC.rule.kind"),
    ],
)
def test_a_rule_must_make_sense(code: str, rule: dict[str, str], complaint: str) -> None:
    data = content()
    entry(data, code)["rule"] = rule
    with pytest.raises(SchemaDataError, match=re.escape(complaint)):
        parse_methodology(data, "a file")


def test_words_for_readers_must_stand_in_both_languages() -> None:
    data = content()
    del data["rule_words"]["capped"]["en"]
    del data["zero_words"]["none"]
    with pytest.raises(SchemaDataError, match=r"rule_words\.capped.*zero_words\.none"):
        parse_methodology(data, "a file")


@pytest.mark.parametrize("data", [None, [], "text", {}])
def test_a_file_of_another_shape_is_refused_with_one_line(data: object) -> None:
    with pytest.raises(SchemaDataError, match="a file: ") as refusal:
        parse_methodology(data, "a file")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("file", sorted(path.name for path in ROOT.glob("methodology-*.yaml")))
def test_every_methodology_is_usable_under_the_code_that_its_file_is_named_for(file: str) -> None:
    code = file.removeprefix("methodology-").removesuffix(".yaml")
    assert load_methodology(f"766-{code}").code == f"766-{code}"


@pytest.mark.parametrize(("code", "complaint"), [("766-1999", "no such file"), ("../x", "not the")])
def test_an_unknown_methodology_is_refused(code: str, complaint: str) -> None:
    with pytest.raises(SchemaDataError, match=complaint):
        load_methodology(code)


@pytest.mark.parametrize("starts", [[90, 80, 80, 50, 0], [90, 80, 70, 50, 10], [0, 50, 70, 80, 90]])
def test_rating_bands_must_fall_to_0(starts: list[int]) -> None:
    data = copy.deepcopy(read_yaml("decision-766/ratings.yaml"))
    for band, start in zip(data["bands"], starts, strict=True):
        band["at_least"] = start
    with pytest.raises(SchemaDataError, match="do not fall"):
        parse_ratings(data, "a file")


# The portal's own figures

CAPTURES = Path(__file__).parents[2].parent / "shared" / "portal-data"
needs_captures = pytest.mark.skipif(not CAPTURES.is_dir(), reason="no captures at hand")

# A capture of 26/9 holds endpoints at different states of the portal's refresh: these two group
# scores contradict the metrics that were answered beside them.
MIXED = {
    ("hai-phong-H24/2026-09-26", "H24", "MDSH"): Decimal("0.05"),
    ("hai-phong-H24/2026-09-26", "H24", "MDHL"): Decimal("0.17"),
}


def captured_units(folder: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each unit of each group's answer: group, unit, its entry."""
    for group in METHODOLOGY.groups:
        (file,) = (CAPTURES / folder).glob(f"{group.endpoint}.*.json")
        data = json.loads(file.read_text(encoding="utf-8"))["data"]
        root = data.get("overview") or data.get("parent")
        yield group.code, file.name.split(".")[1], root
        for row in data.get("evaluation") or data.get("children") or ():
            yield group.code, row["departmentId"], row


def counts_of(group: str, body: dict[str, Any]) -> dict[str, tuple[int | None, int | None]]:
    """The counts of an entry by metric, in the layout of each endpoint."""
    if "metrics" in body:
        return {m["code"]: (m["numerator"], m["denominator"]) for m in body["metrics"]}
    partly, fully = body.get("partialCount"), body.get("fullCount")
    offered = None if partly is None or fully is None else partly + fully
    fees = body.get("totalFeeFormality")
    return {
        "TDGQ": {"PROGRESS_ON_TIME": (body.get("totalOnTime"), body.get("totalReceived"))},
        "CLGQ": {
            "ONLINE_PROVISION": (offered, body.get("authorityCount")),
            "ONLINE_SERVICE_USED": (body.get("onlineDossierCount"), body.get("onlineServiceTotal")),
            "ONLINE_SUBMISSION": (body.get("channelOnlineSum"), body.get("channelTotalSum")),
        },
        "TTTT": {
            "PAYMENT_PROCEDURES": (body.get("totalDossierOnlineFormalityPaymentSuccess"), fees),
            "PAYMENT_INTEGRATED": (body.get("totalFeeDossierFormality"), fees),
            "PAYMENT_DOSSIERS": (
                body.get("totalDossierOnlinePaymentSuccess"),
                body.get("totalDossierFinancialObligation"),
            ),
        },
    }[group]  # fmt: skip


FOLDERS = [
    *(f"hai-phong-H24/2026-{day}" for day in ("09-26", "10-02", "10-06", "10-10a", "10-10b")),
    "phu-tho-H44/2026-09-26",
]


def compared(folder: str) -> Iterator[tuple[str, str, Decimal | None]]:
    """Unit, metric or group, and published less recomputed (None: cannot be recomputed)."""
    for group, unit, body in captured_units(folder):
        counts = counts_of(group, body)
        metrics = {c: recompute_metric(METRICS[c], *n, DAY) for c, n in counts.items()}
        for item in body.get("metrics", ()):
            if not METRICS[item["code"]].is_tracked_only:
                found = metrics[item["code"]]
                assert found.known
                assert (item["score"] is None) == (found.score is None)
                yield unit, item["code"], difference(item["score"], found)
        published = body.get("totalScore", body.get("score"))
        yield unit, group, difference(published, recompute_group(METHODOLOGY, group, metrics))


@needs_captures
@pytest.mark.shared
@pytest.mark.parametrize("folder", FOLDERS)
def test_the_portals_scores_are_found_again(folder: str) -> None:
    off = {
        (folder, unit, code): gap
        for unit, code, gap in compared(folder)
        if gap is not None and abs(gap) > METHODOLOGY.tolerance
    }
    assert off == {key: gap for key, gap in MIXED.items() if key[0] == folder}


@needs_captures
@pytest.mark.shared
@pytest.mark.parametrize("folder", FOLDERS)
def test_only_what_lacks_counts_cannot_be_recomputed(folder: str) -> None:
    """H24's captures kept no counts of CLGQ and not all of TTTT; children never have CLGQ's."""
    unknown = {(unit == "H24", code) for unit, code, gap in compared(folder) if gap is None}
    at_root = {(True, "CLGQ"), (True, "TTTT")}
    assert unknown == (at_root if "H24" in folder else {(False, "CLGQ")})


@needs_captures
@pytest.mark.shared
def test_payment_is_found_again_to_the_cent() -> None:
    gaps = [gap for _, code, gap in compared("phu-tho-H44/2026-09-26") if code == "TTTT"]
    assert gaps == [Decimal(0)] * 21


@needs_captures
@pytest.mark.shared
@pytest.mark.parametrize("folder", FOLDERS)
def test_published_ratios_are_found_again(folder: str) -> None:
    """Where there are counts: without any, the source says 0 or 100 and we say nothing."""
    for _, _, body in captured_units(folder):
        for item in body.get("metrics", ()):
            ours = percent(item["numerator"], item["denominator"])
            assert ours is None or ours == Decimal(str(item["ratio"]))


@needs_captures
@pytest.mark.shared
@pytest.mark.parametrize("capture", ["2026-09-17", "2026-10-10"])
def test_national_totals_are_the_plain_sum_of_their_groups(capture: str) -> None:
    file = CAPTURES / "national" / capture / "service-results.year.json"
    rows = json.loads(file.read_text(encoding="utf-8"))["data"]["evaluation"]
    assert len(rows) == 34
    for row in rows:
        layout = METHODOLOGY.layout_of(row["groupScores"])
        assert not layout.is_merged
        groups = sum(Decimal(str(row["groupScores"][key])) for key in layout.keys.values())
        assert abs(Decimal(str(row["totalScore"])) - groups) <= METHODOLOGY.tolerance


def test_the_legacy_methodology_knows_the_six_groups_and_the_merged_one_and_no_metric() -> None:
    legacy = load_methodology("766-2022")
    maxima = {group.code: int(group.max_score) for group in legacy.groups}
    assert maxima == {"CKMB": 18, "TDGQ": 20, "CLGQ": 12, "TTTT": 10, "MDHL": 18, "MDSH": 22}
    (merged,) = legacy.merged_groups
    assert (merged.parts, merged.max_score, merged.confidence) == (("CLGQ", "TTTT"), 22, "believed")
    assert legacy.has_groups_only
    assert legacy.source_system == "dvcqg-legacy"
    assert recompute_group(legacy, "CKMB", {}) == UNKNOWN


def test_the_methodology_of_a_day_is_the_one_in_force_then() -> None:
    chosen = load_methodology("766-2026")
    days = (date(2022, 6, 1), date(2024, 5, 31), date(2025, 12, 31), date(2026, 1, 31))
    codes = [methodology_in_force(chosen, day).code for day in days]
    assert codes == ["766-2022", "766-2022", "766-2022", "766-2026"]
    legacy = load_methodology("766-2022")
    assert methodology_in_force(legacy, date(2026, 9, 30)) is legacy
