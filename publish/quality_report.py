"""``quality.json``: what was checked of a release, and who handed in what.

Belongs here: the report's content, from the gates' verdicts and the table of submissions. Does not:
the gates (``gates``), or their words (``schemas/release/gates.yaml``). Of a draft that was stopped
it lies in the scratch folder and names the failures; one that went out has none.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from cchc_pipeline.reference import read_yaml
from publish.gates import GateResult
from publish.release import Draft

QUALITY = "quality.json"
_COUNTS = ("rows", "accepted", "quarantined", "duplicates")


def quality_report(draft: Draft, verdicts: Iterable[GateResult]) -> dict[str, Any]:
    """What was checked, and what was handed in for each period.

    Args:
        draft: The release.
        verdicts: Of each gate.
    """
    words = read_yaml("release/gates.yaml")["gates"]
    return {
        "release": str(draft.id),
        "published_at": draft.published_text,
        "provenance": draft.provenance,
        "checks": [
            {
                "name": verdict.name,
                "asks": words[verdict.name],
                "passed": verdict.passed,
                "failures": list(verdict.failures),
            }
            for verdict in verdicts
        ],
        "observations": _statuses(draft),
        "submissions": list(_submissions(draft)),
        "not_handed_in": _missing(draft),
    }


def _statuses(draft: Draft) -> dict[str, dict[str, int]]:
    """How many rows of each table have which observation status."""
    return {
        name: dict(sorted(Counter(table.column("obs_status").to_pylist()).items()))
        for name, table in draft.tables.items()
        if "obs_status" in table.column_names
    }


def _submissions(draft: Draft) -> Iterable[dict[str, Any]]:
    """What came for the whole of each period and table, added up over its rows of the root."""
    root = draft.identity.root_unit
    for row in draft.tables["submissions"].to_pylist():
        if row["unit_code"] == root:
            named = {name: row[name] for name in ("period", "table", "status")}
            yield named | {name: row[name] for name in _COUNTS}


def _missing(draft: Draft) -> Mapping[str, dict[str, list[str]]]:
    """The units that handed nothing in, by period and table."""
    found: dict[str, dict[str, list[str]]] = {}
    for row in draft.tables["submissions"].to_pylist():
        if row["status"] == "missing":
            found.setdefault(row["period"], {}).setdefault(row["table"], []).append(
                row["unit_code"]
            )
    return found
