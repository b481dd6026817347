"""Scores: the published value, the recomputed one beside it, the rank among peers.

Belongs here: choosing the latest snapshot, recomputing by Decision 766's rules, ranking, and the
rows of ``scores``. Does not: parsing answers, or mending what the source published.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from cchc_pipeline.core.period import TIMEZONE, Basis, Month
from cchc_pipeline.methodology import (
    Methodology,
    Recomputed,
    add_up,
    difference,
    load_methodology,
    percent,
    recompute_group,
    recompute_metric,
    recompute_total,
)
from cchc_pipeline.registers.units import Unit, UnitRegister
from cchc_pipeline.sources.raw.archive import capture_moment

Row = Mapping[str, Any]
TOTAL = "TOTAL"
_PEERS = {"city": "province", "province": "province"}
_KEY = ("period", "basis", "unit_code", "metric_code")


@dataclass(frozen=True)
class ScoreContext:
    """What the rows of a month are computed with.

    An observation names its own methodology; ``methodology`` says what is missing of a month that
    no source answered for.
    """

    month: Month
    root: str
    register: UnitRegister
    methodology: Methodology
    provisional_days: int


def latest_observations(observations: Iterable[Row]) -> list[Row]:
    """Of each basis, the rows of the snapshot captured last; the lake keeps the earlier ones."""
    rows = list(observations)
    latest = latest_snapshots(rows)
    return [row for row in rows if row["snapshot_id"] in latest]


def latest_snapshots(rows: Iterable[Row]) -> set[str]:
    """The ids of the snapshots captured last, one a basis: those that would be published.

    Args:
        rows: Rows with ``basis``, ``captured_at`` and ``snapshot_id``.
    """
    newest: dict[str, tuple[datetime, bool, str]] = {}
    for basis, at, snapshot in {(r["basis"], r["captured_at"], r["snapshot_id"]) for r in rows}:
        stamp = (capture_moment(at), "T" in at, snapshot)
        newest[basis] = max(stamp, newest.get(basis, stamp))
    return {snapshot for _, _, snapshot in newest.values()}


def recomputation_rows(observations: Iterable[Row], context: ScoreContext) -> list[dict[str, Any]]:
    """Every metric, group and total that can be recomputed, with its difference.

    Args:
        observations: The latest observations of a month.
        context: The month; thresholds are those of its last day.
    """
    units: dict[tuple[str, str], dict[str, Row]] = {}
    for row in observations:
        units.setdefault((row["basis"], row["unit_code"]), {})[row["metric_code"]] = row
    return [
        {
            "period": str(context.month),
            "basis": basis,
            "unit_code": code,
            "metric_code": metric,
            "recomputed_score": _float(again.score),
            "difference": _float(difference(said[metric]["score"], again)),
        }
        for (basis, code), said in units.items()
        for metric, again in _recomputed(said, context).items()
        if metric in said and again.known
    ]


def _recomputed(said: Mapping[str, Row], context: ScoreContext) -> dict[str, Recomputed]:
    methodology, on = _rules_of(said.values(), context.methodology), context.month.last_day
    if methodology.has_groups_only:
        return {TOTAL: add_up(methodology, {code: row["score"] for code, row in said.items()})}
    metrics = {
        metric.code: recompute_metric(
            metric, said[metric.code]["numerator"], said[metric.code]["denominator"], on
        )
        for metric in methodology.metrics
        if metric.code in said
    }
    groups = {
        group.code: recompute_group(methodology, group.code, metrics)
        for group in methodology.groups
    }
    return {**metrics, **groups, TOTAL: recompute_total(methodology, groups)}


def _rules_of(rows: Iterable[Row], otherwise: Methodology) -> Methodology:
    """The methodology that the rows of one snapshot name."""
    named = next((row["methodology"] for row in rows if row["methodology"]), None)
    return load_methodology(named) if named else otherwise


def ranking_rows(observations: Iterable[Row], context: ScoreContext) -> list[dict[str, Any]]:
    """Ranks among comparable peers, the best first; equal scores share a rank.

    Peers are the units of one level within one basis; a unit whose group holds a null metric is
    not ranked in that group, and units are not ranked by what is their province's. One unit alone
    has no rank. The source publishes two decimals, and
    those are ranked.
    """
    peers: dict[tuple[str, str, str], list[Row]] = {}
    levels = {unit.code: unit.level for unit in context.register.valid_in(context.month)}
    for row in observations:
        level = levels.get(row["unit_code"])
        if level is not None and _is_comparable(row):
            group = _PEERS.get(level, level)
            if group == "province" or not _is_of_province(row):
                peers.setdefault((row["basis"], group, row["metric_code"]), []).append(row)
    return [
        {
            "period": str(context.month),
            "basis": basis,
            "unit_code": row["unit_code"],
            "metric_code": metric,
            "rank": 1 + sum(other["score"] > row["score"] for other in rows),
            "peers": len(rows),
            "peer_group": level,
        }
        for (basis, level, metric), rows in peers.items()
        if len(rows) > 1
        for row in rows
    ]


def _is_of_province(row: Row) -> bool:
    methodology = load_methodology(row["methodology"]) if row["methodology"] else None
    code = row["metric_code"]
    return bool(
        methodology and methodology.is_metric(code) and methodology.metric(code).of_province
    )


def _is_comparable(row: Row) -> bool:
    null = row["metric_code"] != TOTAL and "NULL_METRIC" in (row["quality_flag"] or "").split(";")
    return row["score"] is not None and not null


def score_rows(
    observations: Sequence[Row],
    recomputed: Iterable[Row],
    ranks: Iterable[Row],
    context: ScoreContext,
) -> list[dict[str, Any]]:
    """The rows of ``scores``: what was observed, completed by what is missing."""
    again = {_key(row): row for row in recomputed}
    placed = {_key(row): row for row in ranks}
    rows = {
        _key(row): _score_row(row, again.get(_key(row)), placed.get(_key(row)), context)
        for row in observations
    }
    for missing in _missing_rows(rows, context):
        rows[_key(missing)] = missing
    return [rows[key] for key in sorted(rows)]


def _key(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in _KEY)


def _score_row(
    row: Row, again: Row | None, rank: Row | None, context: ScoreContext
) -> dict[str, Any]:
    ratio = row["ratio"]
    if ratio is None:
        ratio = _float(percent(row["numerator"], row["denominator"]))
    return {
        **{name: row[name] for name in _KEY},
        "score": row["score"],
        "max_score": row["max_score"],
        "numerator": row["numerator"],
        "denominator": row["denominator"],
        "ratio": ratio,
        "rank": rank["rank"] if rank else None,
        "obs_status": _status(row, context),
        "quality_flag": _flags(row, again, context),
        "source_system": row["source_system"],
        "methodology": row["methodology"],
        "captured_at": row["captured_at"],
        "recomputed_score": again["recomputed_score"] if again else None,
        "difference": again["difference"] if again else None,
        "release": None,
    }


def _flags(row: Row, again: Row | None, context: ScoreContext) -> str | None:
    """The flags of the observation, and ours where the recomputed score lies too far away."""
    flags = set(filter(None, (row["quality_flag"] or "").split(";")))
    apart = again["difference"] if again else None
    if apart is not None and abs(apart) > float(_rules_of([row], context.methodology).tolerance):
        flags.add("RECOMPUTED_DIFFERS")
    return ";".join(sorted(flags)) or None


def _status(row: Row, context: ScoreContext) -> str:
    """A value is provisional while its capture lies too near to the end of its period."""
    if row["score"] is None:
        return str(row["obs_status"])
    settled = context.month.last_day + timedelta(days=context.provisional_days)
    return "P" if _day(row["captured_at"]) <= settled else "A"


def _day(captured_at: str) -> date:
    if len(captured_at) == 10:
        return date.fromisoformat(captured_at)
    return datetime.fromisoformat(captured_at).astimezone(TIMEZONE).date()


def expected_bases(month: Month) -> tuple[Basis, ...]:
    """The windows that a month is published for; a quarter only with its last month."""
    return tuple(b for b in Basis if b is not Basis.QUARTER or month.closes_quarter)


def _missing_rows(
    present: Mapping[tuple[str, ...], Row], context: ScoreContext
) -> Iterable[dict[str, Any]]:
    """Rows with status O: of a basis that was not answered, the root's; else every unit's.

    Peers in the national table have their total and groups only, so nothing of them is missing.
    """
    known = {key[1:] for key in present}
    answered = {basis for basis, _, _ in known}
    of_month = _rules_of(present.values(), context.methodology)
    root = context.register.find(context.root, context.month)
    below = context.register.below(context.root, context.month)
    for basis in expected_bases(context.month):
        units = [root, *(below if basis in answered else ())]
        own = (row for row in present.values() if row["basis"] == basis.value)
        rules = _rules_of(own, of_month)
        for unit in (u for u in units if u is not None):
            for metric, maximum in _expected_metrics(unit, rules):
                if (basis.value, unit.code, metric) not in known:
                    yield _missing_row(basis, unit.code, metric, maximum, context)


def _expected_metrics(unit: Unit, methodology: Methodology) -> Iterable[tuple[str, float]]:
    yield TOTAL, 100.0
    yield from ((group.code, float(group.max_score)) for group in methodology.groups)
    level = _PEERS.get(unit.level, "agency" if unit.level == "agency" else "commune")
    for metric in methodology.metrics:
        if level in metric.applies_to:
            yield metric.code, float(metric.max_score)


def _missing_row(
    basis: Basis, code: str, metric: str, maximum: float, context: ScoreContext
) -> dict[str, Any]:
    empty = (
        "score", "numerator", "denominator", "ratio", "rank", "quality_flag", "source_system",
        "methodology", "captured_at", "recomputed_score", "difference", "release",
    )  # fmt: skip
    return {
        "period": str(context.month),
        "basis": basis.value,
        "unit_code": code,
        "metric_code": metric,
        "max_score": maximum,
        "obs_status": "O",
        **dict.fromkeys(empty),
    }


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
