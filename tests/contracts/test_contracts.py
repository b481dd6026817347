"""Contracts: what a declaration must say, and what is derived from it.

Belongs here: every table that is declared, the forms that it takes, and what is refused. Does not:
the engines that run expectations, or the files of a release.
"""

import copy
import json
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import ibis
import jsonschema
import pyarrow as pa
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.contracts import (
    ROW_CONDITION,
    Contract,
    Field,
    Text,
    contract_names,
    dictionary_rows,
    load_code_list,
    load_contract,
    parse_code_list,
    parse_contract,
    read_shared_fields,
)
from cchc_pipeline.contracts.checks import check_table
from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.indicators.dossier_measures import MEASURE_NAMES
from tests.builders import contract_rows

SCHEMAS = Path(__file__).parents[2] / "schemas"

PUBLISHED = {
    "scores": (
        "period", "basis", "unit_code", "metric_code", "score", "max_score", "numerator",
        "denominator", "ratio", "rank", "obs_status", "quality_flag", "source_system",
        "methodology", "captured_at", "recomputed_score", "difference", "provenance", "release",
    ),
    "plan_indicators": (
        "period", "unit_code", "indicator_id", "basis", "numerator", "denominator", "value",
        "comparator", "target", "attained", "required_run_rate", "obs_status", "owed_by",
        "provenance", "release",
    ),
    "plan_tasks": (
        "period", "task_id", "parent_id", "title", "leads", "coordinators", "time_text",
        "due_from", "due_to", "product", "status", "note", "provenance",
    ),
    "submissions": (
        "period", "unit_code", "table", "received_at", "rows", "accepted", "quarantined",
        "duplicates", "status", "provenance", "release",
    ),
    "quarantine_summary": (
        "period", "unit_code", "table", "rule", "quarantined", "provenance", "release",
    ),
    "dossier_statistics": (
        "period", "unit_code", "field_code", *MEASURE_NAMES, "source", "obs_status", "conf_status",
        "provenance", "release",
    ),
    "revisions": (
        "release", "published_at", "table", "key", "column", "old_value", "new_value",
        "reason_code", "note", "provenance",
    ),
    "corrections": (
        "period", "basis", "unit_code", "metric_code", "column", "action", "source_value",
        "corrected_value", "reason_code", "reason_vi", "reason_en", "reported_by", "reported_on",
        "provenance", "release",
    ),
    "petition_statistics": (
        "period", "unit_code", "carried_over", "received", "answered", "on_time", "late",
        "no_deadline", "open_in_time", "open_overdue", "rated", "satisfied", "obs_status",
        "provenance", "release",
    ),
    "procedures": (
        "procedure_code", "name_vi", "field_code", "field_name", "level", "service_level",
        "eligible", "integrated", "standardised", "public", "in_force", "first_period",
        "last_period", "provenance",
    ),
    "procedure_changes": (
        "period", "catalogue", "procedure_key", "column", "change", "procedure_code", "name_vi",
        "field_code", "unit_code", "old_value", "new_value", "compared_with", "provenance",
    ),
    "units": (
        "unit_code", "name_vi", "name_en", "level", "parent_code", "valid_from", "valid_to",
        "provenance", "basis",
    ),
    "successions": ("old_code", "old_name", "new_code", "new_name", "date", "kind", "basis"),
    "metrics": (
        "methodology", "metric_code", "group_code", "number", "name_vi", "name_en", "max_score",
        "unit", "rule_vi", "basis", "confidence", "published_by_source", "tracked_only",
    ),
    "indicators": (
        "indicator_id", "year", "name_vi", "name_en", "definition_vi", "definition_en",
        "comparator", "target", "unit", "section", "measured_from", "related_metric", "owed_by",
        "conflicts_with", "basis",
    ),
    "obs_status": (
        "code", "name_vi", "name_en", "description_vi", "description_en", "value_allowed",
    ),
}  # fmt: skip
INTERNAL = (
    "raw_portal", "portal_scores", "portal_units", "portal_quarantine", "portal_findings",
    "portal_submissions", "raw_corrections", "observed_scores", "score_recomputation",
    "unit_rankings",
    "raw_dossiers", "dossiers", "dossier_quarantine", "dossier_accounts", "dossier_counts",
    "dossier_continuity", "raw_procedures", "procedure_catalogue", "procedure_quarantine",
    "raw_national_procedures", "national_procedures", "national_procedure_quarantine",
    "raw_dossier_summaries", "dossier_summaries", "dossier_summary_quarantine",
    "raw_petitions", "petitions", "petition_quarantine", "raw_agency_forms", "agency_reports",
    "agency_quarantine", "input_submissions", "inbox_account", "year_to_date",
)  # fmt: skip
KEYS = {
    "scores": ("period", "basis", "unit_code", "metric_code"),
    "plan_indicators": ("period", "unit_code", "indicator_id", "basis"),
    "plan_tasks": ("period", "task_id"),
    "submissions": ("period", "unit_code", "table"),
    "quarantine_summary": ("period", "unit_code", "table", "rule"),
    "units": ("unit_code", "valid_from"),
    "successions": ("old_name", "new_name", "date"),
    "metrics": ("methodology", "metric_code"),
    "indicators": ("indicator_id", "year"),
    "obs_status": ("code",),
    "dossier_statistics": ("period", "unit_code", "field_code"),
    "petition_statistics": ("period", "unit_code"),
    "revisions": ("release", "table", "key", "column"),
    "corrections": ("period", "basis", "unit_code", "metric_code", "column"),
    "procedures": ("procedure_code",),
    "procedure_changes": ("period", "catalogue", "procedure_key", "column"),
}

every_table = pytest.mark.parametrize("table", contract_names())
every_published_table = pytest.mark.parametrize("table", PUBLISHED)


def declaration() -> dict[str, Any]:
    """The smallest declaration that has something of everything."""
    return {
        "table": "things",
        "title": {"vi": "Vật", "en": "Things"},
        "description": {"vi": "Các vật.", "en": "Some things."},
        "basis": "Quy ước thử",
        "public": True,
        "partitioned": False,
        "primary_key": ["code"],
        "foreign_keys": [{"fields": ["owner"], "table": "units", "reference": ["unit_code"]}],
        "fields": [
            column("code", pattern="[a-z]+|[0-9]+x"),
            column("owner"),
            column("share", type="number", decimals=2, minimum=0, maximum=100),
            column("kind", enum=["big", "small"], required=True),
        ],
        "rules": [
            {
                "id": "small_share",
                "expectation": "row_condition",
                "sql": "kind <> 'small' OR share < 50",
                "severity": "warning",
                "message": {"vi": "Vật nhỏ có phần nhỏ.", "en": "Small things share little."},
            }
        ],
    }


def column(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": "string",
        "title": {"vi": f"Cột {name}", "en": f"The {name}"},
        "description": {"vi": f"Mô tả {name}.", "en": f"About {name}."},
        "unit": {"vi": "—", "en": "none"},
    } | more


def things(**changes: Any) -> Contract:
    return parse_contract(declaration() | changes, "things.yaml")


# What is declared


def test_the_tables_of_the_design_are_declared() -> None:
    assert set(contract_names()) == {*PUBLISHED, *INTERNAL}


@every_published_table
def test_a_published_table_has_the_columns_and_the_key_that_others_script_against(
    table: str,
) -> None:
    contract = load_contract(table)
    assert contract.public
    assert tuple(field.name for field in contract.fields) == PUBLISHED[table]
    assert contract.primary_key == KEYS[table]


@pytest.mark.parametrize("table", INTERNAL)
def test_an_internal_table_is_not_public(table: str) -> None:
    assert not load_contract(table).public


def test_submissions_of_the_portal_are_rows_of_submissions() -> None:
    portal, published = load_contract("portal_submissions"), load_contract("submissions")
    columns = published.arrow_schema()
    assert portal.arrow_schema().equals(columns.remove(columns.get_field_index("provenance")))


@every_table
def test_all_words_are_nfc_and_single_spaced(table: str) -> None:
    contract = load_contract(table)
    for text in words_of(contract):
        assert unicodedata.normalize("NFC", text) == text
        assert " ".join(text.split()) == text


def words_of(contract: Contract) -> Iterable[str]:
    texts = [contract.title, contract.description]
    for field in contract.fields:
        texts += [field.title, field.description, field.unit]
        texts += [text for code in field.codes for text in (code.name, code.description)]
    texts += [item.message for item in contract.expectations()]
    for text in texts:
        yield from (text.vi, text.en)


def test_every_file_of_declarations_is_nfc_on_disk() -> None:
    for folder in ("tables", "code-lists"):
        for path in (SCHEMAS / folder).glob("*.yaml"):
            text = path.read_text(encoding="utf-8")
            assert unicodedata.normalize("NFC", text) == text, path


@every_table
def test_no_column_is_personal(table: str) -> None:
    assert not [field.name for field in load_contract(table).fields if field.personal]


@every_table
def test_every_value_with_a_status_has_the_rule_that_ties_them(table: str) -> None:
    contract = load_contract(table)
    if "obs_status" in {field.name for field in contract.fields}:
        rule = next(rule for rule in contract.rules if rule.id == "value_and_status")
        assert rule.severity == "error"


def test_codes_of_units_months_and_metrics_are_alike_in_every_table() -> None:
    for table in contract_names():
        for field in load_contract(table).fields:
            if field.name == "period":
                assert field.type == "yearmonth"
            if field.name in {"unit_code", "parent_code", "root_code", "old_code", "new_code"}:
                codes = (field.pattern or "").removesuffix("|UNKNOWN")
                assert codes == r"[A-Z]\d{2}(\.[0-9A-Z]{1,6})*"
                assert (codes == field.pattern) is (table != "dossier_counts")
            if field.name in {"metric_code", "group_code", "related_metric"}:
                assert field.pattern == "[A-Z][A-Z0-9_]*"


def test_what_a_capture_alone_changes_is_no_revision() -> None:
    values = load_contract("scores").value_columns
    assert values == tuple(c for c in PUBLISHED["scores"] if c not in {"captured_at", "release"})


def test_every_shared_field_is_shared() -> None:
    used = [
        entry.get("use")
        for table in contract_names()
        for entry in yaml.safe_load((SCHEMAS / f"tables/{table}.yaml").read_text())["fields"]
    ]
    assert {name for name in read_shared_fields() if used.count(name) < 2} == set()


# What is derived


@pytest.mark.parametrize("table", contract_names())
def test_a_type_is_the_same_in_arrow_in_sql_and_in_ibis(table: str) -> None:
    contract = load_contract(table)
    nulls = ", ".join(f"CAST(NULL AS {held}) AS {n}" for n, held in contract.sql_types().items())
    found = duckdb.sql(f"SELECT {nulls}").to_arrow_table().schema
    told = ibis.schema(dict(contract.ibis_types()))
    for field in contract.arrow_schema():
        if pa.types.is_timestamp(field.type):
            assert pa.types.is_timestamp(found.field(field.name).type)
            assert told[field.name].is_timestamp()
            assert (told[field.name].timezone is None) == (field.type.tz is None)
        else:
            assert found.field(field.name).type == field.type
            assert str(told[field.name]) == str(field.type).replace("double", "float64").replace(
                "bool", "boolean"
            ).replace("date32[day]", "date")


def test_an_arrow_schema_has_the_declared_types_and_names_its_contract() -> None:
    contract = load_contract("scores")
    schema = contract.arrow_schema()
    types = {
        "period": pa.string(), "score": pa.float64(), "numerator": pa.int64(),
        "obs_status": pa.string(), "captured_at": pa.string(),
    }  # fmt: skip
    assert {name: schema.field(name).type for name in types} == types
    assert schema.metadata == {b"table": b"scores", b"contract": contract.digest.encode()}
    assert load_contract("units").arrow_schema().field("valid_from").type == pa.date32()
    assert load_contract("plan_indicators").arrow_schema().field("attained").type == pa.bool_()


def test_a_digest_stands_for_the_whole_declaration() -> None:
    assert things().digest == things().digest
    assert things().digest != things(basis="Quy ước khác").digest


def test_a_field_without_a_basis_has_its_tables() -> None:
    contract = things()
    assert {field.basis for field in contract.fields} == {"Quy ước thử"}
    assert {rule.basis for rule in contract.rules} == {"Quy ước thử"}


def test_a_shared_field_is_taken_whole_and_what_the_table_says_wins() -> None:
    fields = [
        column("code"),
        column("owner"),
        {"use": "unit_code", "name": "seller", "required": False},
    ]
    seller = things(fields=fields, rules=[]).field("seller")
    shared = read_shared_fields()["unit_code"]
    assert (seller.pattern, seller.title) == (shared["pattern"], Text(**shared["title"]))
    assert (seller.required, seller.basis) == (False, shared["basis"])


def test_a_code_list_gives_the_codes_of_a_column() -> None:
    field = load_contract("plan_indicators").field("basis")
    assert field.enum == ("month", "ytd")
    assert [code.name.vi for code in field.codes] == ["Tháng", "Lũy kế từ đầu năm"]


def test_joined_flags_are_explained_and_not_closed() -> None:
    field = load_contract("scores").field("quality_flag")
    assert field.enum == ()
    assert "MIXED_SNAPSHOT" in {code.code for code in field.codes}


def test_headings_are_the_titles_in_order() -> None:
    assert things().headings("vi") == ("Cột code", "Cột owner", "Cột share", "Cột kind")
    assert load_contract("scores").headings("vi")[4:6] == ("Điểm công bố", "Điểm tối đa")


def test_expectations_follow_from_the_fields_then_the_rules() -> None:
    assert [(item.id, item.type) for item in things().expectations()] == [
        ("things.columns", "expect_table_columns_to_match_ordered_list"),
        ("things.primary_key", "expect_column_values_to_be_unique"),
        ("things.code.required", "expect_column_values_to_not_be_null"),
        ("things.code.pattern", "expect_column_values_to_match_regex"),
        ("things.share.range", "expect_column_values_to_be_between"),
        ("things.share.decimals", ROW_CONDITION),
        ("things.kind.required", "expect_column_values_to_not_be_null"),
        ("things.kind.allowed", "expect_column_values_to_be_in_set"),
        ("things.text", ROW_CONDITION),
        ("things.small_share", ROW_CONDITION),
    ]


def test_expectations_carry_their_arguments_severity_and_message() -> None:
    found = {item.id: item for item in things().expectations()}
    assert found["things.code.pattern"].kwargs == {
        "column": "code",
        "regex": "^(?:[a-z]+|[0-9]+x)$",
    }
    assert found["things.share.range"].kwargs == {
        "column": "share",
        "min_value": 0,
        "max_value": 100,
    }
    assert found["things.share.range"].message == Text(
        "Cột “Cột share” có giá trị ngoài giới hạn (≥ 0, ≤ 100).",
        'The column "The share" has a value out of bounds (≥ 0, ≤ 100).',
    )
    assert {item.severity for item in found.values() if item.id != "things.small_share"} == {
        "error"
    }
    assert found["things.small_share"].severity == "warning"


def test_groups_of_a_pattern_capture_nothing_and_brackets_in_classes_stay() -> None:
    fields = [column("code", pattern=r"(a|b)[(]\((c)"), column("owner")]
    found = {item.id: item for item in things(fields=fields, rules=[]).expectations()}
    regex = found["things.code.pattern"].kwargs["regex"]
    assert regex == r"^(?:(?:a|b)[(]\((?:c))$"


def test_a_key_of_several_columns_is_unique_as_a_whole() -> None:
    item = next(i for i in things(primary_key=["code", "kind"]).expectations() if "key" in i.id)
    assert item.type == "expect_compound_columns_to_be_unique"
    assert item.kwargs == {"column_list": ["code", "kind"]}


@pytest.mark.slow
@every_table
def test_an_empty_table_meets_its_contract_in_both_engines(table: str) -> None:
    contract = load_contract(table)
    results = check_table(contract.arrow_schema().empty_table(), contract)
    assert [result.line() for result in results if not result.passed] == []


GOOD_ROWS: Mapping[str, dict[str, Any]] = {
    **contract_rows.GOOD_ROWS,
    "scores": {
        "period": "2026-09", "basis": "ytd", "unit_code": "H24", "metric_code": "CLGQ",
        "score": 9.14, "max_score": 12.0, "numerator": 1, "denominator": 2, "ratio": 76.17,
        "rank": 1, "obs_status": "A", "quality_flag": "MIXED_SNAPSHOT;NULL_METRIC",
        "source_system": "dvcqg-2026", "methodology": "766-2026", "captured_at": "2026-10-10",
        "recomputed_score": 9.13, "difference": 0.01,
    },
    "portal_scores": {"score": 9.14, "max_score": 12.0, "obs_status": "A"},
    "observed_scores": {"score": 9.14, "obs_status": "A"},
    "plan_indicators": {
        "period": "2024-03", "unit_code": "H24", "indicator_id": "II.6a", "basis": "ytd",
        "numerator": 1.0, "denominator": 2.0, "value": 50.0, "comparator": "gt", "target": 95.0,
        "attained": False, "required_run_rate": 98.5, "obs_status": "A",
    },
    "plan_tasks": {"due_from": None, "due_to": None},
    "units": {"unit_code": "H24", "parent_code": None, "valid_to": None},
    "successions": {"kind": "renamed", "old_name": "A", "new_name": "B", "new_code": "H24"},
    "metrics": {"tracked_only": False, "max_score": 6.0},
    "obs_status": {"code": "A", "value_allowed": True},
    "submissions": {
        "status": "received", "received_at": "2026-10-10T07:00:29Z", "rows": 3, "accepted": 2,
        "quarantined": 1, "duplicates": 0,
    },
    "portal_submissions": {"rows": 3, "accepted": 2, "quarantined": 1, "duplicates": 0},
    "score_recomputation": {"recomputed_score": 6.0, "difference": 0.0},
    "unit_rankings": {"rank": 2, "peers": 2},
}  # fmt: skip

BREACHES: Mapping[str, tuple[dict[str, Any], ...]] = {
    **contract_rows.BREACHES,
    "scores.value_and_status": ({"obs_status": "O"}, {"score": None, "difference": None}),
    "scores.score_within_maximum": ({"score": 12.02, "difference": 2.89},),
    "scores.recomputed_within_maximum": ({"recomputed_score": 12.02, "difference": -2.88},),
    "scores.difference_is_exact": ({"difference": -0.01}, {"difference": None}),
    "scores.value_has_source": ({"captured_at": None}, {"methodology": None}),
    "scores.rank_needs_score": ({"score": None, "difference": None, "obs_status": "O"},),
    "scores.numerator_within_denominator": ({"numerator": 3},),
    "portal_scores.value_and_status": ({"obs_status": "M"},),
    "observed_scores.value_and_status": ({"obs_status": "O"}, {"score": None}),
    "portal_scores.score_within_maximum": ({"score": -0.01}, {"score": 12.02}),
    "plan_indicators.value_and_status": ({"obs_status": "Q"},),
    "plan_indicators.attained_needs_value": ({"value": None, "obs_status": "M"},),
    "plan_indicators.run_rate_of_year_to_date": ({"basis": "month"},),
    "plan_indicators.missing_names_who_owes": (
        {"value": None, "attained": None, "obs_status": "O"},
    ),
    "plan_indicators.zero_denominator_has_no_value": ({"denominator": 0.0},),
    "plan_tasks.window_in_order": ({"due_from": "2024-02-01", "due_to": "2024-01-31"},),
    "units.lifetime_in_order": ({"valid_from": "2025-07-01", "valid_to": "2025-06-30"},),
    "units.parent_is_another": ({"parent_code": "H24"},),
    "successions.abolished_has_no_successor": ({"kind": "abolished"},),
    "successions.not_succeeded_by_itself": ({"new_name": "A"},),
    "metrics.tracked_has_no_points": ({"tracked_only": True},),
    "obs_status.gaps_allow_no_value": ({"value_allowed": False}, {"code": "O"}),
    "submissions.rows_are_accounted_for": ({"accepted": 3},),
    "submissions.received_has_time": ({"received_at": None},),
    "submissions.missing_has_no_rows": ({"status": "missing", "received_at": None},),
    "portal_submissions.rows_are_accounted_for": ({"rows": 4},),
    "score_recomputation.difference_needs_score": ({"recomputed_score": None},),
    "unit_rankings.rank_within_peers": ({"rank": 3},),
}


def broken_rules(table: str, row: Mapping[str, Any]) -> set[str]:
    """The ids of the table's declared rules that a row breaks."""
    contract = load_contract(table)
    schema = contract.arrow_schema()
    cells = {field.name: row.get(field.name) for field in contract.fields}
    data = pa.Table.from_pylist([cells], schema=as_text_dates(schema)).cast(schema)
    rules = {f"{table}.{rule.id}": rule for rule in contract.rules}
    with duckdb.connect() as connection:
        connection.register("judged", data)
        judged = connection.table("judged")
        return {
            identifier
            for identifier, rule in rules.items()
            if judged.project(rule.kwargs["sql"]).fetchall() != [(True,)]
        }


def as_text_dates(schema: pa.Schema) -> pa.Schema:
    kinds = {field.name: field.type for field in schema}
    return pa.schema(
        [(name, pa.string() if kind == pa.date32() else kind) for name, kind in kinds.items()]
    )


def test_every_declared_rule_is_shown_to_fail() -> None:
    declared = {f"{t}.{rule.id}" for t in contract_names() for rule in load_contract(t).rules}
    assert declared == set(BREACHES) | contract_rows.SHOWN_ELSEWHERE


@pytest.mark.parametrize("table", GOOD_ROWS)
def test_a_good_row_breaks_no_rule(table: str) -> None:
    assert broken_rules(table, {"valid_from": "2024-01-01"} | GOOD_ROWS[table]) == set()


@pytest.mark.parametrize(
    ("rule", "change"), [(rule, change) for rule, changes in BREACHES.items() for change in changes]
)
def test_a_rule_fails_on_the_row_that_breaks_it(rule: str, change: dict[str, Any]) -> None:
    table = rule.partition(".")[0]
    assert rule in broken_rules(table, GOOD_ROWS[table] | change)


def holds(sql: str, name: str, values: Iterable[Any], kind: pa.DataType) -> list[bool]:
    with duckdb.connect() as connection:
        connection.register("judged", pa.table({name: pa.array(values, kind)}))
        return [row[0] for row in connection.table("judged").project(sql).fetchall()]


def condition(kind: str, contract: Contract) -> str:
    return next(str(e.kwargs["sql"]) for e in contract.expectations() if e.id.endswith(kind))


@given(cents=st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=20))
def test_every_number_of_two_decimals_has_two_decimals(cents: list[int]) -> None:
    sql = condition("share.decimals", things())
    assert all(holds(sql, "share", [cent / 100 for cent in cents], pa.float64()))


def test_a_third_decimal_and_what_is_no_number_are_seen() -> None:
    sql = condition("share.decimals", things())
    values = [None, 0.125, float("nan"), float("inf"), 0.1 + 0.2]
    assert holds(sql, "share", values, pa.float64()) == [True, False, False, False, False]


def test_text_that_would_harm_a_reader_is_seen() -> None:
    fields = [column("code"), column("owner")]
    sql = condition(".text", things(fields=[fields[0]], foreign_keys=[], rules=[]))
    good = [None, "Sở Nội vụ", "a - b", "—", "-1", "-0.25"]
    bad = ["", " Sở", "Sở ", "=1+1", "-1+1", "-x", "@x", "+1", "\tx", "a\nb", "So\u031b\u0309"]
    assert holds(sql, "code", good, pa.string()) == [True] * len(good)
    assert holds(sql, "code", bad, pa.string()) == [False] * len(bad)


# Table Schema


def test_a_table_schema_says_what_the_contract_says() -> None:
    schema = things().table_schema("vi")
    assert schema["$schema"] == "https://datapackage.org/profiles/2.0/tableschema.json"
    assert schema["primaryKey"] == ["code"]
    assert schema["missingValues"] == [""]
    assert schema["foreignKeys"] == [
        {"fields": ["owner"], "reference": {"resource": "units", "fields": ["unit_code"]}}
    ]
    assert schema["fields"][0] == {
        "name": "code",
        "type": "string",
        "title": "Cột code",
        "titleEn": "The code",
        "description": "Mô tả code.",
        "descriptionEn": "About code.",
        "unit": "—",
        "unitEn": "none",
        "constraints": {"required": True, "unique": True, "pattern": "([a-z]+|[0-9]+x)"},
    }
    assert schema["fields"][2]["constraints"] == {"minimum": 0, "maximum": 100}
    assert schema["fields"][3]["constraints"]["enum"] == ["big", "small"]


def test_a_table_schema_in_english_has_vietnamese_beside_it() -> None:
    field = load_contract("scores").table_schema("en")["fields"][4]
    assert (field["title"], field["titleVi"]) == ("Published score", "Điểm công bố")
    assert (field["unit"], field["unitVi"]) == ("points", "điểm")


def test_codes_are_labelled_in_a_table_schema() -> None:
    fields = {f["name"]: f for f in load_contract("scores").table_schema("vi")["fields"]}
    assert {"value": "P", "label": "Tạm tính"} in fields["obs_status"]["categories"]
    assert "categories" not in fields["quality_flag"]


def test_a_key_onto_the_table_itself_names_no_resource() -> None:
    assert load_contract("units").table_schema("vi")["foreignKeys"] == [
        {"fields": ["parent_code"], "reference": {"fields": ["unit_code"]}}
    ]


@every_table
def test_frictionless_takes_every_table_schema(table: str) -> None:
    contract = load_contract(table)
    schema = frictionless.Schema.from_descriptor(contract.table_schema("vi"))
    assert schema.field_names == [field.name for field in contract.fields]
    assert schema.primary_key == list(contract.primary_key)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_official_profile_takes_every_table_schema(language: Any) -> None:
    profile = json.loads((SCHEMAS / "profiles/data-package-2.0.json").read_text(encoding="utf-8"))
    resources = [
        {"name": name.replace("_", "-"), "path": f"data/{name}.csv", "type": "table",
         "schema": load_contract(name).table_schema(language)}
        for name in contract_names()
    ]  # fmt: skip
    descriptor = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "things",
        "resources": resources,
    }
    errors = jsonschema.Draft7Validator(profile).iter_errors(descriptor)
    assert [f"{list(e.absolute_path)}: {e.message[:100]}" for e in errors] == []


def report_on(folder: Path, tables: Mapping[str, str]) -> list[tuple[str, str]]:
    """What frictionless finds in a package of small tables: table and kind of error."""
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    package = frictionless.Package.from_descriptor(
        {
            "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
            "resources": [
                {"name": name.replace("_", "-"), "path": f"{name}.csv", "type": "table",
                 "schema": load_contract(name).table_schema("vi")}
                for name in tables
            ],
        },
        basepath=str(folder),
    )  # fmt: skip
    return [(task.name, error.type) for task in package.validate().tasks for error in task.errors]


UNITS_CSV = (
    "unit_code,name_vi,name_en,level,parent_code,valid_from,valid_to,provenance,basis\n"
    "H24,UBND thành phố Hải Phòng,Hải Phòng City,city,,2024-01-01,,official,Luật\n"
    "H24.16,Sở Nội vụ,Home Affairs,agency,H24,2024-01-01,2025-02-28,sample,Mẫu\n"
)
SUBMISSIONS_CSV = (
    "period,unit_code,table,received_at,rows,accepted,quarantined,duplicates,status,provenance,release\n"
    "2026-09,H24,scores,2026-10-10T07:00:29Z,3,3,0,0,received,official,2026-09.r1\n"
    "2026-10,H24.16,scores,,0,0,0,0,missing,official,2026-09.r1\n"
)


def test_frictionless_finds_nothing_in_rows_that_meet_their_contracts(tmp_path: Path) -> None:
    assert report_on(tmp_path, {"units": UNITS_CSV, "submissions": SUBMISSIONS_CSV}) == []


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("2026-09,H24,", "2026-13,H24,", "type-error"),
        (",H24,scores", ",H24.99,scores", "foreign-key"),
        ("received,official,2026-09.r1", "received,official,2026-09.r0", "constraint-error"),
        ("missing,", "lost,", "constraint-error"),
        ("2026-10,H24.16,", "2026-09,H24,", "primary-key"),
        ("scores,2026-10-10T07:00:29Z", "scores,10/10/2026", "constraint-error"),
    ],
)
def test_frictionless_sees_the_cell_that_does_not(
    tmp_path: Path, old: str, new: str, kind: str
) -> None:
    assert old in SUBMISSIONS_CSV
    tables = {"units": UNITS_CSV, "submissions": SUBMISSIONS_CSV.replace(old, new, 1)}
    assert ("submissions", kind) in report_on(tmp_path, tables)


# The dictionary


def test_a_dictionary_has_a_row_a_column_in_the_readers_language() -> None:
    rows = {row.name: row for row in dictionary_rows(load_contract("scores"), "vi")}
    assert tuple(rows) == PUBLISHED["scores"]
    assert (rows["score"].title, rows["score"].type, rows["score"].unit) == (
        "Điểm công bố", "số thập phân", "điểm",
    )  # fmt: skip
    assert rows["basis"].values == "month: Tháng; quarter: Quý; ytd: Lũy kế từ đầu năm"
    assert rows["max_score"].values == "≥ 0, ≤ 100"
    english = dictionary_rows(load_contract("scores"), "en")
    assert english[0].type == "year and month"


# Code lists


def test_the_statuses_are_the_eight_of_sdmx_and_say_which_allow_a_value() -> None:
    codes = {code.code: code.value_allowed for code in load_code_list("obs_status").codes}
    assert codes == {
        "A": True, "P": True, "L": False, "M": False, "O": False, "Q": False, "B": True, "E": True,
    }  # fmt: skip


@pytest.mark.parametrize("path", sorted((SCHEMAS / "code-lists").glob("*.yaml")), ids=str)
def test_every_code_list_can_be_used_and_is_used(path: Path) -> None:
    codes = load_code_list(path.stem).codes
    used = [f.codes for t in contract_names() for f in load_contract(t).fields if f.codes]
    assert any(set(some) <= set(codes) for some in used)


def test_a_code_list_with_a_code_twice_is_refused() -> None:
    entry = {"code": "a", "name": {"vi": "A", "en": "A"}, "description": {"vi": "A", "en": "A"}}
    content = {"title": {"vi": "T", "en": "T"}, "basis": "B", "codes": [entry, entry]}
    with pytest.raises(SchemaDataError, match=r"^list\.yaml: the code 'a' stands twice"):
        parse_code_list("list", content, "list.yaml")


# What is refused


def edit(path: str, value: object = None) -> Callable[[dict[str, Any]], None]:
    """Set what stands at a path such as ``fields.0.title.vi``; without a value, delete it."""
    *parents, last = path.split(".")

    def apply(content: Any) -> None:
        for step in parents:
            content = content[int(step) if step.isdigit() else step]
        if value is None:
            del content[last]
        else:
            content[int(last) if last.isdigit() else last] = value

    return apply


REFUSED = {
    "a field without title.vi": (edit("fields.1.title.vi"), "fields.owner.title.vi: Field"),
    "a field without title.en": (edit("fields.1.title.en"), "fields.owner.title.en: Field"),
    "a field without a description": (edit("fields.1.description"), "fields.owner.description"),
    "a field without a unit": (edit("fields.2.unit"), "fields.share.unit: Field required"),
    "an empty unit": (edit("fields.2.unit.en", " "), "fields.share.unit.en: is empty"),
    "a table without a basis": (edit("basis"), "things: basis: Field required"),
    "an empty basis of a field": (
        edit("fields.1", column("owner", basis="")), "fields.owner: basis: is empty",
    ),
    "a table without title.vi": (edit("title.vi"), "things: title.vi: Field required"),
    "a table that does not say whether it is public": (edit("public"), "things: public: Field"),
    "an unknown type": (edit("fields.1.type", "text"), "fields.owner.type: Input should be"),
    "a number without decimals": (edit("fields.2.decimals"), "fields.share: a number without"),
    "decimals on a text": (edit("fields.1.decimals", 2), "fields.owner: decimals on no"),
    "bounds on a text": (edit("fields.1.minimum", 1), "fields.owner: bounds on the type string"),
    "a bound that is no number": (edit("fields.2.minimum", "0"), "fields.share.minimum: is not"),
    "a pattern on a number": (edit("fields.2.pattern", "[0-9]"), "fields.share: codes or a pat"),
    "a key column that is not declared": (
        edit("primary_key", ["code", "colour"]), "things.colour: primary_key names a column",
    ),
    "no key": (edit("primary_key", []), "things: no primary_key"),
    "a foreign key of a column that is not declared": (
        edit("foreign_keys.0.fields", ["seller"]), "things.seller: foreign_keys names",
    ),
    "a foreign key onto an unknown table": (
        edit("foreign_keys.0.table", "owners"), "things.owner: foreign_keys refers to the table 'o",
    ),
    "a foreign key onto an unknown column": (
        edit("foreign_keys.0.reference", ["colour"]), "units.colour: foreign_keys names",
    ),
    "a foreign key of other width": (
        edit("foreign_keys.0.reference", ["unit_code", "level"]), "things: a foreign key of 1",
    ),
    "an enum and a code list": (
        edit("fields.3.code_list", "bases"), "things.kind: enum and code_list stand together",
    ),
    "a code list that does not exist": (
        edit("fields.1.code_list", "colours"), "code-lists/colours.yaml: no such file",
    ),
    "a subset of no code list": (edit("fields.3.subset", ["big"]), "things.kind: subset without"),
    "a subset of other codes": (
        edit("fields.1", column("owner", code_list="bases", subset=["week"])),
        "things.owner: subset names week",
    ),
    "a pattern that is no regular expression": (
        edit("fields.0.pattern", "[a-z"), "fields.code.pattern: '[a-z' is no regular expression",
    ),
    "a pattern with anchors": (edit("fields.0.pattern", "^a$"), "fields.code.pattern: '^a$' has"),
    "a misspelt option": (edit("fields.1.requierd", True), "fields.owner.requierd: Unexpected"),
    "a name that is not snake_case": (edit("fields.1.name", "Owner"), "fields.Owner.name: is not"),
    "a shared field that does not exist": (
        edit("fields.1", {"use": "colour"}), "things: 'colour' is no shared field",
    ),
    "a comma that splits a text": (
        edit("fields.1.title.đơn vị", "x"), "fields.owner.title.đơn vị: Unexpected",
    ),
    "two fields of one name": (edit("fields.1.name", "code"), "things.code: stands twice"),
    "two fields of one heading": (
        edit("fields.1.title.vi", "Cột code"), "things.owner: title.vi 'Cột code' is also that of",
    ),
    "a personal column in a public table": (
        edit("fields.1.personal", True), "fields.owner: is personal, and the table",
    ),
    "a rule of an unknown severity": (
        edit("rules.0.severity", "fatal"), "rules.small_share.severity: Input should be 'error'",
    ),
    "a rule without a message": (edit("rules.0.message"), "rules.small_share.message: Field"),
    "a row condition without its SQL": (edit("rules.0.sql"), "rule small_share: no sql"),
    "SQL on a rule of columns": (
        edit("rules.0.expectation", "expect_x"), "rule small_share: sql is for row_condition",
    ),
    "a rule of an unknown kind": (
        edit("rules.0", {"id": "small_share", "expectation": "hope"}),
        "rules.small_share.expectation: 'hope' is unknown",
    ),
    "a rule with the id of a derived one": (
        edit("rules.0.id", "primary_key"), "things: the rule id gives things.primary_key twice",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mutation", REFUSED)
def test_a_faulty_declaration_is_refused_in_one_line(mutation: str) -> None:
    change, line = REFUSED[mutation]
    content = copy.deepcopy(declaration())
    change(content)
    with pytest.raises(SchemaDataError) as caught:
        parse_contract(content, "things.yaml")
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "things.yaml" in str(caught.value) or "schemas/" in str(caught.value)


@pytest.mark.parametrize("content", [None, [], "table", {"table": "things", "fields": "code"}])
def test_what_is_no_declaration_at_all_is_refused(content: object) -> None:
    with pytest.raises(SchemaDataError):
        parse_contract(content, "things.yaml")


def test_a_table_that_is_not_declared_is_named() -> None:
    with pytest.raises(SchemaDataError, match=r"^schemas/tables/colours\.yaml: no such file"):
        load_contract("colours")


def test_a_column_that_is_not_declared_is_named() -> None:
    assert isinstance(things().field("share"), Field)
    with pytest.raises(SchemaDataError, match=r"^things\.colour: no such column"):
        things().field("colour")


def test_reading_declarations_loads_no_heavy_library() -> None:
    program = (
        "import sys; from cchc_pipeline.contracts import load_contract;"
        "load_contract('scores').expectations();"
        "print([n for n in ('pyarrow','pandas','duckdb','great_expectations') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
