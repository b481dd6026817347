"""How many rows each rule set aside, by unit and for the whole."""

import re
from importlib.resources import files
from typing import Any

import yaml

from cchc_pipeline.contracts import load_code_list
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.quarantine_summary import quarantine_rows

MARCH = Month(2024, 3)


def fault(rule: str, row: int = 1, unit: str | None = "H24.01", **other: Any) -> dict[str, Any]:
    return {"file": "ho-so.csv", "row": row, "unit_code": unit, "rule": rule} | other


def counted(**quarantines: list[dict[str, Any]]) -> dict[tuple[str, str, str], int]:
    rows = quarantine_rows(MARCH, "H24", ["H24.01", "H24.02"], quarantines)
    assert all(row["period"] == "2024-03" for row in rows)
    return {(r["unit_code"], r["table"], r["rule"]): r["quarantined"] for r in rows}


def test_a_row_counts_under_its_unit_and_for_the_whole() -> None:
    found = counted(dossier_quarantine=[fault("FEE_NEGATIVE"), fault("FEE_NEGATIVE", row=2)])
    assert found == {
        ("H24", "dossiers", "FEE_NEGATIVE"): 2,
        ("H24.01", "dossiers", "FEE_NEGATIVE"): 2,
    }


def test_a_row_that_breaks_two_rules_counts_under_each() -> None:
    found = counted(petition_quarantine=[fault("CODE_MISSING"), fault("RECEIVED_MISSING")])
    assert found["H24.01", "petitions", "CODE_MISSING"] == 1
    assert found["H24.01", "petitions", "RECEIVED_MISSING"] == 1


def test_a_rule_that_a_row_breaks_in_two_columns_counts_it_once() -> None:
    found = counted(
        agency_quarantine=[
            fault("NUMBER_NEGATIVE", column="Tử số"), fault("NUMBER_NEGATIVE", column="Mẫu số"),
        ]
    )  # fmt: skip
    assert found["H24.01", "agency_reports", "NUMBER_NEGATIVE"] == 1


def test_a_row_of_no_known_unit_counts_for_the_whole_only() -> None:
    found = counted(
        dossier_quarantine=[
            fault("UNIT_MISSING", unit=None),
            fault("UNIT_UNKNOWN", row=2, unit="H99"),
        ]
    )
    assert {unit for unit, _, _ in found} == {"H24"}


def test_entries_of_the_portal_count_for_the_whole_by_their_answer() -> None:
    entry = {"basis": "month", "snapshot_id": "a", "file": "x", "row": 0, "rule": "NO_UNIT_CODE"}
    found = counted(portal_quarantine=[entry, entry | {"basis": "ytd"}])
    assert found == {("H24", "scores", "NO_UNIT_CODE"): 2}


def test_every_rule_that_can_set_a_row_aside_has_a_name() -> None:
    named = {code.code for code in load_code_list("quarantine_rules").codes}
    schemas = files("schemas")
    dossiers = yaml.safe_load(schemas.joinpath("records/dossier_rules.yaml").read_text("utf-8"))
    rules = {entry["id"] for part in ("faults", "contradictions") for entry in dossiers[part]}
    for entry in schemas.joinpath("quarantine").iterdir():
        rules |= set(yaml.safe_load(entry.read_text("utf-8")))
    modules = ("answers", "entries", "legacy_observations")
    for module in modules:
        answers = (
            files("cchc_pipeline")
            .joinpath(f"sources/national_portal/{module}.py")
            .read_text("utf-8")
        )
        rules |= set(re.findall(r'RefusedEntryError\(\s*"([A-Z_]+)"', answers))
        rules |= set(re.findall(r'refuse\(item.entry, "([A-Z_]+)"', answers))
    assert rules == named
