"""What the page of a unit shows: its course, what cost it points, its dossiers, its revisions.

Belongs here: choosing and ordering rows of one unit. Does not: which units have a page
(``unit_pages``), charts (``unit_charts``), words, HTML.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cchc_pipeline.period import Basis, Month
from publish.site.extract import Extract, Row
from publish.site.flow import Flow
from publish.site.losses import Loss, losses_of
from publish.site.month import Window, window_of
from publish.site.naming import SAMPLE, TOTAL, Names, is_comparable, names_of

COURSE, TABLE, REVISIONS = 24, 13, 30
"""Months of the drawn course, months of the tables, and the most revisions that are listed."""
Scores = Mapping[tuple[str, str], Row]


@dataclass(frozen=True)
class Moment:
    """A month of a unit's course in one basis, by metric; empty where it has no scores."""

    month: Month
    rows: Mapping[str, Row]

    @property
    def total(self) -> Row | None:
        """The total, where it has a score."""
        row = self.rows.get(TOTAL)
        return row if row is not None and row["score"] is not None else None


@dataclass(frozen=True)
class Change:
    """The difference to the month before, in points; None with the reason why there is none."""

    before: Row | None
    points: Decimal | None
    reason: str = ""


@dataclass(frozen=True)
class UnitFacts:
    """Everything that the page of a unit says."""

    unit: Row
    parent: Row | None
    names: Names
    newest: Month
    window: Window | None
    course: tuple[Moment, ...]
    change: Change
    losses: tuple[Loss, ...]
    flows: tuple[Flow, ...]
    fields: tuple[Row, ...]
    submissions: tuple[Row, ...]
    revisions: tuple[Row, ...]
    successions: tuple[Row, ...]
    peers: int

    @property
    def is_sample(self) -> bool:
        """Whether the unit or any of its newest scores is a sample."""
        scores = self.window.total["source_system"] if self.window else ""
        return SAMPLE in (scores, self.unit["provenance"])

    @property
    def recent(self) -> tuple[Moment, ...]:
        """The months of the table, the newest first."""
        return tuple(reversed(self.course[-TABLE:]))

    @property
    def lost(self) -> Decimal:
        """All points that were lost."""
        return sum((loss.points for loss in self.losses), Decimal(0))


def unit_facts(extract: Extract) -> UnitFacts:
    """Choose and order what the page of a unit shows."""
    code, months = extract.more["unit"], [Month.parse(m) for m in extract.more["months"]]
    names = names_of(extract, months[-1])
    basis, by_month = _best_basis(extract.rows("scores"))
    course = tuple(Moment(month, by_month.get(str(month), {})) for month in months[-COURSE:])
    window = _window(course, basis, code, names)
    unit = _latest(extract.rows("units"), code) or {**names.unit(code), "valid_to": None}
    return UnitFacts(
        unit=unit,
        parent=_latest(extract.rows("units"), unit.get("parent_code") or ""),
        names=names,
        newest=months[-1],
        window=window,
        course=_from_first(course),
        change=_change(course),
        losses=losses_of(window),
        flows=_flows(extract.rows("dossier_statistics")),
        fields=_fields(extract.rows("dossier_statistics")),
        submissions=_newest(extract.rows("submissions"), TABLE),
        revisions=_revisions(extract.rows("revisions")),
        successions=tuple(extract.rows("successions")),
        peers=_peers(extract.more["peers"], window),
    )


def _latest(units: Iterable[Row], code: str) -> Row | None:
    """The last row of a unit; it may have ended before the newest month."""
    rows = (row for row in units if row["unit_code"] == code)
    return max(rows, key=lambda row: row["valid_from"], default=None)


def _best_basis(rows: Iterable[Row]) -> tuple[Basis, dict[str, dict[str, Row]]]:
    """The best basis in which the unit has a total in its newest scored month, and its rows."""
    found: dict[str, dict[str, dict[str, Row]]] = {}
    newest: dict[str, str] = {}
    for row in rows:
        found.setdefault(row["basis"], {}).setdefault(row["period"], {})[row["metric_code"]] = row
        if row["metric_code"] == TOTAL and row["score"] is not None:
            newest[row["basis"]] = max(newest.get(row["basis"], ""), row["period"])
    last = max(newest.values(), default="")
    basis = next((b for b in Basis if newest.get(b.value) == last and last), Basis.MONTH)
    return basis, found.get(basis.value, {})


def _window(course: Sequence[Moment], basis: Basis, code: str, names: Names) -> Window | None:
    moment = next((m for m in reversed(course) if m.total is not None), None)
    if moment is None:
        return None
    rows = {(code, metric): row for metric, row in moment.rows.items()}
    return window_of(moment.month, basis, rows, code, names)


def _from_first(course: Sequence[Moment]) -> tuple[Moment, ...]:
    """The course from the first month that has a total."""
    given = [place for place, moment in enumerate(course) if moment.total is not None]
    return tuple(course[given[0] :]) if given else ()


def _change(course: Sequence[Moment]) -> Change:
    given = [moment for moment in course if moment.total is not None]
    if len(given) < 2:
        return Change(None, None, "first")
    before, after = given[-2].total, given[-1].total
    assert before is not None  # noqa: S101 - chosen just above
    assert after is not None  # noqa: S101
    if given[-2].month.next() != given[-1].month:
        return Change(before, None, "gap")
    if not is_comparable(before, after):
        return Change(before, None, "method")
    return Change(before, Decimal(str(after["score"])) - Decimal(str(before["score"])))


def _flows(rows: Iterable[Row]) -> tuple[Flow, ...]:
    """The months of which there are dossiers, the newest first."""
    whole = [row for row in rows if row["field_code"] == "ALL" and row["finished"] is not None]
    flows = sorted((Flow(Month.parse(row["period"]), row) for row in whole), key=_month_of)
    return tuple(reversed(flows[-TABLE + 1 :]))


def _month_of(flow: Flow) -> Month:
    return flow.month


def _fields(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows by field of the newest month that has any, the largest first."""
    by_field = [row for row in rows if row["field_code"] != "ALL" and row["received"] is not None]
    last = max((row["period"] for row in by_field), default="")
    found = [row for row in by_field if row["period"] == last]
    return tuple(sorted(found, key=lambda row: (-row["received"], row["field_code"])))


def _newest(rows: Iterable[Row], months: int) -> tuple[Row, ...]:
    """The rows of the newest months, the newest first."""
    ordered = sorted(rows, key=lambda row: row["table"])
    ordered.sort(key=lambda row: row["period"], reverse=True)
    last = sorted({row["period"] for row in ordered})[-months:]
    return tuple(row for row in ordered if row["period"] in last)


def _revisions(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Newest first, in the order of the log within a release."""
    return tuple(sorted(rows, key=lambda row: row["published_at"], reverse=True))


def _peers(peers: Mapping[str, int], window: Window | None) -> int:
    return 0 if window is None else peers.get(f"{window.month} {window.basis.value}", 0)
