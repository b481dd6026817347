"""The code lists that are published beside the figures, as rows.

Belongs here: projecting units, metrics, targets and status codes onto their tables, and joining
the months' catalogues of procedures into one list. Does not: the other lists themselves, which
stand in ``schemas``.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from cchc_pipeline.contracts import load_code_list
from cchc_pipeline.core.period import Month
from cchc_pipeline.government import DEFAULT_ROOT
from cchc_pipeline.methodology import Group, MergedGroup, Methodology, load_methodology
from cchc_pipeline.plan import Plan, Target, plan_of
from cchc_pipeline.registers.units import UnitRegister
from cchc_pipeline.sources.records.procedures import Procedure

Rows = list[dict[str, Any]]
Catalogues = Mapping[Month, Collection[Procedure]]


def unit_rows(register: UnitRegister) -> Rows:
    """Every unit with a code, in each of its spans."""
    return [
        {
            "unit_code": unit.code,
            "name_vi": unit.name_vi,
            "name_en": unit.name_en,
            "level": unit.level,
            "parent_code": unit.parent_code,
            "valid_from": unit.valid_from,
            "valid_to": unit.valid_to,
            "provenance": unit.provenance,
            "basis": unit.basis,
        }
        for unit in register.units
    ]


def succession_rows(register: UnitRegister) -> Rows:
    """What became of units, by name where no code is known."""
    return [
        {
            "old_code": item.old_code,
            "old_name": item.old_name or "–",
            "new_code": item.new_code,
            "new_name": item.new_name or "–",
            "date": item.date,
            "kind": item.kind,
            "basis": item.basis,
        }
        for item in register.successions
    ]


def metric_rows(code: str) -> Rows:
    """Metrics, groups and the total of a methodology."""
    methodology = load_methodology(code)
    return [*_total(methodology), *_groups(methodology), *_metrics(methodology)]


def _total(methodology: Methodology) -> Iterable[dict[str, Any]]:
    yield {
        "methodology": methodology.code,
        "metric_code": "TOTAL",
        "group_code": None,
        "number": "0",
        "name_vi": "Tổng điểm",
        "name_en": "Total",
        "max_score": 100.0,
        "unit": "điểm",
        "rule_vi": "Tổng điểm các nhóm",
        "basis": methodology.basis,
        "confidence": "confirmed",
        "published_by_source": True,
        "tracked_only": False,
    }


def _groups(methodology: Methodology) -> Iterable[dict[str, Any]]:
    groups: tuple[Group | MergedGroup, ...] = (*methodology.groups, *methodology.merged_groups)
    for number, group in enumerate(groups, start=1):
        yield {
            "methodology": methodology.code,
            "metric_code": group.code,
            "group_code": None,
            "number": str(number),
            "name_vi": group.name_vi,
            "name_en": group.name_en,
            "max_score": float(group.max_score),
            "unit": "điểm",
            "rule_vi": "Tổng điểm các chỉ số trong nhóm",
            "basis": group.basis,
            "confidence": group.confidence,
            "published_by_source": True,
            "tracked_only": False,
        }


def _metrics(methodology: Methodology) -> Iterable[dict[str, Any]]:
    for metric in methodology.metrics:
        yield {
            "methodology": methodology.code,
            "metric_code": metric.code,
            "group_code": metric.group,
            "number": metric.number,
            "name_vi": metric.name_vi,
            "name_en": metric.name_en,
            "max_score": float(metric.max_score),
            "unit": "điểm",
            "rule_vi": methodology.rule_text(metric, "vi", methodology.valid_from),
            "basis": metric.basis,
            "confidence": metric.confidence,
            "published_by_source": metric.is_scored_by_source,
            "tracked_only": metric.is_tracked_only,
        }


def indicator_rows(years: Iterable[int], root: str = DEFAULT_ROOT) -> Rows:
    """The targets of the plans of these years for a root; a year without a plan adds nothing."""
    plans = [plan for plan in (plan_of(root, year) for year in sorted(years)) if plan is not None]
    return [_indicator(plan, target) for plan in plans for target in plan.targets]


def _indicator(plan: Plan, target: Target) -> dict[str, Any]:
    return {
        "indicator_id": target.id,
        "year": plan.year,
        "name_vi": target.name.vi,
        "name_en": target.name.en,
        "definition_vi": target.definition.vi,
        "definition_en": target.definition.en,
        "comparator": target.comparator.code,
        "target": float(target.target),
        "unit": target.unit,
        "section": target.section,
        "measured_from": target.measured_from,
        "related_metric": target.related_metric,
        "owed_by": "; ".join(target.owed_by),
        "conflicts_with": plan.conflicts_with(target.id),
        "basis": plan.decision.number,
    }


def obs_status_rows() -> Rows:
    """The SDMX status codes."""
    return [
        {
            "code": code.code,
            "name_vi": code.name.vi,
            "name_en": code.name.en,
            "description_vi": code.description.vi,
            "description_en": code.description.en,
            "value_allowed": code.value_allowed,
        }
        for code in load_code_list("obs_status").codes
    ]


def procedure_list(catalogues: Catalogues) -> Rows:
    """The published code list: each procedure as its latest catalogue has it, and its months."""
    rows: dict[str, dict[str, Any]] = {}
    for month in sorted(catalogues):
        for procedure in catalogues[month]:
            row = procedure.as_row(month)
            period = row.pop("period")
            first = rows.get(procedure.code, {}).get("first_period", period)
            rows[procedure.code] = row | {"first_period": first, "last_period": period}
    return [rows[code] for code in sorted(rows)]
