"""What a year's plan says, that it is the decision's own words, and how attaining it is judged.

Belongs here: the plan as data and its arithmetic. Does not: measured values or pages.
"""

import copy
import os
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_code_list, load_contract
from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.errors import SchemaDataError, UsageError
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.dossier_targets import load_formulas
from cchc_pipeline.plan import (
    Comparator,
    Plan,
    RunRate,
    RunRateReason,
    Task,
    Window,
    attained,
    load_plan,
    parse_plan,
    parse_window,
    plan_years,
    required_run_rate,
)
from cchc_pipeline.sources.agency_forms.items import load_bodies

SEED = Path(__file__).parents[2].parent / "shared" / "seed" / "ke-hoach-cchc-2024.txt"

TARGET_IDS = (
    "II.2 II.3 II.4a 7a II.4b 7b 7c II.5 II.6a II.6b 22a 22b 22c 23a 23b 24 25a 25b 26 27 "
    "28a 28b 31 45 46a 46b 46c 47 48 51 52 54"
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    loaded = load_plan(2024)
    assert loaded is not None
    return loaded


@pytest.fixture(scope="module", params=plan_years())
def any_plan(request: pytest.FixtureRequest) -> Plan:
    loaded = load_plan(request.param)
    assert loaded is not None
    return loaded


@pytest.fixture(scope="module")
def seed() -> str:
    if not SEED.exists():
        must = os.environ.get("CCHC_TEST_ALL") == "1" and SEED.parents[1].exists()
        (pytest.fail if must else pytest.skip)(f"{SEED} is absent")
    return unicodedata.normalize("NFC", SEED.read_text(encoding="utf-8"))


def content() -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for name in ("plan", "targets", "tasks"):
        merged |= read_yaml(f"plan/2024/{name}.yaml")
    return copy.deepcopy(merged)


# --- of every year


def test_the_files_of_a_plan_agree_with_it(any_plan: Plan) -> None:
    assert load_bodies(any_plan.year) is not None
    measured = {target.id for target in any_plan.targets if target.measured_from == "dossiers"}
    assert {formula.target for formula in load_formulas(any_plan.year)} == measured


def test_ids_are_in_the_form_that_is_published(any_plan: Plan) -> None:
    published = {
        "plan_indicators": ("indicator_id", [target.id for target in any_plan.targets]),
        "plan_tasks": ("task_id", [task.id for task in any_plan.tasks]),
    }
    for table, (name, ids) in published.items():
        form = load_contract(table).field(name).pattern
        assert form is not None
        assert [key for key in ids if not re.fullmatch(form, key)] == [], form


def test_a_target_of_the_annex_quotes_the_task_that_sets_it(any_plan: Plan) -> None:
    titles = {task.id: task.title for task in any_plan.tasks}
    for target in any_plan.targets:
        assert target.quote in titles.get(target.section, target.quote), target.id


def test_the_quote_of_a_target_names_its_figure(any_plan: Plan) -> None:
    for target in any_plan.targets:
        if target.unit == "percent":
            assert f"{target.target}%".replace(".", ",") in target.quote, target.id


# --- what is there


def test_every_measurable_target_is_there_in_the_order_of_the_plan(plan: Plan) -> None:
    assert " ".join(target.id for target in plan.targets) == TARGET_IDS
    assert len(plan.targets) == 32


def test_63_rows_are_tracked_under_57_numbers(plan: Plan) -> None:
    numbers = [row.number for row in plan.rows if row.number is not None]
    assert len(plan.tasks) == 63
    assert sorted(numbers) == list(range(1, 58))
    assert [heading.id for heading in plan.headings] == ["1", "3", "7"]


def test_sub_rows_stand_under_their_heading_and_the_unnumbered_row_after_35(plan: Plan) -> None:
    below = {task.id: task.parent for task in plan.tasks if task.parent is not None}
    assert below == {
        "1a": "1", "1b": "1", "1c": "1", "3a": "3", "3b": "3", "7a": "7", "7b": "7", "7c": "7",
    }  # fmt: skip
    ids = [task.id for task in plan.tasks]
    assert ids[ids.index("35") :][:3] == ["35", "35bis", "36"]
    assert plan.task("35bis").number is None


def test_the_seven_groups_have_their_sizes(plan: Plan) -> None:
    sizes = {group.number: len(plan.tasks_of(group.number)) for group in plan.groups}
    assert sizes == {"I": 15, "II": 9, "III": 13, "IV": 7, "V": 4, "VI": 6, "VII": 9}


def test_the_order_is_that_of_the_annex(plan: Plan) -> None:
    numbers = [task.number for task in plan.tasks if task.number is not None]
    groups = [task.group for task in plan.tasks]
    assert numbers == sorted(numbers)
    assert list(dict.fromkeys(groups)) == [group.number for group in plan.groups]


def test_a_year_without_a_plan_has_none() -> None:
    assert load_plan(2023) is None


def test_the_statuses_of_a_task_are_those_of_the_form_and_not_reported() -> None:
    assert [(code.code, code.name.vi) for code in load_code_list("task_status").codes] == [
        ("NOT_REPORTED", "Chưa báo cáo"),
        ("NOT_STARTED", "Chưa thực hiện"),
        ("IN_PROGRESS", "Đang thực hiện"),
        ("DONE", "Hoàn thành"),
        ("OVERDUE", "Trễ hạn"),
        ("NOT_APPLICABLE", "Không áp dụng"),
    ]


def test_reports_fall_due_before_the_tenth(plan: Plan) -> None:
    due = {report.kind: (report.months, report.before_day) for report in plan.reporting.reports}
    assert due == {"quarter": ((3, 6, 9, 12), 10), "half_year": ((6,), 10), "year": ((12,), 10)}


def test_766_results_are_to_be_public_in_two_places_by_a_believed_day(plan: Plan) -> None:
    target = plan.target("31")
    assert f"{target.comparator} {target.target} {target.unit}" == "= 12 months"
    assert [place.code for place in target.places] == ["one_stop", "city_portal"]
    assert target.deadline is not None
    assert target.deadline.confidence == "believed"
    assert target.deadline.last_day(Month(2024, 1)) == date(2024, 2, 29)


def test_only_shares_with_a_floor_have_a_run_rate(plan: Plan) -> None:
    without = {target.id for target in plan.targets if not target.run_rate}
    cuts, not_additive, counts = {"22b", "22c", "23a", "23b", "47"}, {"52"}, {"46a", "46b", "46c"}
    assert without == cuts | not_additive | counts | {"31"}


def test_metrics_of_decision_766_stand_beside_some_targets_and_not_25b(plan: Plan) -> None:
    beside = {t.id: t.related_metric for t in plan.targets if t.related_metric is not None}
    assert beside == {
        "II.5": "DOSSIER_SYNC",
        "II.6a": "PROGRESS_ON_TIME",
        "28b": "PROGRESS_ON_TIME",
        "II.6b": "DOSSIER_RECEIVING_SATISFACTION",
        "28a": "DOSSIER_RECEIVING_SATISFACTION",
    }
    note = plan.target("25b").note
    assert note is not None
    assert "3.3" in note.en


def test_who_owes_the_data_is_a_lead_that_the_annex_names(plan: Plan) -> None:
    leads = {lead for task in plan.tasks for lead in task.leads}
    for target in plan.targets:
        assert set(target.owed_by) <= leads, target.id
        if target.owed_by_section in {task.id for task in plan.tasks}:
            assert set(target.owed_by) <= set(plan.task(target.owed_by_section).leads), target.id


# --- what does not agree is kept


def test_the_two_floors_for_one_share_are_both_kept(plan: Plan) -> None:
    stricter, laxer = plan.target("II.6a"), plan.target("28b")
    assert f"{stricter.comparator} {stricter.target}" == "> 95"
    assert f"{laxer.comparator} {laxer.target}" == "> 90"
    assert plan.conflicts_with("II.6a") == "28b"
    assert plan.conflicts_with("28b") == "II.6a"
    assert plan.conflicts_with("II.6b") == "28a"
    assert plan.conflicts_with("24") is None


def test_slips_stay_in_the_text_and_are_named(plan: Plan) -> None:
    assert "117/NĐ-CP" in plan.task("35bis").title
    assert plan.task("57").time_text == "Cả năm 2021"
    assert "TCVN ISO TCVN ISO 37001:2018" in plan.task("57").title
    assert [slip.believed for slip in plan.slips_of("35bis")] == ["117/NQ-CP"]
    assert [slip.as_written for slip in plan.slips_of("57")] == [
        "Cả năm 2021",
        "TCVN ISO TCVN ISO 37001:2018",
    ]
    assert plan.slips_of("56") == ()


def test_slips_outside_the_annex_are_named_by_section(plan: Plan) -> None:
    places = {slip.id: slip.section for slip in plan.slips if slip.section is not None}
    assert places == {
        "decision_number": "heading",
        "letter_d_in_iii_4": "III.4",
        "letter_d_in_iii_5": "III.5",
        "letter_d_in_v_2": "V.2",
    }


# --- the decision's own words


def annex_rows(seed: str) -> list[list[str]]:
    """The annex's rows of six cells, those broken over a page joined again; no headings' rows."""
    rows: list[list[str]] = []
    for line in seed[seed.index("\nDANH MỤC\n") :].split("\n"):
        cells = [cell.strip() for cell in line.split("\t")]
        is_row = len(cells) == 6 and cells[0] not in ("TT", "----") and any(cells[1:])
        if is_row and not cells[0] and not cells[2]:
            rows[-1] = [
                f"{above} {below}".strip() for above, below in zip(rows[-1], cells, strict=True)
            ]
        elif is_row:
            rows.append(cells)
    return rows


def written(task: Task) -> list[str]:
    dash = "- " if task.parent else ""
    return [
        "" if task.number is None else str(task.number),
        dash + task.title,
        task.leads_text,
        task.coordinators_text or "",
        task.time_text,
        task.product or "",
    ]


@pytest.mark.shared
def test_every_cell_of_every_task_is_the_annexs_own(plan: Plan, seed: str) -> None:
    rows = annex_rows(seed)
    headings = [[str(h.number), h.title, "", "", "", ""] for h in plan.headings]
    assert [row for row in rows if not row[2]] == headings
    assert [row for row in rows if row[2]] == [written(task) for task in plan.tasks]


@pytest.mark.shared
def test_group_titles_are_the_annexs_own(plan: Plan, seed: str) -> None:
    annex = seed[seed.index("\nDANH MỤC\n") :]
    for group in plan.groups:
        assert re.search(rf"^{group.number}\. {group.title.vi}\t*$", annex, re.MULTILINE)


@pytest.mark.shared
def test_quotes_and_slips_stand_in_the_decision(plan: Plan, seed: str) -> None:
    flat = " ".join(seed.split())
    for target in plan.targets:
        if target.id.startswith("II."):
            assert target.quote in flat, target.id
    assert plan.reporting.quote in flat
    for slip in plan.slips:
        assert slip.as_written in flat, slip.id


def test_bodies_are_cut_from_the_cell_and_nothing_else_is_lost(plan: Plan) -> None:
    for task in plan.tasks:
        for cell, bodies in (
            (task.leads_text, task.leads),
            (task.coordinators_text or "", task.coordinators),
        ):
            rest = cell
            for body in bodies:
                assert body in rest, task.id
                rest = rest.replace(body, "", 1)
            assert set(rest) <= set("-;,. "), task.id


# --- the time that a task is given


@pytest.mark.parametrize(
    ("text", "due_from", "due_to"),
    [
        ("Cả năm 2024", date(2024, 1, 1), date(2024, 12, 31)),
        ("Cả năm 2021", date(2021, 1, 1), date(2021, 12, 31)),
        ("Tháng 12/2023", date(2023, 12, 1), date(2023, 12, 31)),
        ("Tháng 02/2024", date(2024, 2, 1), date(2024, 2, 29)),
        ("Quý I/2024", date(2024, 1, 1), date(2024, 3, 31)),
        ("Quý IV/2024", date(2024, 10, 1), date(2024, 12, 31)),
        ("Quý III,IV/2024", date(2024, 7, 1), date(2024, 12, 31)),
        ("Quý III, IV/ 2024", date(2024, 7, 1), date(2024, 12, 31)),
        ("Quý II, III, IV/ 2024", date(2024, 4, 1), date(2024, 12, 31)),
        ("Trước ngày 25/01/2024", None, date(2024, 1, 24)),
        ("Trước ngày 01/01/2024", None, date(2023, 12, 31)),
        ("Quý II", date(2024, 4, 1), date(2024, 6, 30)),
        ("Theo yêu cầu của Bộ Nội vụ", None, None),
        ("Tháng 13/2024", None, None),
        ("Quý V/2024", None, None),
        ("Trước ngày 31/02/2024", None, None),
        ("", None, None),
    ],
)
def test_a_time_as_written_gives_its_days(
    text: str, due_from: date | None, due_to: date | None
) -> None:
    assert parse_window(text, 2024) == Window(due_from, due_to)


def test_only_times_that_name_no_day_stay_open(plan: Plan) -> None:
    without = {task.id for task in plan.tasks if plan.window(task).due_to is None}
    assert without == {"2", "5", "39"}


def test_the_window_of_task_57_is_literally_2021(plan: Plan) -> None:
    assert plan.window(plan.task("57")) == Window(date(2021, 1, 1), date(2021, 12, 31))


@given(st.text(max_size=30), st.integers(2000, 2100))
def test_no_text_breaks_the_reading_of_times(text: str, year: int) -> None:
    window = parse_window(text, year)
    if window.due_from is not None and window.due_to is not None:
        assert window.due_from <= window.due_to


# --- attained, on the exact value


@pytest.mark.parametrize(
    ("value", "comparator", "target", "expected"),
    [
        (Decimal(90), ">=", 90, True),
        (Decimal(90), ">", 90, False),
        (Decimal("90.001"), ">", 90, True),
        (Fraction(100 * 8_999_999, 10_000_000), ">=", 90, False),
        (Fraction(100 * 99_999, 100_000), "=", 100, False),
        (Fraction(100), "=", 100, True),
        (0, ">=", Decimal(30), False),
        (None, ">=", 90, None),
    ],
)
def test_a_value_attains_its_target_at_the_very_edge(
    value: Decimal | Fraction | int | None, comparator: str, target: int, expected: bool | None
) -> None:
    assert attained(value, Comparator(comparator), target) is expected


# --- the share still needed


def rate(numerator: int, denominator: int, month: int, target: int, comparator: str) -> RunRate:
    return required_run_rate(numerator, denominator, month, target, Comparator(comparator))


@pytest.mark.parametrize(
    ("numerator", "denominator", "month", "target", "comparator", "percent", "reason"),
    [
        # 400 of 1000 by June, so 1000 to come: (50 % of 2000 - 400) / 1000
        (400, 1000, 6, 50, ">=", "60.00", "needed"),
        # 900 of 1000 by June, (95 % of 2000 - 900) / 1000 = all of them
        (900, 1000, 6, 95, ">=", "100.00", "needed"),
        (900, 1000, 6, 95, ">", None, "unreachable"),
        (899, 1000, 6, 95, ">=", None, "unreachable"),
        # 300 of 300 by March, 900 to come: 30 % of 1200 is 360, so 60 of 900
        (300, 300, 3, 30, ">=", "6.67", "needed"),
        # 360 of 400 by April, 800 to come: 30 % of 1200 is 360, just reached already
        (360, 400, 4, 30, ">=", None, "safe"),
        (360, 400, 4, 30, ">", "0.00", "needed"),
        (361, 400, 4, 30, ">", None, "safe"),
        # one late case out of all makes 100 % unreachable
        (500, 500, 5, 100, "=", "100.00", "needed"),
        (499, 500, 5, 100, "=", None, "unreachable"),
        (0, 0, 3, 50, ">=", None, "no_cases"),
        (10, 100, 12, 50, ">=", None, "no_cases"),
        # 1 of 7 by January, 77 to come: (42 - 1) / 77 = 53.2467... %
        (1, 7, 1, 50, ">=", "53.25", "needed"),
    ],
)
def test_the_share_still_needed_is_as_worked_out_by_hand(
    numerator: int,
    denominator: int,
    month: int,
    target: int,
    comparator: str,
    percent: str | None,
    reason: str,
) -> None:
    needed = rate(numerator, denominator, month, target, comparator)
    assert needed.reason == reason
    assert needed.percent == (None if percent is None else Decimal(percent))


def test_half_a_hundredth_of_a_per_cent_is_rounded_up() -> None:
    assert RunRate(Fraction("0.500050"), RunRateReason.NEEDED).percent == Decimal("50.01")
    assert str(RunRate(Fraction(1, 2), RunRateReason.NEEDED).percent) == "50.00"


@pytest.mark.parametrize("bad", [(1, 2, 0), (1, 2, 13), (-1, 2, 6), (1, -2, 6)])
def test_an_impossible_month_or_count_is_refused(bad: tuple[int, int, int]) -> None:
    with pytest.raises(UsageError, match="no run-rate"):
        rate(*bad, 50, ">=")


@st.composite
def years_to_date(draw: st.DrawFn) -> tuple[int, int, int, int]:
    denominator = draw(st.integers(1, 5000))
    return (
        draw(st.integers(0, denominator)),
        denominator,
        draw(st.integers(1, 11)),
        draw(st.integers(1, 100)),
    )


def at_year_end(numerator: int, denominator: int, month: int, share: Fraction) -> Fraction:
    """The year's share in per cent when ``share`` of the cases to come count."""
    to_come = Fraction(denominator, month) * (12 - month)
    return 100 * (numerator + share * to_come) / (denominator + to_come)


@given(years_to_date())
def test_meeting_the_needed_share_meets_the_target_exactly(year: tuple[int, int, int, int]) -> None:
    numerator, denominator, month, target = year
    needed = rate(*year, ">=")
    assume(needed.share is not None)
    assert needed.share is not None
    assert at_year_end(numerator, denominator, month, needed.share) == target


@given(years_to_date(), st.sampled_from([">=", ">"]))
def test_safe_holds_with_no_case_and_unreachable_with_every_case(
    year: tuple[int, int, int, int], comparator: str
) -> None:
    numerator, denominator, month, target = year
    reason = rate(*year, comparator).reason
    worst = at_year_end(numerator, denominator, month, Fraction(0))
    best = at_year_end(numerator, denominator, month, Fraction(1))
    judged = Comparator(comparator)
    assert attained(worst, judged, target) is (reason is RunRateReason.SAFE)
    assert attained(best, judged, target) is not (reason is RunRateReason.UNREACHABLE)


@given(years_to_date())
def test_more_than_a_target_needs_more_than_the_share_shown(
    year: tuple[int, int, int, int],
) -> None:
    numerator, denominator, month, target = year
    share = rate(*year, ">").share
    assume(share is not None)
    assert share is not None
    just_that = at_year_end(numerator, denominator, month, share)
    a_little_more = at_year_end(numerator, denominator, month, share + Fraction(1, 10**9))
    assert attained(just_that, Comparator.MORE_THAN, target) is False
    assert attained(a_little_more, Comparator.MORE_THAN, target) is True


@given(years_to_date())
def test_the_better_the_year_so_far_the_less_is_needed(year: tuple[int, int, int, int]) -> None:
    numerator, denominator, month, target = year
    assume(numerator < denominator)
    now = rate(*year, ">=").share
    better = rate(numerator + 1, denominator, month, target, ">=").share
    if now is not None and better is not None:
        assert better < now


# --- data that cannot be used


def _set(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    """A change of the plan's data; list entries are named by their id."""

    def change(data: dict[str, Any]) -> None:
        *steps, last = path.split("/")
        at: Any = data
        for step in steps:
            at = next(row for row in at if row["id"] == step) if isinstance(at, list) else at[step]
        at[last] = value

    return change


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("targets/II.5/unit", "per cent", "targets.II.5.unit: "),
        ("targets/II.5/comparator", ">>", "targets.II.5.comparator: "),
        ("targets/II.5/target", "many", "targets.II.5.target: "),
        ("targets/II.5/name", {"vi": "Hồ sơ"}, "targets.II.5.name.en: "),
        ("targets/II.5/name", {"vi": "Hồ sơ", "en": " "}, "targets.II.5.name.en: is empty"),
        ("targets/II.5/quote", "Ho\u0300", "targets.II.5.quote: "),
        ("targets/II.5/owed_by", [], "targets.II.5.owed_by: "),
        ("targets/II.5/colour", "red", "targets.II.5.colour: "),
        ("targets/II.5/id", "II.3", "targets: II.3 stands there twice"),
        ("targets/51/section", "99", "targets.51.section: 99 is neither a section nor a task"),
        ("targets/51/denominator", None, "targets.51.denominator: a share needs one"),
        ("targets/46a/run_rate", True, "targets.46a.run_rate: only a share has one"),
        ("targets/II.5/target", "99", "targets.II.5.run_rate: exactly a share is a floor at 100"),
        ("targets/31/places", [], "targets.31.places: months need places and a deadline"),
        ("tasks/20/group", "X", "tasks.20.group: X is no group"),
        ("tasks/1a/parent", "2", "tasks.1a.parent: 2 is no heading"),
        ("tasks/20/title", None, "tasks.20.title: "),
        ("tasks/57/time_text", "Cả năm 2024", "slips.year_of_task_57.as_written: "),
        ("slips/decision_number/section", None, "slips.decision_number: give either"),
        (
            "conflicts",
            [{"targets": ["II.5", "II.99"], "note": {"vi": "a", "en": "b"}}],
            "conflicts: II.99 is no target",
        ),
        ("reporting/quote", "", "reporting.quote: "),
    ],
)
def test_bad_data_give_one_line_that_names_the_place(
    path: str, value: object, complaint: str
) -> None:
    data = content()
    _set(path, value)(data)
    with pytest.raises(SchemaDataError) as caught:
        parse_plan(data, "schemas/plan/2024")
    line = str(caught.value)
    assert complaint in line
    assert line.startswith("schemas/plan/2024: ")
    assert "\n" not in line


def test_a_missing_list_is_named() -> None:
    data = content()
    del data["tasks"]
    with pytest.raises(SchemaDataError, match=r"schemas/plan/2024: tasks: "):
        parse_plan(data, "schemas/plan/2024")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of plans for 2031, read instead of the shipped ones."""
    folder = tmp_path / "plan" / "2031"
    folder.mkdir(parents=True)
    monkeypatch.setattr("cchc_pipeline.core.data.ROOT", tmp_path)
    monkeypatch.setattr("cchc_pipeline.plan.model.ROOT", tmp_path)
    load_plan.cache_clear()
    return folder


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({}, "schemas/plan/2031/plan.yaml: no such file"),
        ({"plan.yaml": "- 1"}, "schemas/plan/2031/plan.yaml: is not a mapping"),
        ({"plan.yaml": "year: ["}, "schemas/plan/2031/plan.yaml: not YAML"),
        (
            {"plan.yaml": "year: 2031", "targets.yaml": "year: 2032"},
            "schemas/plan/2031/targets.yaml: year stands in another file already",
        ),
    ],
)
def test_an_unfinished_plan_is_refused_and_not_taken_for_none(
    shelf: Path, files: dict[str, str], complaint: str
) -> None:
    for name, text in files.items():
        (shelf / name).write_text(text, encoding="utf-8")
    with pytest.raises(SchemaDataError) as caught:
        load_plan(2031)
    assert str(caught.value).startswith(complaint)


def test_a_plan_in_the_wrong_years_folder_is_refused(shelf: Path) -> None:
    shipped = Path(__file__).parents[2] / "schemas" / "plan" / "2024"
    for name in ("plan.yaml", "targets.yaml", "tasks.yaml"):
        (shelf / name).write_bytes((shipped / name).read_bytes())
    with pytest.raises(SchemaDataError, match="schemas/plan/2031: year is 2024"):
        load_plan(2031)
