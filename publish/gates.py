"""The gates that a draft must pass before anything of it can be seen.

Belongs here: which gates there are, and judging a candidate by them. Does not: the gates
(``package_gates``, ``figure_gates``, ``change_gates``), the expectations of a table (its contract),
or what happens after a failure (``publication``). Every gate fails closed: one that cannot be
judged has failed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from publish import change_gates, figure_gates, package_gates
from publish.candidate import Candidate


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


Gate = Callable[[Candidate], Iterable[str]]
"""A gate yields one line a failure; none is a pass."""

GATES: Mapping[str, Gate] = {
    gate.__name__: gate
    for gate in (
        package_gates.profile_is_valid,
        package_gates.frictionless_agrees,
        package_gates.every_table_is_there,
        figure_gates.tables_meet_their_contracts,
        figure_gates.foreign_keys_resolve,
        figure_gates.groups_sum_to_total,
        figure_gates.every_unit_has_every_metric,
        figure_gates.every_month_is_current,
        figure_gates.year_to_date_is_the_sum_of_months,
        change_gates.period_is_over,
        package_gates.text_is_clean,
        package_gates.formats_are_equal,
        package_gates.nothing_personal,
        change_gates.schema_change_is_announced,
        change_gates.no_row_is_lost,
        change_gates.revisions_are_expected,
        change_gates.revisions_are_logged,
        figure_gates.small_counts_are_hidden,
        figure_gates.sample_stays_out_of_production,
    )
}
