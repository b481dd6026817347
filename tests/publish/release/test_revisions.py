"""The log of revisions: which changes are revisions, and the reason of each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_code_list, load_contract
from cchc_pipeline.contracts.sources import declared_sources
from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import Month
from cchc_pipeline.storage.lake import Lake
from publish.model import CODE_LISTS, PUBLISHED_TABLES, REVISIONS, Acceptance, Draft
from publish.portal.publication import publish
from publish.release.assemble import assemble
from publish.release.comparison import RowChange
from publish.release.revisions import (
    Causes,
    acceptance_of,
    key_text,
    reason_of,
    revision_rows,
    with_late_parts,
)
from publish.store.state import Renewal, load_provenance, renewal
from publish.store.store import Portal
from tests.publish.small_release import (
    APRIL,
    FIRST,
    MARCH,
    MOMENT,
    Row,
    fill_lake,
    ingredients,
    row_changes,
    score_rows,
    snapshot_row,
    statistics_rows,
    submission_rows,
    table,
    unjudged,
)

LATER = MOMENT + timedelta(days=1)


def entries(
    name: str, new: list[Row], old: list[Row], causes: Causes | None = None
) -> list[dict[str, Any]]:
    """The log's entries of a table whose March was public."""
    changes = row_changes(table(name, new), table(name, old), name)
    return list(revision_rows(changes, causes or Causes(), {str(MARCH)}))


def renewed(kind: str, *places: tuple[str, str]) -> Causes:
    """Inputs that came (``arrived``) or came otherwise (``replaced``)."""
    return Causes(Renewal(**{kind: frozenset(places)}))


def with_first(rows: list[Row], **values: Any) -> list[Row]:
    return [rows[0] | values, *rows[1:]]


# Which cells are listed, and how


def test_a_changed_cell_is_listed_with_its_key_and_both_texts() -> None:
    old = score_rows()
    (entry,) = entries("scores", with_first(old, score=50.0), old)
    assert entry["key"] == "period=2024-03;basis=month;unit_code=Z00;metric_code=TOTAL"
    assert (entry["column"], entry["old_value"], entry["new_value"]) == ("score", "49.50", "50.00")


def test_an_empty_cell_is_an_empty_text() -> None:
    old = score_rows()
    (came,) = entries("scores", with_first(old, rank=1), old)
    (gone,) = entries("scores", old, with_first(old, rank=1))
    assert (came["old_value"], came["new_value"]) == (None, "1")
    assert (gone["old_value"], gone["new_value"]) == ("1", None)


def test_rows_of_a_new_period_are_no_revisions() -> None:
    assert entries("scores", [*score_rows(), *score_rows(APRIL)], score_rows()) == []


def test_a_row_that_comes_into_an_old_period_is_listed_cell_by_cell() -> None:
    found = entries("scores", score_rows(), score_rows()[1:])
    columns = {entry["column"]: entry["new_value"] for entry in found}
    assert {entry["old_value"] for entry in found} == {None}
    assert (columns["score"], columns["numerator"], columns["obs_status"]) == ("49.50", "33", "A")
    assert columns.keys() & {"period", "unit_code", "captured_at", "release", "rank"} == set()


def test_a_row_that_goes_is_listed_cell_by_cell() -> None:
    found = entries("scores", score_rows()[1:], score_rows())
    assert {entry["new_value"] for entry in found} == {None}
    assert {"score", "obs_status"} <= {entry["column"] for entry in found}


def test_an_entry_added_to_a_code_list_is_none_and_one_that_goes_is() -> None:
    status: Row = {
        "code": "A", "name_vi": "a", "name_en": "a", "description_vi": "a", "description_en": "a",
        "value_allowed": True,
    }  # fmt: skip
    assert entries("obs_status", [status, status | {"code": "P"}], [status]) == []
    gone = entries("obs_status", [status], [status, status | {"code": "P"}])
    assert {entry["key"] for entry in gone} == {"code=P"}
    assert {entry["old_value"] for entry in gone} == {"a", "true"}


def test_the_key_names_every_column_of_the_primary_key() -> None:
    for name in set(PUBLISHED_TABLES) - {REVISIONS}:
        contract = load_contract(name)
        row = dict.fromkeys(contract.primary_key, "x")
        expected = ";".join(f"{column}=x" for column in contract.primary_key)
        assert key_text(row, contract) == expected


_CELLS = st.lists(st.none() | st.integers(0, 9), min_size=3, max_size=3)


@settings(max_examples=60, deadline=None)
@given(_CELLS, _CELLS)
def test_the_log_lists_exactly_the_cells_that_differ(old: list[Any], new: list[Any]) -> None:
    found = entries("scores", _ranked(new), _ranked(old))
    told = {(e["key"].rpartition("=")[2], e["old_value"], e["new_value"]) for e in found}
    metrics = [row["metric_code"] for row in score_rows()[:3]]
    texts = [[None if v is None else str(v) for v in values] for values in (old, new)]
    assert told == {(m, a, b) for m, a, b in zip(metrics, *texts, strict=True) if a != b}


def _ranked(ranks: list[Any]) -> list[Row]:
    return [row | {"rank": rank} for row, rank in zip(score_rows()[:3], ranks, strict=True)]


# Reasons


def code_of(name: str, new: list[Row], old: list[Row], causes: Causes | None = None) -> Any:
    """The one reason of all changes."""
    (code,) = {entry["reason_code"] for entry in entries(name, new, old, causes)}
    return code


NOTHING = {"score": None, "numerator": None, "denominator": None, "ratio": None, "obs_status": "O"}


def revised(**values: Any) -> tuple[list[Row], list[Row]]:
    """The scores with one row changed, and as they were."""
    return with_first(score_rows(), **values), score_rows()


def test_what_had_not_been_handed_in_came_late() -> None:
    before = with_first(score_rows(), **NOTHING)
    assert code_of("scores", score_rows(), before) == "LATE"


def test_a_submission_that_was_missing_came_late() -> None:
    missing = submission_rows()
    came = [missing[0] | {"table": "dossiers"}, missing[0]]
    assert code_of("submissions", came, missing) == "LATE"


def test_another_methodology_is_a_change_of_method() -> None:
    assert code_of("scores", *revised(score=50.0, methodology="766-2028")) == "MET"


def test_a_row_that_goes_has_no_other_methodology() -> None:
    assert code_of("scores", score_rows()[1:], score_rows()) is None


def test_a_change_in_a_list_of_ours_is_one_of_method() -> None:
    unit: Row = {
        "unit_code": "Z00", "name_vi": "a", "name_en": "a", "level": "city", "parent_code": None,
        "valid_from": MOMENT.date(), "valid_to": None, "provenance": "official", "basis": "a",
    }  # fmt: skip
    assert code_of("units", [unit | {"name_vi": "b"}], [unit]) == "MET"


def test_a_source_that_says_something_else_explains_its_period() -> None:
    causes = renewed("replaced", ("2024-03", "scores"))
    assert code_of("scores", *revised(score=50.0), causes) == "SRC"


@pytest.mark.parametrize("place", [("2024-02", "scores"), ("2024-03", "dossiers")])
def test_another_period_or_source_explains_nothing(place: tuple[str, str]) -> None:
    assert code_of("scores", *revised(score=50.0), renewed("replaced", place)) is None


def plan(**values: Any) -> list[Row]:
    """A target of March, year to date."""
    names = [field.name for field in load_contract("plan_indicators").fields]
    row = dict.fromkeys(names) | {
        "period": "2024-03", "unit_code": "Z00", "indicator_id": "25b", "basis": "ytd",
        "obs_status": "P", "value": 50.0, "comparator": "min", "target": 60.0,
    }  # fmt: skip
    return [row | values]


@pytest.mark.parametrize(
    ("kind", "month", "expected"),
    [
        ("replaced", "2024-01", "SRC"),
        ("arrived", "2024-01", "LATE"),
        ("replaced", "2024-03", "SRC"),
        ("replaced", "2023-12", None),
        ("replaced", "2024-04", None),
    ],
)
def test_a_plan_rests_on_the_earlier_months_of_its_year(
    kind: str, month: str, expected: str | None
) -> None:
    causes = renewed(kind, (month, "dossiers"))
    assert code_of("plan_indicators", plan(value=55.0), plan(), causes) == expected


def test_what_was_replaced_explains_more_than_what_came() -> None:
    causes = Causes(
        Renewal(frozenset({("2024-01", "dossiers")}), frozenset({("2024-02", "dossiers")}))
    )
    assert code_of("plan_indicators", plan(value=55.0), plan(), causes) == "SRC"


def test_a_row_that_is_new_in_an_old_period_came_late_or_with_a_corrected_source() -> None:
    new, old = statistics_rows(), statistics_rows()[1:]
    assert code_of("dossier_statistics", new, old) == "LATE"
    causes = renewed("replaced", ("2024-03", "dossiers"))
    assert code_of("dossier_statistics", new, old, causes) == "SRC"


def test_a_submission_is_explained_by_its_own_source_only() -> None:
    old = submission_rows()
    new = [old[0] | {"rows": 22, "accepted": 21}, old[1]]
    assert code_of("submissions", new, old, renewed("replaced", ("2024-03", "scores"))) == "SRC"
    assert code_of("submissions", new, old, renewed("replaced", ("2024-03", "dossiers"))) is None


def test_what_was_said_holds_where_nothing_better_is_known() -> None:
    said = Acceptance("ERR", "Cộng nhầm")
    known = replace(renewed("replaced", ("2024-03", "scores")), acceptance=said)
    (own,) = entries("scores", *revised(score=50.0), known)
    (unexplained,) = entries("scores", *revised(score=50.0), Causes(acceptance=said))
    assert (own["reason_code"], own["note"]) == ("SRC", None)
    assert (unexplained["reason_code"], unexplained["note"]) == ("ERR", "Cộng nhầm")


def test_a_note_also_stands_where_the_reason_was_known_to_be_the_one_said() -> None:
    said = replace(
        renewed("replaced", ("2024-03", "scores")), acceptance=Acceptance("SRC", "Nguồn đính chính")
    )
    (entry,) = entries("scores", *revised(score=50.0), said)
    assert entry["note"] == "Nguồn đính chính"


def test_a_correction_by_hand_comes_before_everything_else() -> None:
    key = "period=2024-03;basis=month;unit_code=Z00;metric_code=TOTAL"
    causes = replace(
        renewed("replaced", ("2024-03", "scores")),
        corrections={("scores", key): ("ERR", "Nhập nhầm")},
    )
    (entry,) = entries("scores", *revised(score=50.0), causes)
    assert (entry["reason_code"], entry["note"]) == ("ERR", "Nhập nhầm")


def test_a_change_without_any_cause_has_no_reason() -> None:
    change = RowChange("scores", score_rows()[0], score_rows()[0] | {"score": 1.0}, ("score",))
    assert reason_of(change, "x", Causes()) == (None, "")


# What is said on the command line


def test_nothing_said_accepts_nothing() -> None:
    assert acceptance_of(None, None) is None
    assert acceptance_of("", "") is None


@pytest.mark.parametrize(
    ("reason", "note", "said"),
    [
        ("BECAUSE", None, "'BECAUSE' is no reason -> say one of SRC, LATE, MET, ERR"),
        ("src", None, "'src' is no reason"),
        (None, "vì", "a note needs a reason"),
        ("SRC", "=1+1", "--note: begins like a formula"),
        ("SRC", "gọi 0912345678", "--note: holds what looks like a phone number"),
    ],
)
def test_what_cannot_be_published_is_refused(
    reason: str | None, note: str | None, said: str
) -> None:
    with pytest.raises(UsageError) as refused:
        acceptance_of(reason, note)
    assert said in str(refused.value)


def test_a_note_is_one_line_in_nfc() -> None:
    assert acceptance_of("ERR", " Tính\n sai ") == Acceptance("ERR", "Tính sai")


# Inputs


def test_inputs_that_came_and_inputs_that_were_replaced_are_told_apart() -> None:
    before = {"2024-01": {"dossiers": "a", "scores": "b"}, "2024-02": {"dossiers": "c"}}
    now = {"2024-01": {"dossiers": "x", "petitions": "d"}, "2024-02": {"dossiers": "c"}}
    assert renewal(before, now) == Renewal(
        frozenset({("2024-01", "petitions")}),
        frozenset({("2024-01", "dossiers"), ("2024-01", "scores")}),
    )


def handed_in(source: str, **units: tuple[str | None, int]) -> Any:
    """A table ``submissions``: when each unit's part came, and its rows; None where it lacks."""
    rows = [
        {
            "period": "2024-01", "unit_code": unit, "table": source, "received_at": at,
            "rows": count, "accepted": count, "quarantined": 0, "duplicates": 0,
            "status": "received" if at else "missing",
        }
        for unit, (at, count) in units.items()
    ]  # fmt: skip
    return table("submissions", rows)


IN_TIME, AFTER = "2024-02-01T00:00:00Z", "2024-02-20T00:00:00Z"


@pytest.mark.parametrize(
    ("source", "before", "now", "is_late"),
    [
        pytest.param(
            "agency_reports",
            {"A": (IN_TIME, 3), "B": (None, 0)}, {"A": (IN_TIME, 3), "B": (AFTER, 2)}, True,
            id="a further form",
        ),
        pytest.param(
            "agency_reports",
            {"A": (IN_TIME, 3), "B": (None, 0)}, {"A": (AFTER, 3), "B": (AFTER, 2)}, False,
            id="a further form, and another version of the first",
        ),
        pytest.param(
            "agency_reports", {"A": (IN_TIME, 3)}, {"A": (AFTER, 4)}, False, id="another version",
        ),
        pytest.param(
            "agency_reports", {"A": (IN_TIME, 3), "B": (IN_TIME, 1)}, {"A": (IN_TIME, 3)}, False,
            id="one taken back",
        ),
        pytest.param(
            "dossiers", {"A": (IN_TIME, 3)}, {"A": (AFTER, 3), "B": (AFTER, 2)}, True,
            id="the dossiers of a further unit",
        ),
        pytest.param(
            "dossiers", {"A": (IN_TIME, 3)}, {"A": (AFTER, 5), "B": (AFTER, 2)}, False,
            id="and more of a unit that had come",
        ),
    ],
)  # fmt: skip
def test_a_part_that_came_late_replaces_nothing(
    source: str, before: Any, now: Any, is_late: bool
) -> None:
    place = ("2024-01", source)
    anew = with_late_parts(
        Renewal(replaced=frozenset({place})),
        handed_in(source, **before), handed_in(source, **now), "H24",
    )  # fmt: skip
    assert (place in anew.arrived, place in anew.replaced) == (is_late, not is_late)


def test_every_table_of_figures_says_what_it_is_made_from() -> None:
    provenance = load_provenance()
    assert set(PUBLISHED_TABLES) - CODE_LISTS - {REVISIONS} <= provenance.tables.keys()
    assert {name for origin in provenance.tables.values() for name in origin.inputs} == {
        one.source for one in declared_sources()
    }


def test_the_reasons_are_those_of_the_code_list() -> None:
    assert {code.code for code in load_code_list("reason_codes").codes} == {
        "SRC", "ERR", "MET", "LATE",
    }  # fmt: skip


# From the lake to the log


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake that holds March, and readers know it."""
    lake = Lake(tmp_path / "lake", "H24")
    fill_lake(lake)
    return lake


def drafted(
    lake: Lake, portal: Portal, at: datetime, acceptance: Acceptance | None = None
) -> Draft:
    draft = assemble(lake, portal, replace(ingredients(), acceptance=acceptance), at)
    assert draft is not None
    return draft


def out(draft: Draft, portal: Portal) -> Draft:
    publish(unjudged(draft, portal.scratch), portal)
    return draft


def told(draft: Draft) -> list[tuple[Any, ...]]:
    names = ("release", "column", "old_value", "new_value", "reason_code")
    return [tuple(row[name] for name in names) for row in draft.tables[REVISIONS].to_pylist()]


Change = Callable[[Lake], None]


def test_the_first_release_has_an_empty_log(lake: Lake, portal: Portal) -> None:
    assert told(drafted(lake, portal, MOMENT)) == []


def test_a_further_month_revises_nothing(lake: Lake, portal: Portal) -> None:
    out(drafted(lake, portal, MOMENT), portal)
    fill_lake(lake, APRIL)
    assert told(drafted(lake, portal, LATER)) == []


def test_another_snapshot_is_the_reason_of_what_it_changed(lake: Lake, portal: Portal) -> None:
    out(drafted(lake, portal, MOMENT), portal)
    rows = with_first(score_rows(), score=49.51)
    fill_lake(lake, scores=rows, raw_portal=[snapshot_row(snapshot_id="1" * 16)])
    draft = drafted(lake, portal, LATER)
    assert told(draft) == [("2024-03.r2", "score", "49.50", "49.51", "SRC")]
    assert draft.record()["inputs"].keys() == {"2024-03"}
    assert draft.record()["accepted_revisions"] is None


def test_the_same_snapshot_explains_nothing(lake: Lake, portal: Portal) -> None:
    out(drafted(lake, portal, MOMENT), portal)
    fill_lake(lake, scores=with_first(score_rows(), score=49.51))
    assert told(drafted(lake, portal, LATER)) == [("2024-03.r2", "score", "49.50", "49.51", None)]


def test_what_was_said_is_recorded_with_the_release(lake: Lake, portal: Portal) -> None:
    out(drafted(lake, portal, MOMENT), portal)
    fill_lake(lake, scores=with_first(score_rows(), score=49.51))
    draft = drafted(lake, portal, LATER, Acceptance("ERR", "Cộng nhầm"))
    assert told(draft)[0][-1] == "ERR"
    assert draft.record()["accepted_revisions"] == {"reason": "ERR", "note": "Cộng nhầm"}


def test_the_log_keeps_what_earlier_releases_revised(lake: Lake, portal: Portal) -> None:
    out(drafted(lake, portal, MOMENT), portal)
    for number, score in enumerate((49.51, 49.52), start=1):
        fill_lake(lake, scores=with_first(score_rows(), score=score))
        draft = out(drafted(lake, portal, MOMENT + timedelta(days=number)), portal)
    assert [(release, new) for release, _, _, new, _ in told(draft)] == [
        ("2024-03.r2", "49.51"), ("2024-03.r3", "49.52"),
    ]  # fmt: skip
    assert draft.changes[REVISIONS].added == 1


def test_the_log_does_not_change_the_digest_of_the_content(lake: Lake, portal: Portal) -> None:
    first = out(drafted(lake, portal, MOMENT), portal)
    fill_lake(lake, scores=with_first(score_rows(), score=49.51))
    out(drafted(lake, portal, LATER), portal)
    fill_lake(lake)
    back = drafted(lake, portal, LATER + timedelta(days=1))
    assert len(told(back)) == 2
    assert back.input_digest == first.input_digest


def test_a_month_without_dossiers_that_come_later_is_late(lake: Lake, portal: Portal) -> None:
    silent = [
        dict.fromkeys(row) | {name: row[name] for name in ("period", "unit_code", "field_code")}
        | {"obs_status": "O", "conf_status": "F"}
        for row in statistics_rows() if row["field_code"] == "ALL"
    ]  # fmt: skip
    fill_lake(lake, dossier_statistics=silent)
    out(drafted(lake, portal, MOMENT), portal)
    fill_lake(lake)
    assert {entry[-1] for entry in told(drafted(lake, portal, LATER))} == {"LATE"}


def test_a_draft_of_the_same_lake_is_the_same_log(lake: Lake, portal: Portal) -> None:
    out(drafted(lake, portal, MOMENT), portal)
    fill_lake(lake, scores=score_rows(MARCH, 8.0))
    one, two = (drafted(lake, portal, LATER).tables[REVISIONS] for _ in range(2))
    assert one.equals(two)
    assert set(one.column("key").to_pylist()) >= {
        f"period={Month(2024, 3)};basis=month;unit_code={FIRST};metric_code=CKMB"
    }


@pytest.mark.parametrize(("target", "reason"), [("31", "LATE"), ("19", None)])
def test_what_places_were_seen_to_show_later_came_late(target: str, reason: str | None) -> None:
    before = {"period": "2024-03", "indicator_id": target, "obs_status": "P", "numerator": 2.0}
    after = {**before, "obs_status": "A", "numerator": 3.0}
    change = RowChange("plan_indicators", before, after, ("numerator",))
    assert reason_of(change, "", Causes())[0] == reason
