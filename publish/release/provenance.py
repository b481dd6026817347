"""Which rows of a release are real, and into which sample data went.

Belongs here: what of the inputs of the months is sample data, the rows that rest on it, and the
column ``provenance``. Does not: how an input says that it is a sample (``cchc_pipeline.sources``),
or the marks on pages (``publish.site``).

A row is a sample as soon as one of the things that it was made from is: a real figure that a sample
went into is none.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.indicators.procedure_changes import CITY, NATIONAL
from cchc_pipeline.plan import Target, load_plan
from cchc_pipeline.registers.units import UnitRegister
from cchc_pipeline.storage.lake import Lake
from publish.store.state import load_provenance

COLUMN = "provenance"
OFFICIAL, SAMPLE = "official", "sample"
_FORMS = "agency_reports"
_BETWEEN = "\x1f"
Values = Iterable[tuple[str, ...]]
Rules = Iterable[tuple[tuple[str, ...], Values]]
"""Columns, and the combinations of their values that make a row a sample."""


@dataclass(frozen=True)
class SampleInputs:
    """What of the inputs of one month is sample data.

    Args:
        dossiers: The units with a dossier that is; the root counts every unit's.
        tables: The sources that are, by the names that ``submissions`` gives them.
        forms: The units whose form is.
        items: The targets and tasks that such a form tells of.
        has_catalogue: Whether a catalogue of procedures came, a sample or not.
    """

    dossiers: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()
    forms: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()
    has_catalogue: bool = False


@dataclass(frozen=True)
class Samples:
    """The sample data of a history: by month, and the units that do not exist."""

    root: str
    units: frozenset[str] = frozenset()
    months: Mapping[Month, SampleInputs] = field(default_factory=dict)

    def until(self, month: Month) -> Iterator[tuple[Month, SampleInputs]]:
        """The months of a month's year up to it, the latest first."""
        for of in sorted(self.months, reverse=True):
            if of.year == month.year and of <= month:
                yield of, self.months[of]


def read_samples(lake: Lake, months: Iterable[Month], register: UnitRegister, root: str) -> Samples:
    """What the lake says of the inputs of some months."""
    units = frozenset(unit.code for unit in register.units if unit.provenance == SAMPLE)
    return Samples(root, units, {month: _inputs(lake, month, units) for month in months})


def _inputs(lake: Lake, month: Month, units: Collection[str]) -> SampleInputs:
    handed_in = lake.read("input_submissions", month).to_pylist()
    samples = [row for row in handed_in if row[COLUMN] == SAMPLE]
    forms = {row["unit_code"] for row in samples if row["table"] == _FORMS}
    accounts = lake.read("dossier_accounts", month).to_pylist()
    summed = lake.read("dossier_summaries", month).to_pylist()
    dossiers = frozenset(
        row[unit]
        for rows, unit in ((accounts, "unit"), (summed, "unit_code"))
        for row in rows
        if row[COLUMN] == SAMPLE
    )
    tables = {row["table"] for row in samples} - {_FORMS}
    if SAMPLE in lake.read("raw_portal", month).column(COLUMN).to_pylist():
        tables.add("scores")
    reports = lake.read("agency_reports", month).to_pylist()
    return SampleInputs(
        dossiers,
        frozenset(tables),
        frozenset(forms),
        frozenset(row["item_id"] for row in reports if row["unit_code"] in {*units, *forms}),
        any(row["table"] == "procedures" and row["status"] != "missing" for row in handed_in),
    )


def with_provenance(name: str, table: pa.Table, samples: Samples) -> pa.Table:
    """A published table with its column ``provenance`` filled; a list of codes as it is."""
    origin = load_provenance().tables.get(name)
    if origin is None or COLUMN not in table.column_names:
        return table
    rule = _RULES.get(name, _of_months(*origin.inputs))
    masks = [_are_among(table, columns, values) for columns, values in rule(samples)]
    if "unit_code" in table.column_names:
        masks.append(_are_among(table, ("unit_code",), ((code,) for code in samples.units)))
    place = table.column_names.index(COLUMN)
    stated = pc.if_else(reduce(pc.or_, masks), SAMPLE, OFFICIAL)
    return table.set_column(place, table.schema.field(place), stated)


def _are_among(table: pa.Table, columns: tuple[str, ...], values: Values) -> pa.ChunkedArray:
    """Which rows have one of these combinations of values; a row with an empty cell has none."""
    joined = pc.binary_join_element_wise(*(table[name] for name in columns), _BETWEEN)
    return pc.is_in(joined, pa.array([_BETWEEN.join(value) for value in values], pa.string()))


def _scores(_: Samples) -> Rules:
    yield ("source_system",), [(SAMPLE,)]


def _of_months(*sources: str) -> "_Rule":
    """The rows of the months of which one of these inputs is a sample."""

    def rules(samples: Samples) -> Rules:
        months = (m for m, i in samples.months.items() if not i.tables.isdisjoint(sources))
        yield ("period",), [(str(month),) for month in months]

    return rules


def _dossiers(samples: Samples) -> Rules:
    yield (
        ("period", "unit_code"),
        [
            (str(month), unit)
            for month, inputs in samples.months.items()
            for unit in _with_root(inputs.dossiers, samples)
        ],
    )


def _accounts(samples: Samples) -> Rules:
    """What was handed in: rows that name their source in the column ``table``."""
    yield (
        ("period", "table"),
        [(str(month), name) for month, inputs in samples.months.items() for name in inputs.tables],
    )
    yield (
        ("period", "table", "unit_code"),
        [
            (str(month), name, unit)
            for month, inputs in samples.months.items()
            for name, units in (
                ("dossiers", _with_root(inputs.dossiers, samples)),
                (_FORMS, inputs.forms),
            )
            for unit in units
        ],
    )


def _procedures(samples: Samples) -> Rules:
    months = (m for m, inputs in samples.months.items() if "procedures" in inputs.tables)
    yield ("last_period",), [(str(month),) for month in months]


def _procedure_changes(samples: Samples) -> Rules:
    """Both catalogues that are compared count."""
    came = [(str(m), name) for m, inputs in samples.months.items() for name in inputs.tables]
    yield ("period", "catalogue"), came
    yield ("compared_with", "catalogue"), came


def _tasks(samples: Samples) -> Rules:
    yield (
        ("period", "task_id"),
        [
            (str(month), item)
            for month in samples.months
            for item in _items_until(samples, month) | _tasks_of_catalogues(samples, month)
        ],
    )


def _targets(samples: Samples) -> Rules:
    yield (
        ("period", "indicator_id", "basis", "unit_code"),
        [
            (str(month), target.id, basis.value, unit)
            for month in samples.months
            for target in _plan_targets(month)
            for basis in (Basis.MONTH, Basis.YTD)
            for unit in _measured_from_samples(samples, month, basis, target)
        ],
    )


def _plan_targets(month: Month) -> tuple[Target, ...]:
    plan = load_plan(month.year)
    return plan.targets if plan else ()


def _measured_from_samples(
    samples: Samples, month: Month, basis: Basis, target: Target
) -> Collection[str]:
    """The units whose value of a target rests on sample data."""
    own, root = samples.months[month], frozenset({samples.root})
    source, to_date = target.measured_from, list(samples.until(month))
    if source == "dossiers":
        counted = to_date if basis is Basis.YTD else [(month, own)]
        return _with_root(frozenset().union(*(i.dossiers for _, i in counted)), samples)
    if source == "agency_form":
        return root if target.id in own.items else ()
    if source == "task_tracker":
        return root if _items_until(samples, month) else ()
    if source == "procedure_catalogue":
        latest = next((inputs for _, inputs in to_date if inputs.has_catalogue), SampleInputs())
        return root if "procedures" in latest.tables else ()
    return ()


def _items_until(samples: Samples, month: Month) -> frozenset[str]:
    return frozenset().union(*(inputs.items for _, inputs in samples.until(month)))


def _tasks_of_catalogues(samples: Samples, month: Month) -> frozenset[str]:
    """The tasks that are measured from a catalogue, if one of the year so far is a sample."""
    plan = load_plan(month.year)
    came = frozenset().union(*(inputs.tables for _, inputs in samples.until(month)))
    if plan is None or came.isdisjoint((CITY, NATIONAL)):
        return frozenset()
    return frozenset(task.id for task in plan.tasks if task.measured_from)


def _with_root(units: frozenset[str], samples: Samples) -> frozenset[str]:
    return units | {samples.root} if units else units


_Rule = Callable[[Samples], Rules]
_RULES: Mapping[str, _Rule] = {
    "scores": _scores,
    "corrections": _of_months("scores"),
    "plan_indicators": _targets,
    "plan_tasks": _tasks,
    "dossier_statistics": _dossiers,
    "submissions": _accounts,
    "quarantine_summary": _accounts,
    "procedures": _procedures,
    "procedure_changes": _procedure_changes,
}
"""The tables of which more is known than their month and ``schemas/release/revisions.yaml``."""
