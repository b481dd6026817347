"""What the page of a metric or group of Decision 766 shows.

Belongs here: its series for the publishing unit, and the newest month by unit. Does not: which
metrics have a page (``indicator_pages``), charts, words, HTML.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cchc_pipeline.decision766 import Group, MergedGroup, Methodology, Metric, load_methodology
from cchc_pipeline.period import Basis, Month
from publish.site.extract import Extract
from publish.site.naming import LEVELS, Names, Row, is_comparable, names_of
from publish.vietnamese import collation_key

SERIES = 24
"""Months of the drawn series."""


@dataclass(frozen=True)
class Place:
    """A unit with its score."""

    unit: Row
    row: Row


@dataclass(frozen=True)
class MetricFacts:
    """Everything that the page of a metric says.

    ``definition`` is the metric or group in the newest methodology, or None for the total.
    """

    code: str
    name: Row
    names: Names
    methodology: Methodology
    basis: Basis
    series: tuple[tuple[Month, Row | None], ...]
    places: tuple[tuple[str, tuple[Place, ...]], ...]
    targets: tuple[Row, ...]
    newest: Month

    @property
    def metric(self) -> Metric | None:
        """The metric, if it is one."""
        return self.methodology.metric(self.code) if self.methodology.is_metric(self.code) else None

    @property
    def group(self) -> Group | MergedGroup | None:
        """The group, if it is one."""
        return self.methodology.group(self.code) if self.methodology.is_group(self.code) else None

    @property
    def parts(self) -> tuple[Metric, ...]:
        """The metrics of a group."""
        return self.methodology.metrics_of(self.code) if self.group else ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """The months that have a row, the newest first."""
        return tuple(row for _, row in reversed(self.series) if row is not None)

    @property
    def breaks(self) -> tuple[Row, ...]:
        """The rows that were measured otherwise than the one before."""
        given = [row for _, row in self.series if row is not None and row["score"] is not None]
        return tuple(after for before, after in pairwise(given) if not is_comparable(before, after))


def metric_facts(extract: Extract) -> MetricFacts:
    """Choose and order what the page of a metric shows."""
    code = extract.more["metric"]
    months = [Month.parse(text) for text in extract.more["months"]]
    names = names_of(extract, months[-1])
    own = extract.rows("series")
    basis = _best_basis(own)
    by_month = {row["period"]: row for row in own if row["basis"] == basis.value}
    return MetricFacts(
        code=code,
        name=names.metric(code),
        names=names,
        methodology=load_methodology(extract.more["methodology"]),
        basis=basis,
        series=_from_first([(month, by_month.get(str(month))) for month in months[-SERIES:]]),
        places=tuple(_places(extract.rows("newest"), basis, names)),
        targets=tuple(row for row in extract.rows("indicators") if row["related_metric"] == code),
        newest=months[-1],
    )


def _best_basis(rows: Iterable[Row]) -> Basis:
    given = [row for row in rows if row["score"] is not None or row["ratio"] is not None]
    last = max((row["period"] for row in given), default="")
    held = {row["basis"] for row in given if row["period"] == last}
    return next((basis for basis in Basis if basis.value in held), Basis.MONTH)


def _from_first(
    series: Sequence[tuple[Month, Row | None]],
) -> tuple[tuple[Month, Row | None], ...]:
    given = [place for place, (_, row) in enumerate(series) if row is not None]
    return tuple(series[given[0] :]) if given else ()


def _places(
    rows: Iterable[Row], basis: Basis, names: Names
) -> Iterable[tuple[str, tuple[Place, ...]]]:
    """Units with a score by league, the best first."""
    by_level: dict[str, list[Place]] = {}
    for row in rows:
        if row["basis"] == basis.value and row["score"] is not None:
            unit = names.unit(row["unit_code"])
            by_level.setdefault(names.league(row["unit_code"]), []).append(Place(unit, row))
    for level in LEVELS:
        found = by_level.get(level, [])
        found.sort(key=lambda place: (-place.row["score"], collation_key(place.unit["name_vi"])))
        if found:
            yield level, tuple(found)


def newest_methodology(scores: Iterable[Mapping[str, str | None]], default: str) -> str:
    """The methodology of the newest score; ``default`` where there is none."""
    given = [(row["period"] or "", row["methodology"]) for row in scores if row["methodology"]]
    return str(max(given, default=("", default))[1])
