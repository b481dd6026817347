"""Running sums of the year: what a month hands on, so that the next need not read the year anew.

Belongs here: adding a month to the sums of the month before, and these sums as rows of
``year_to_date``. Does not: what a month by itself counts (``dossier_targets``,
``records``), or the values that follow.

Publications (target 31) are no part of it: their log is one list for the whole year, which says of
every month how it stands now.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.plan_indicators import Measured
from cchc_pipeline.indicators.records import CatalogueShares
from cchc_pipeline.sources.agency_forms.items import UnitReport

SUM, PROCEDURE, CATALOGUE, REPORT = "sum", "procedure", "catalogue", "report"
CATALOGUED = "catalogued"
Place = tuple[str, str]
"""A unit and a target."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Tally:
    """What is counted of a unit's target, in one month or in several.

    Attributes:
        numerator: Cases that count.
        denominator: All cases.
        months: How many months are counted.
        lacking: The units that are not in it, since a file with rows of theirs lacks a column.
        met: The procedures above the line, where procedures are counted: distinct ones.
        among: Those below it.
    """

    numerator: int
    denominator: int
    months: int = 1
    lacking: frozenset[str] = frozenset()
    met: frozenset[str] = frozenset()
    among: frozenset[str] = frozenset()

    def __add__(self, other: "Tally") -> "Tally":
        """Cases add up; procedures are counted once, however many months have them."""
        met, among = self.met | other.met, self.among | other.among
        is_distinct = bool(met or among)
        return Tally(
            len(met) if is_distinct else self.numerator + other.numerator,
            len(among) if is_distinct else self.denominator + other.denominator,
            self.months + other.months,
            self.lacking | other.lacking,
            met,
            among,
        )


@dataclass(frozen=True)
class YearToDate:
    """The year's sums up to a month.

    Attributes:
        tallies: By unit and target; a unit or target of which no month is known has none.
        catalogue: What the latest catalogue says; None before the first.
        reports: The latest report of each task and unit.
        catalogued: The months that have a catalogue of procedures.
    """

    tallies: Mapping[Place, Tally] = field(default_factory=dict)
    catalogue: CatalogueShares | None = None
    reports: tuple[UnitReport, ...] = ()
    catalogued: frozenset[Month] = frozenset()

    def with_month(self, own: "YearToDate") -> "YearToDate":
        """The sums with the next month's own added; neither changes."""
        tallies = dict(self.tallies)
        for place, tally in own.tallies.items():
            tallies[place] = tallies[place] + tally if place in tallies else tally
        told = {(report.item_id, report.unit_code): report for report in self.reports}
        told |= {(report.item_id, report.unit_code): report for report in own.reports}
        months = self.catalogued | own.catalogued
        return YearToDate(tallies, own.catalogue or self.catalogue, tuple(told.values()), months)


def year_to_date_rows(month: Month, root: str, sums: YearToDate) -> list[dict[str, Any]]:
    """The rows of ``year_to_date``: sums, the procedures behind them, the latest statements."""
    rows = [
        row
        for (unit, target), tally in sums.tallies.items()
        for row in _tally_rows(month, unit, target, tally)
    ]
    rows += _catalogue_rows(month, root, sums.catalogue)
    rows += [
        _row(
            month, REPORT, report.unit_code, report.item_id,
            stated_in=str(report.month), status=report.status, completed_on=report.completed_on,
        )
        for report in sums.reports
    ]  # fmt: skip
    rows += [
        _row(month, CATALOGUED, root, str(of), stated_in=str(of)) for of in sorted(sums.catalogued)
    ]
    return rows


def sums_of_rows(rows: Iterable[Row]) -> YearToDate:
    """The sums that rows of ``year_to_date`` tell."""
    by_kind: dict[str, list[Row]] = {
        kind: [] for kind in (SUM, PROCEDURE, CATALOGUE, REPORT, CATALOGUED)
    }
    for row in rows:
        by_kind[row["kind"]].append(row)
    reports = tuple(
        UnitReport(
            Month.parse(row["stated_in"]), row["unit_code"], row["item_id"],
            status=row["status"], completed_on=row["completed_on"],
        )
        for row in by_kind[REPORT]
    )  # fmt: skip
    return YearToDate(
        _tallies(by_kind[SUM], by_kind[PROCEDURE]),
        _catalogue(by_kind[CATALOGUE]),
        reports,
        frozenset(Month.parse(row["stated_in"]) for row in by_kind[CATALOGUED]),
    )


def _row(month: Month, kind: str, unit: str, item: str, **said: Any) -> dict[str, Any]:
    empty = dict.fromkeys(
        (
            "numerator",
            "denominator",
            "months",
            "lacking",
            "stated_in",
            "status",
            "completed_on",
        )
    )
    place = {"period": str(month), "kind": kind, "unit_code": unit, "item_id": item}
    return {**place, "procedure_code": "", **empty, **said}


def _tally_rows(month: Month, unit: str, target: str, tally: Tally) -> list[dict[str, Any]]:
    """The sum, and each procedure with the side of the line on which it counts."""
    counts = {"numerator": tally.numerator, "denominator": tally.denominator}
    lacking = ";".join(sorted(tally.lacking)) or None
    sums = _row(month, SUM, unit, target, **counts, months=tally.months, lacking=lacking)
    procedures = [
        _row(
            month, PROCEDURE, unit, target,
            procedure_code=code,
            numerator=int(code in tally.met), denominator=int(code in tally.among),
        )
        for code in sorted(tally.met | tally.among)
    ]  # fmt: skip
    return [sums, *procedures]


def _tallies(sums: Iterable[Row], procedures: Iterable[Row]) -> dict[Place, Tally]:
    met: dict[Place, set[str]] = {}
    among: dict[Place, set[str]] = {}
    for row in procedures:
        place = (row["unit_code"], row["item_id"])
        for side, counts in ((met, row["numerator"]), (among, row["denominator"])):
            if counts:
                side.setdefault(place, set()).add(row["procedure_code"])
    return {
        place: Tally(
            row["numerator"], row["denominator"], row["months"],
            frozenset((row["lacking"] or "").split(";")) - {""},
            frozenset(met.get(place, ())), frozenset(among.get(place, ())),
        )
        for row in sums
        for place in ((row["unit_code"], row["item_id"]),)
    }  # fmt: skip


def _catalogue_rows(
    month: Month, root: str, catalogue: CatalogueShares | None
) -> list[dict[str, Any]]:
    """One row a target, and one of no target: a catalogue that tells nothing came all the same."""
    if catalogue is None:
        return []
    stated = {"stated_in": str(catalogue.month)}
    return [
        _row(month, CATALOGUE, root, "", **stated),
        *(
            _row(
                month, CATALOGUE, root, target, **stated, status=share.status,
                numerator=share.numerator, denominator=share.denominator,
            )
            for target, share in catalogue.shares.items()
        ),
    ]  # fmt: skip


def _catalogue(rows: list[Row]) -> CatalogueShares | None:
    if not rows:
        return None
    shares = {
        row["item_id"]: Measured.share(row["numerator"], row["denominator"], status=row["status"])
        for row in rows
        if row["item_id"]
    }
    return CatalogueShares(Month.parse(rows[0]["stated_in"]), shares)
