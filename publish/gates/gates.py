"""The gates that a draft must pass, and ``quality.json``, which says what came of them.

Belongs here: which gates there are, judging a candidate by them, and the report of their verdicts
beside the table of submissions. Does not: the gates (``package``, ``figures``, ``changes``), their
words (``schemas/release/gates.yaml``), or what happens after a failure
(``publish.portal.publication``).

Every gate fails closed: one that cannot be judged has failed. The report of a draft that was
stopped lies in the scratch folder and names the failures; that of one which went out has none.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cchc_pipeline.core.data import read_yaml
from publish.gates import changes, figures, package
from publish.model import Draft
from publish.release.comparison import Candidate

Gate = Callable[[Candidate], Iterable[str]]
"""A gate yields one line a failure; none is a pass."""
GATES: Mapping[str, Gate] = {
    gate.__name__: gate
    for gate in (
        package.profile_is_valid,
        package.frictionless_agrees,
        package.every_table_is_there,
        figures.tables_meet_their_contracts,
        figures.foreign_keys_resolve,
        figures.groups_sum_to_total,
        figures.every_unit_has_every_metric,
        figures.every_month_is_current,
        figures.year_to_date_is_the_sum_of_months,
        changes.period_is_over,
        package.text_is_clean,
        package.formats_are_equal,
        package.nothing_personal,
        changes.schema_change_is_announced,
        changes.no_row_is_lost,
        changes.revisions_are_expected,
        changes.revisions_are_logged,
        figures.small_counts_are_hidden,
        figures.every_row_says_its_provenance,
        figures.sample_stays_out_of_production,
    )
}
QUALITY = "quality.json"
_COUNTS = ("rows", "accepted", "quarantined", "duplicates")


@dataclass(frozen=True)
class GateResult:
    """A gate's verdict; it passed if it has no failures."""

    name: str
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the draft may go on."""
        return not self.failures


def judge(
    candidate: Candidate, gates: "Mapping[str, Gate] | None" = None
) -> tuple[GateResult, ...]:
    """Run every gate; none is skipped because another failed.

    Args:
        candidate: What is to be published.
        gates: Gates by their names; all of ``GATES`` if None.
    """
    chosen = GATES if gates is None else gates
    return tuple(
        GateResult(name, tuple(_guarded(gate, candidate))) for name, gate in chosen.items()
    )


def _guarded(gate: "Gate", candidate: Candidate) -> list[str]:
    try:
        return list(gate(candidate))
    except Exception as error:  # a gate that breaks has not been passed
        return [f"could not be judged: {type(error).__name__}: {error}"]


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
