"""The page on procedures: what is new, changed or gone from one catalogue to the next.

Belongs here: the rows that it is made from, their choice, counts and order. Does not: comparing
catalogues (``cchc_pipeline.indicators.procedure_changes``), words, HTML.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.procedure_changes import CITY, NATIONAL
from publish.model import PROCEDURE_CHANGES
from publish.site.extract import Extract, Figures, Row
from publish.site.kept import Material, PageRecipe

PROCEDURES_PAGE = "thu-tuc.html"
LISTED, COURSE = 200, 13
"""The most changes that are listed of a catalogue, and the months that are looked back on."""
_KINDS = ("new", "changed", "gone")


@dataclass(frozen=True)
class Compared:
    """A catalogue of one month.

    Args:
        month: The month.
        row: What was handed in: its row of ``submissions``.
        before: The month of the catalogue that it is compared with; None of the first.
        counts: How many procedures are new, changed and gone.
        changes: The rows of ``procedure_changes``.
    """

    month: Month
    row: Row
    before: Month | None
    counts: Mapping[str, int]
    changes: tuple[Row, ...]

    @property
    def is_sure(self) -> bool:
        """Whether nothing of it was set aside, so that what lacks is gone."""
        return self.row["status"] == "received" and not self.row["quarantined"]

    @property
    def by_field(self) -> tuple[tuple[str, Mapping[str, int]], ...]:
        """How many procedures of each field and unit changed how; most first."""
        return _counted_by(self.changes, "field_code")

    @property
    def by_unit(self) -> tuple[tuple[str, Mapping[str, int]], ...]:
        """The same by the unit that owns them; none where no unit of the place is named."""
        return _counted_by((row for row in self.changes if row["unit_code"]), "unit_code")

    @property
    def listed(self) -> tuple[Row, ...]:
        """The changes that the page lists: by kind, then by code."""
        order = {kind: place for place, kind in enumerate(_KINDS)}
        ordered = sorted(self.changes, key=lambda r: (order[r["change"]], r["procedure_code"]))
        return tuple(ordered[:LISTED])


def _counted_by(rows: Iterable[Row], column: str) -> tuple[tuple[str, Mapping[str, int]], ...]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    counted = [(code, counts_of(found)) for code, found in groups.items()]
    return tuple(sorted(counted, key=lambda item: (-sum(item[1].values()), item[0])))


def counts_of(rows: Iterable[Row]) -> dict[str, int]:
    """How many procedures are new, changed (in however many columns) and gone."""
    keys: dict[str, set[str]] = {kind: set() for kind in _KINDS}
    for row in rows:
        keys[row["change"]].add(row["procedure_key"])
    return {kind: len(found) for kind, found in keys.items()}


def procedure_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PageRecipe]:
    """The one page."""
    months = figures.months[-COURSE:]
    submitted = figures.of_months("submissions", *months)
    of_catalogues = pc.is_in(submitted["table"], pa.array([CITY, NATIONAL]))
    units, fields = figures.whole("units"), figures.whole("procedures")
    extract = figures.extract(
        {
            "submissions": submitted.filter(of_catalogues),
            PROCEDURE_CHANGES: figures.of_months(PROCEDURE_CHANGES, *months),
            "units": units.select(["unit_code", "name_vi", "name_en"]),
            "fields": fields.select(["field_code", "field_name"]),
            "obs_status": figures.whole("obs_status"),
        }
    )
    yield PageRecipe(PROCEDURES_PAGE, "procedures.html", extract, procedure_material)


def procedure_material(extract: Extract) -> Material:
    """What the template needs."""
    return Material(
        {
            "catalogues": {name: compared(extract, name) for name in (CITY, NATIONAL)},
            "units": {row["unit_code"]: row for row in extract.rows("units")},
            "fields": {row["field_code"]: row["field_name"] for row in extract.rows("fields")},
            "kinds": _KINDS,
            "is_sample_release": extract.is_sample,
        }
    )


def compared(extract: Extract, name: str) -> tuple[Compared, ...]:
    """The months that have a catalogue, newest first.

    Args:
        extract: What the page is made from.
        name: Which of the two catalogues.
    """
    changes: dict[str, list[Row]] = defaultdict(list)
    for row in extract.rows(PROCEDURE_CHANGES):
        if row["catalogue"] == name:
            changes[row["period"]].append(row)
    came = sorted(
        (r for r in extract.rows("submissions") if r["table"] == name and r["accepted"]),
        key=lambda row: row["period"],
    )
    befores = [None, *(Month.parse(row["period"]) for row in came)]
    found = [
        Compared(
            Month.parse(row["period"]), row, before, counts_of(changes[row["period"]]),
            tuple(changes[row["period"]]),
        )
        for row, before in zip(came, befores, strict=False)
    ]  # fmt: skip
    return tuple(reversed(found))
