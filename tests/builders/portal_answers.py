"""Answers of the portal, built from counts, for tests and for the bundled sample.

Belongs here: laying figures out as the API does, and seeded counts for sample units. Does not:
real figures, which stand in the bundled sample itself (``schemas/sample/inbox``).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from cchc_pipeline.methodology import (
    Methodology,
    Recomputed,
    percent,
    recompute_group,
    recompute_metric,
    recompute_total,
)
from cchc_pipeline.sources.national_portal.envelope import answer_layout

Counts = Mapping[str, tuple[int | None, int | None]]
ON = date(2026, 9, 30)


@dataclass(frozen=True)
class BuiltUnit:
    """A unit with its counts by metric; scores follow from them."""

    code: str
    department_id: str
    name: str
    level: str
    counts: Counts


def sample_unit(code: str, name: str, level: str, seed: int) -> BuiltUnit:
    """A unit whose counts are drawn by a seed: plausible, consistent, and nobody's."""
    draw = Random(seed)  # noqa: S311 - no secret depends on it
    received = draw.randint(300, 9000)

    def share(low: float, high: float) -> int:
        return int(received * draw.uniform(low, high))

    fees, procedures = share(0.2, 0.6), draw.randint(20, 60)
    petitions = draw.randint(0, 12)
    in_time = draw.randint(0, petitions)
    offered = draw.randint(40, 120)
    counts = {
        "PUBLISH_ON_TIME": (0, 62),
        "PUBLIC_UPDATE_ON_TIME": (57, 74),
        "PUBLIC_CONTENT_FULL": (59, 59),
        "DOSSIER_SYNC": (received, received),
        "PROGRESS_ON_TIME": (share(0.78, 0.99), received),
        "ONLINE_PROVISION": (draw.randint(20, offered), offered),
        "ONLINE_SERVICE_USED": (draw.randint(5, 20), draw.randint(20, 60)),
        "ONLINE_SUBMISSION": (share(0.4, 0.99), received),
        "PAYMENT_PROCEDURES": (draw.randint(3, procedures), procedures),
        "PAYMENT_INTEGRATED": (draw.randint(3, procedures), procedures),
        "PAYMENT_DOSSIERS": (int(fees * draw.uniform(0.4, 0.98)), fees),
        "ORIGINAL_RESULT_AVAILABLE": (share(0.5, 0.95), received),
        "SO_HOA_GIAY_TO_GIAI_QUYET": (share(0.2, 0.7), received),
        "REUSED_DIGITIZED_DATA": (share(0.1, 0.5), received),
        "SYNCED_WITH_DVCQG_PERSONAL_STORAGE": (share(0.0, 0.1), received),
        "CITIZEN_DATA_CONNECTED_DOSSIER": (share(0.3, 0.7), received),
        "CITIZEN_DATA_CONNECTED_FORMALITY": (draw.randint(10, 40), 120),
        "ELECTRONIC_CERTIFIED_COPY": (None, None),
        "PETITION_CLASSIFICATION_TTHC": (petitions, petitions),
        "PETITION_CLASSIFICATION_STAFF": (0, petitions),
        "PETITION_PROCESSING_ON_TIME": (in_time, petitions),
        "PETITION_HANDLING_SATISFACTION": (in_time // 2, petitions),
        "DOSSIER_RECEIVING_SATISFACTION": (share(0.8, 0.99), received),
    }
    return BuiltUnit(code, f"mau-{code.lower()}", name, level, counts)


def scores_of(unit: BuiltUnit, methodology: Methodology) -> dict[str, Recomputed]:
    """Scores of metrics, groups and TOTAL by the rules."""
    metrics = {
        metric.code: recompute_metric(metric, *unit.counts[metric.code], ON)
        for metric in methodology.metrics
    }
    groups = {g.code: recompute_group(methodology, g.code, metrics) for g in methodology.groups}
    return {**metrics, **groups, "TOTAL": recompute_total(methodology, groups)}


def group_entry(unit: BuiltUnit, endpoint: str, methodology: Methodology) -> dict[str, Any]:
    """A unit's entry in the answer of a group's endpoint."""
    layout, scores = answer_layout().endpoints[endpoint], scores_of(unit, methodology)
    group = layout.group
    score, maximum = _number(scores[group]), float(methodology.maximum(group))
    entry: dict[str, Any] = {
        "departmentId": unit.department_id,
        "departmentName": unit.name,
        "departmentCode": unit.code,
        "departmentType": {
            "agency": "PROVINCIAL_DEPARTMENT",
            "commune": "COMMUNE_PEOPLE_COMMITTEE",
        }.get(unit.level, "PROVINCE"),
        "totalScore": score,
        "totalMaxScore": maximum,
        "ratio": round((score or 0) / maximum * 100, 2),
    }
    if layout.shape == "metrics":
        entry["metrics"] = [
            _metric(unit, metric, scores) for metric in methodology.metrics_of(group)
        ]
        return entry
    for code, fields in layout.counts.items():
        numerator, denominator = unit.counts[code]
        first, *rest = fields.numerator
        entry |= {first: numerator, **dict.fromkeys(rest, 0)}
        entry |= dict.fromkeys(fields.denominator, denominator)
    return entry


def _metric(unit: BuiltUnit, metric: Any, scores: Mapping[str, Recomputed]) -> dict[str, Any]:
    numerator, denominator = unit.counts[metric.code]
    ratio = percent(numerator, denominator)
    return {
        "code": metric.code,
        "name": metric.name_vi,
        "numerator": numerator,
        "denominator": denominator,
        "ratio": 100 if metric.rule.kind == "fixed" else (None if ratio is None else float(ratio)),
        "score": _number(scores[metric.code]),
        "maxScore": float(metric.max_score),
    }


def summary_entry(unit: BuiltUnit, methodology: Methodology) -> dict[str, Any]:
    """A unit's row in service-results."""
    scores = scores_of(unit, methodology)
    total = _number(scores["TOTAL"])
    return {
        "departmentId": unit.department_id,
        "departmentName": unit.name,
        "departmentCode": unit.code,
        "totalScore": total,
        "ratio": total,
        "scoreDelta": None,
        "groupScores": {group.code: _number(scores[group.code]) for group in methodology.groups},
    }


def _number(score: Recomputed) -> float | None:
    return None if score.score is None else float(score.score)


def group_answer(
    root: Mapping[str, Any], children: Sequence[BuiltUnit], endpoint: str, methodology: Methodology
) -> dict[str, Any]:
    """The answer of a group's endpoint: the root's entry and its children's."""
    layout = answer_layout().endpoints[endpoint]
    rows = [group_entry(child, endpoint, methodology) for child in children]
    return envelope({layout.root: root, layout.rows: rows})


def envelope(data: Mapping[str, Any]) -> dict[str, Any]:
    """What surrounds every good answer."""
    return {"code": "OK", "data": data, "message": "OK"}


def encode(answer: Mapping[str, Any]) -> bytes:
    """The answer as the sample keeps it: readable and diffable."""
    return (json.dumps(answer, ensure_ascii=False, indent=1) + "\n").encode()


def built_snapshot(
    root: BuiltUnit, children: Sequence[BuiltUnit], methodology: Methodology
) -> dict[str, dict[str, Any]]:
    """A complete, consistent snapshot: file name (without its basis) to answer."""
    answers = {
        f"{endpoint}.{root.code}": group_answer(
            group_entry(root, endpoint, methodology), children, endpoint, methodology
        )
        for endpoint, layout in answer_layout().endpoints.items()
        if layout.shape != "groups"
    }
    answers["service-results"] = envelope({"evaluation": [summary_entry(root, methodology)]})
    answers[f"service-results.{root.code}"] = envelope(
        {"evaluation": [summary_entry(child, methodology) for child in children]}
    )
    return answers
