"""The asset graph: what it consists of, who owns it, what blocks what."""

from collections.abc import Iterable
from typing import Any

import dagster as dg
import pytest
from syrupy.assertion import SnapshotAssertion

from assets.checks import CHECKED_TABLES, NAMES, RULES
from assets.jobs import ASSETS_OF, MONTH_JOB, PUBLISH_JOB
from assets.resources import COLUMNS, MONTHS, OWNERS
from assets.staleness import FIRST_STEP, REST_ON_EARLIER_MONTHS, program_digest
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.definitions import defs
from cchc_pipeline.methodology import FIRST_MONTH
from publish.gates.gates import GATES
from publish.model import CODE_LISTS, PROCEDURE_CHANGES, PUBLISHED_TABLES, REVISIONS

JUDGED_BY_DUCKDB = {"dossiers", "dossier_quarantine", "dossier_counts", "error_sheets"}
"""As long as the export: their rows are judged when they are made, and checked as a whole.

Counts are cast to their contract when they are made; their sums are those of the statistics."""
NO_TABLES = {
    "error_sheets", "month_begun", "month_by_itself", "month_record", "release", "publication",
    "release_preview",
}  # fmt: skip
"""What leaves files, a record or a site: it has no contract."""
GRAPH = defs.resolve_asset_graph()


def _names(keys: Iterable[dg.AssetKey]) -> list[str]:
    return sorted(key.to_user_string() for key in keys)


def _described() -> dict[str, dict[str, Any]]:
    """Every asset with what a reviewer of a change should see."""
    nodes = {key.to_user_string(): GRAPH.get(key) for key in GRAPH.get_all_asset_keys()}
    return {
        name: {
            "group": node.group_name,
            "after": _names(node.parent_keys),
            "of_other_months": _mappings(node),
            "partitions": str(node.partitions_def) if node.partitions_def else "none",
            "owners": sorted(node.owners),
            "kinds": sorted(node.kinds),
        }
        for name, node in sorted(nodes.items())
    }


def _mappings(node: Any) -> dict[str, str]:
    """Which months of another asset a month rests on, where they are not the month itself."""
    return {
        key.to_user_string(): f"{mapping.start_offset} to {mapping.end_offset}"
        for key, mapping in sorted(node.partition_mappings.items())
        if isinstance(mapping, dg.TimeWindowPartitionMapping)
    }


def _before(name: str) -> set[str]:
    """All that stands before an asset, of whatever month."""
    found: set[str] = set()
    left = [dg.AssetKey(name)]
    while left:
        parents = GRAPH.get(left.pop()).parent_keys
        new = [key for key in parents if key.to_user_string() not in found]
        found |= {key.to_user_string() for key in new}
        left += new
    return found


def _checks() -> dict[str, list[str]]:
    """The checks of every asset, those that block marked."""
    found: dict[str, list[str]] = {}
    for key in GRAPH.asset_check_keys:
        spec = GRAPH.get_check_spec(key)
        mark = "blocks" if spec.blocking else "warns"
        found.setdefault(key.asset_key.to_user_string(), []).append(f"{spec.name}: {mark}")
    return {asset: sorted(lines) for asset, lines in sorted(found.items())}


def test_the_graph_is_the_one_that_was_reviewed(snapshot: SnapshotAssertion) -> None:
    assert _described() == snapshot


def test_the_checks_are_those_that_were_reviewed(snapshot: SnapshotAssertion) -> None:
    assert _checks() == snapshot


def test_the_definitions_load_as_dagster_dev_loads_them() -> None:
    dg.Definitions.validate_loadable(defs)
    defs.get_repository_def().load_all_definitions()


@pytest.mark.parametrize("name", _described())
def test_every_asset_has_an_owner_and_says_what_it_is(name: str) -> None:
    node = GRAPH.get(dg.AssetKey(name))
    assert node.owners == OWNERS
    assert node.kinds
    assert node.code_version == program_digest()[: len(str(node.code_version))]
    assert len(str(node.code_version)) >= 12
    assert node.description
    assert len(node.description) > 20


@pytest.mark.parametrize("name", sorted(set(_described()) - NO_TABLES))
def test_every_table_shows_the_columns_of_its_contract(name: str) -> None:
    contract, shown = load_contract(name), GRAPH.get(dg.AssetKey(name)).metadata[COLUMNS]
    assert isinstance(shown, dg.TableSchema)
    assert [(c.name, c.type, c.description, not c.constraints.nullable) for c in shown.columns] == [
        (f.name, f.type, f.description.en, f.required) for f in contract.fields
    ]
    assert shown.constraints is not None
    assert shown.constraints.other == [f"primary key: {', '.join(contract.primary_key)}"]


def test_every_check_says_what_it_checks() -> None:
    for key in GRAPH.asset_check_keys:
        assert GRAPH.get_check_spec(key).description, key


def test_a_table_has_one_check_a_severity_which_names_every_rule_and_only_errors_block() -> None:
    asked = {(t, item.severity, item.id) for t in CHECKED_TABLES
             for item in load_contract(t).expectations()}  # fmt: skip
    asked |= {(table, rule.severity, rule.id) for table, rules in RULES.items() for rule in rules}
    found = set()
    for table in (*CHECKED_TABLES, *RULES):
        for severity, name in NAMES.items():
            key = dg.AssetCheckKey(dg.AssetKey(table), name)
            if key in GRAPH.asset_check_keys:
                spec = GRAPH.get_check_spec(key)
                assert spec.blocking is (severity == "error"), key
                found |= {(table, severity, rule) for rule in spec.metadata}
    assert found == asked


def test_the_checks_of_a_month_are_cut_into_months() -> None:
    tables = {*CHECKED_TABLES, *RULES}
    for key in GRAPH.asset_check_keys:
        of_a_month = key.asset_key.to_user_string() in tables and key.name in NAMES.values()
        assert GRAPH.get_check_spec(key).partitions_def == (MONTHS if of_a_month else None), key


def test_every_table_of_the_graph_is_checked_and_every_published_one_is_in_it() -> None:
    no_tables = {"publish", "preview", "record"}
    tables = {name for name, node in _described().items() if node["group"] not in no_tables}
    assert tables == set(CHECKED_TABLES) | JUDGED_BY_DUCKDB
    made_of_the_history = {REVISIONS, PROCEDURE_CHANGES}
    assert set(PUBLISHED_TABLES) - CODE_LISTS - made_of_the_history <= tables


def test_every_gate_stands_in_the_blocking_check_of_the_release() -> None:
    assert _checks()["release"] == ["gates: blocks"]
    spec = GRAPH.get_check_spec(dg.AssetCheckKey(dg.AssetKey("release"), "gates"))
    assert set(spec.metadata) == set(GATES)


def test_nothing_is_computed_from_the_portal_before_all_its_tables_passed() -> None:
    portal = {"portal_scores", "portal_findings", "portal_quarantine", "portal_submissions"}
    for name in ("observed_scores", "submissions"):
        assert portal <= set(_described()[name]["after"]), name
    for name in ("score_recomputation", "unit_rankings", "scores"):
        assert "observed_scores" in _described()[name]["after"], name


def test_the_year_to_date_rests_on_itself_one_month_before() -> None:
    described = _described()
    assert described["year_to_date"]["of_other_months"] == {"year_to_date": "-1 to -1"}
    assert described["dossier_continuity"]["of_other_months"] == {"dossier_statistics": "-1 to 0"}
    others = {n for n, d in described.items() if d["of_other_months"]}
    assert others == {"year_to_date", "dossier_continuity"}


def test_a_month_is_noted_before_anything_is_read_and_recorded_once_all_is_made() -> None:
    of_month = {
        name for name, node in _described().items() if node["group"] not in {"publish", "preview"}
    }
    resting = {*REST_ON_EARLIER_MONTHS, "month_record"}
    assert _before("month_record") == of_month - {"month_record"}
    assert _before("month_by_itself") == of_month - {*resting, "month_by_itself"}
    for name in of_month - {"month_begun"}:
        assert "month_begun" in _before(name), name
    assert {name for name in of_month if FIRST_STEP["of_year"] in _before(name)} == resting
    assert "month_record" in _before("release")


def test_a_stage_is_made_once_every_asset_before_its_last_step_is() -> None:
    together = {"dossiers", "dossier_quarantine"}  # with the accounts, by one step
    alone = _before("month_by_itself")
    assert ASSETS_OF["alone"] == alone - together
    assert ASSETS_OF["of_year"] == _before("month_record") - alone - {"month_by_itself"}


def test_the_jobs_are_a_month_and_a_publication() -> None:
    month, publish = (defs.resolve_job_def(name) for name in (MONTH_JOB, PUBLISH_JOB))
    assert month.partitions_def == MONTHS
    assert publish.partitions_def is None
    assert {month.executor_def.name, publish.executor_def.name} == {"in_process"}


def test_a_month_joins_when_it_has_ended() -> None:
    assert MONTHS.get_first_partition_key() == str(FIRST_MONTH) == "2022-06"
    assert "2024-03" in MONTHS.get_partition_keys()
    window = MONTHS.time_window_for_partition_key("2024-03")
    assert window.end.isoformat() == "2024-04-01T00:00:00+07:00"
