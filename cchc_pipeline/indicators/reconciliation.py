"""The city's dossiers beside the national portal's counts: differences, and what may explain them.

Belongs here: comparing the published rows of both for one month and window. Does not: mending
either figure, choosing the month (``publish.site.blocks.reconciliation``), or words (code lists).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.core.data import NO_EXTRAS, load
from cchc_pipeline.indicators.dossier_statistics import SUMMED

Row = Mapping[str, Any]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class ComparedMeasure:
    """What is compared: measures of ours that are added up, and a part of a metric."""

    name: str
    ours: tuple[str, ...]
    metric: str
    part: Literal["numerator", "denominator"]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Reconciliation:
    """The content of ``schemas/forms/reconciliation.yaml``."""

    basis: str
    measures: tuple[ComparedMeasure, ...]
    near: float
    listed: int


@cache
def reconciliation_rules() -> Reconciliation:
    """What is compared, and how.

    Raises:
        SchemaDataError: The data are not usable.
    """
    return load(Reconciliation, "forms/reconciliation.yaml")


@dataclass(frozen=True)
class OurFigures:
    """What is known of a unit's dossiers in the window.

    Attributes:
        rows: Its rows ALL of ``dossier_statistics``, one a month of the window.
        set_aside: How many of its rows were set aside.
        silent: How many units below it have no dossiers.
    """

    rows: tuple[Row, ...]
    set_aside: int = 0
    silent: int = 0

    def sum_of(self, *names: str) -> int | None:
        """Measures added up over the window; None where a part is not known."""
        values = [row[name] for row in self.rows for name in names]
        return None if None in values or not values else sum(values)

    @property
    def provenance(self) -> str:
        """Sample as soon as a month is."""
        samples = any(row["provenance"] == "sample" for row in self.rows)
        return "sample" if samples else "official"


@dataclass(frozen=True)
class Compared:
    """One figure of a unit as both count it, each with its provenance, and the likely cause."""

    unit_code: str
    measure: str
    ours: int
    theirs: int
    cause: str
    our_provenance: str
    their_provenance: str

    @property
    def difference(self) -> int:
        """Ours less theirs."""
        return self.ours - self.theirs


def reconcile(ours: Mapping[str, OurFigures], scores: Iterable[Row]) -> list[Compared]:
    """Every figure that both tell, by unit, in the order of the measures.

    Args:
        ours: The units' figures by code, of the same window as the scores.
        scores: Rows of ``scores`` of one month and basis.
    """
    theirs = {(row["unit_code"], row["metric_code"]): row for row in scores}
    return [
        found
        for unit in sorted(ours)
        for measure in reconciliation_rules().measures
        if (found := _compared(unit, measure, ours[unit], theirs)) is not None
    ]


def _compared(
    unit: str, measure: ComparedMeasure, ours: OurFigures, theirs: Mapping[tuple[str, str], Row]
) -> Compared | None:
    row = theirs.get((unit, measure.metric))
    own, count = ours.sum_of(*measure.ours), row[measure.part] if row else None
    if row is None or own is None or count is None:
        return None
    cause = likely_cause(measure.name, ours, own, int(count), row["obs_status"])
    return Compared(
        unit, measure.name, own, int(count), cause, ours.provenance, row["provenance"]
    )  # fmt: skip


def likely_cause(measure: str, ours: OurFigures, own: int, theirs: int, status: str) -> str:
    """The first cause that the figures fit; a hint, never a finding.

    Args:
        measure: What is compared.
        ours: What else is known of the unit.
        own: Our count.
        theirs: The portal's.
        status: The status of the portal's figure.
    """
    return next(_causes(measure, ours, own, theirs, status))


def _causes(measure: str, ours: OurFigures, own: int, theirs: int, status: str) -> Iterator[str]:
    more = theirs - own
    if not more:
        yield "equal"
    if any(row["source"] == SUMMED for row in ours.rows):
        yield "summed"
    if status == "P":
        yield "provisional"
    if more > 0 and ours.silent:
        yield "units_missing"
    if 0 < more <= ours.set_aside:
        yield "set_aside"
    if measure == "received":
        yield from _of_received(ours, own, theirs)
    yield "definition" if measure == "on_time" else "unknown"


def _of_received(ours: OurFigures, own: int, theirs: int) -> Iterator[str]:
    carried, synced = ours.rows[0]["carried_over"], ours.sum_of("synced")
    if theirs > own and carried and _near(theirs, own + carried):
        yield "carried_over"
    if theirs < own and synced is not None and _near(theirs, synced):
        yield "not_synced"


def _near(one: int, other: int) -> bool:
    return abs(one - other) <= reconciliation_rules().near * max(one, other)


def our_figures(
    statistics: Iterable[Row], months: Collection[str], submissions: Iterable[Row], root: str
) -> dict[str, OurFigures]:
    """The units that have figures in each month of a window, with what may explain differences.

    Args:
        statistics: Rows ALL of ``dossier_statistics``.
        months: The months of the window.
        submissions: Rows of ``submissions`` of dossiers in these months.
        root: The unit that sums the others.
    """
    rows: dict[str, list[Row]] = {}
    silent: set[str] = set()
    for row in sorted(statistics, key=lambda row: str(row["period"])):
        if row["period"] in months and row["carried_over"] is not None:
            rows.setdefault(row["unit_code"], []).append(row)
        elif row["period"] in months:
            silent.add(row["unit_code"])
    set_aside: dict[str, int] = {}
    for row in submissions:
        if row["period"] in months and row["table"] == "dossiers":
            count = row["quarantined"] or 0
            set_aside[row["unit_code"]] = set_aside.get(row["unit_code"], 0) + count
    return {
        unit: OurFigures(
            tuple(found), set_aside.get(unit, 0), len(silent - {root}) if unit == root else 0
        )
        for unit, found in rows.items()
        if len(found) == len(months)
    }
