"""The plan on the page of a month: targets with their state and chart, tasks by group.

Belongs here: pairing and ordering rows of ``plan_indicators``, ``indicators`` and ``plan_tasks``;
bars and findings of the chart. Does not: judging a target (``cchc_pipeline.plan``), a whole year
(``plans``), geometry (``charts``), words, HTML.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow.compute as pc
from markupsafe import Markup

from cchc_pipeline.core.period import Month
from cchc_pipeline.plan import Plan, load_plan
from publish.site.charts.dots import Bullet, Verdict, bullet_chart
from publish.site.extract import Extract
from publish.site.forms import Forms

Row = Mapping[str, Any]
_ENDED = frozenset({"DONE", "NOT_APPLICABLE"})
_VERDICTS: Mapping[bool | None, Verdict] = {True: "attained", False: "behind", None: "unknown"}


@dataclass(frozen=True)
class TargetLine:
    """A target with its figures of the month and of the year to date."""

    indicator: Row
    month: Row | None
    ytd: Row | None

    @property
    def id(self) -> str:
        """The target's published id."""
        return str(self.indicator["indicator_id"])

    @property
    def judged(self) -> Row | None:
        """The row whose verdict counts: the year to date if it has a value, else the month."""
        for row in (self.ytd, self.month):
            if row is not None and row["value"] is not None:
                return row
        return self.ytd or self.month

    @property
    def attained(self) -> bool | None:
        """Whether the target is met; None where nobody can say."""
        return self.judged["attained"] if self.judged is not None else None

    @property
    def is_judged_by_month(self) -> bool:
        """Whether the verdict rests on the month alone."""
        return self.attained is not None and self.judged is self.month

    @property
    def conflicts(self) -> tuple[str, ...]:
        """The ids of targets that set another level for the same thing."""
        return tuple(re.findall(r"[^;,\s]+", self.indicator["conflicts_with"] or ""))


@dataclass(frozen=True)
class TaskSection:
    """The tasks of one group of the plan, in its order."""

    number: str
    title_vi: str
    title_en: str
    tasks: tuple[Row, ...]


@dataclass(frozen=True)
class PlanFacts:
    """The plan of the year as it stands in a month.

    ``overdue`` is the last day of each task that was over and not done at the month's end.
    """

    year: int
    targets: tuple[TargetLine, ...]
    groups: tuple[TaskSection, ...]
    overdue: Mapping[str, date] = field(default_factory=dict)

    def count(self, attained: bool | None) -> int:
        """How many targets are met (True), behind (False) or unknown (None)."""
        return sum(target.attained is attained for target in self.targets)

    @property
    def measured(self) -> tuple[TargetLine, ...]:
        """The targets in per cent that have a value: those that can be drawn on one axis."""
        return tuple(
            line
            for line in self.targets
            if line.indicator["unit"] == "percent"
            and line.judged is not None
            and line.judged["value"] is not None
        )

    @property
    def unreported(self) -> int:
        """How many tasks nobody has reported on."""
        tasks = (task for group in self.groups for task in group.tasks)
        return sum(task["status"] == "NOT_REPORTED" for task in tasks)

    @property
    def tracked(self) -> int:
        """How many tasks are tracked."""
        return sum(len(group.tasks) for group in self.groups)


def plan_facts(extract: Extract, month: Month) -> PlanFacts | None:
    """The plan on a month's page, or None for a year without one."""
    indicators = [
        row for row in extract.tables["indicators"].to_pylist() if row["year"] == month.year
    ]
    if not indicators:
        return None
    figures = _of_month(extract, "plan_indicators", month)
    tasks, plan = _of_month(extract, "plan_tasks", month), load_plan(month.year)
    return PlanFacts(
        month.year,
        _targets(indicators, figures, extract.identity.root_unit),
        _task_groups(tasks, plan) if plan else _ungrouped(tasks),
        dict(_overdue(tasks, plan, month)) if plan else {},
    )


def _overdue(tasks: Iterable[Row], plan: Plan, month: Month) -> Iterable[tuple[str, date]]:
    open_ = {row["task_id"] for row in tasks if row["status"] not in _ENDED}
    for task in plan.tasks:
        last = plan.last_day(task)
        if task.id in open_ and last is not None and last <= month.last_day:
            yield task.id, last


def _of_month(extract: Extract, table: str, month: Month) -> list[Row]:
    content = extract.tables[table]
    rows: list[Row] = content.filter(pc.equal(content["period"], str(month))).to_pylist()
    return rows


def _targets(indicators: Iterable[Row], rows: Iterable[Row], root: str) -> tuple[TargetLine, ...]:
    figures = {(r["indicator_id"], r["basis"]): r for r in rows if r["unit_code"] == root}
    lines = [
        TargetLine(
            indicator,
            figures.get((indicator["indicator_id"], "month")),
            figures.get((indicator["indicator_id"], "ytd")),
        )
        for indicator in indicators
    ]
    return tuple(_conflicts_together(sorted(lines, key=lambda line: plan_order(line.id))))


def plan_order(identifier: str) -> tuple[bool, tuple[tuple[int, str], ...]]:
    """The plan's order of ids: section II, then the annex by number: ``II.6b``, ``7a``, ``22a``."""
    parts = re.findall(r"(\d*)([^\d]*)", identifier)
    return identifier[:1].isdigit(), tuple((int(n or 0), text) for n, text in parts if n or text)


def _conflicts_together(lines: Sequence[TargetLine]) -> Iterable[TargetLine]:
    """The same lines, each followed at once by those that contradict it."""
    by_id = {line.id: line for line in lines}
    placed: dict[str, TargetLine] = {}
    for line in lines:
        for near in (line.id, *line.conflicts):
            if near in by_id:
                placed.setdefault(near, by_id[near])
    return placed.values()


def _task_groups(tasks: Sequence[Row], plan: Plan) -> tuple[TaskSection, ...]:
    """The tasks under the plan's groups; those that no group knows come last."""
    by_id = {row["task_id"]: row for row in tasks}
    groups: list[TaskSection] = []
    for group in plan.groups:
        rows = (by_id.pop(task.id, None) for task in plan.tasks_of(group.number))
        found = tuple(row for row in rows if row is not None)
        if found:
            groups.append(TaskSection(group.number, group.title.vi, group.title.en, found))
    return (*groups, *_ungrouped(by_id.values()))


def _ungrouped(tasks: Iterable[Row]) -> tuple[TaskSection, ...]:
    """Tasks of no known group, in the order of their ids."""
    rows = tuple(sorted(tasks, key=lambda row: plan_order(row["task_id"])))
    return (TaskSection("", "", "", rows),) if rows else ()


def attainment_chart(lines: Iterable[TargetLine], forms: Forms, identifier: str) -> Markup:
    """Targets in per cent, each with its value and where it should be."""
    shown = list(lines)
    bullets = [_bullet(line, forms) for line in shown]
    names = (attainment_finding(shown, forms), forms.words("plan_year.how"), identifier)
    return bullet_chart(bullets, names)


def attainment_finding(lines: Iterable[TargetLine], forms: Forms) -> Markup:
    """How many of the measured targets are attained."""
    shown = list(lines)
    return forms.words(
        "plan_year.finding",
        attained=forms.count(sum(line.attained is True for line in shown)),
        total=forms.count(len(shown)),
    )


def _bullet(line: TargetLine, forms: Forms) -> Bullet:
    row = line.judged or {}
    target = line.indicator["target"]
    key = "bullet" if row["obs_status"] != "P" else "bullet_open"
    said = forms.words(
        f"plan_year.{key}", value=forms.number(row["value"], "plan_indicators", "value"),
        comparator=forms.code("comparators", line.indicator["comparator"]),
        target=forms.points(target),
    )  # fmt: skip
    verdict = _VERDICTS[line.attained]
    label = f"{line.id} {forms.name(line.indicator)}"
    return Bullet(label, row["value"], target, max(100.0, target), verdict, said)
