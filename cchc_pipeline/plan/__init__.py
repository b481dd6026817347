"""A year's reform plan as data: its targets, its tasks, and the arithmetic of attaining them.

Its parts are ``model``, which reads and judges its files; ``attainment`` reads the time that a
task is given, compares a value with its target, judges whether months were public in time, and
looks ahead to the year's end.

Belongs here: what ``schemas/plan/<year>`` says, and what follows from it. Does not: measuring a
value, a task's status in a month (``cchc_pipeline.indicators.task_progress``), or mending what the
plan says: its slips and contradictions are kept and named.
"""

from cchc_pipeline.plan.attainment import (
    Comparator,
    Exact,
    Publication,
    PublicationLog,
    RunRate,
    RunRateReason,
    Window,
    attained,
    months_on_time,
    parse_window,
    required_run_rate,
)
from cchc_pipeline.plan.model import (
    Base,
    Confidence,
    Conflict,
    Deadline,
    Decision,
    Filled,
    Heading,
    MeasuredFrom,
    Place,
    Plan,
    Report,
    Reporting,
    Slip,
    Target,
    TargetUnit,
    Task,
    TaskGroup,
    Words,
    load_plan,
    parse_plan,
    plan_of,
    plan_years,
)

__all__ = [
    "Base",
    "Comparator",
    "Confidence",
    "Conflict",
    "Deadline",
    "Decision",
    "Exact",
    "Filled",
    "Heading",
    "MeasuredFrom",
    "Place",
    "Plan",
    "Publication",
    "PublicationLog",
    "Report",
    "Reporting",
    "RunRate",
    "RunRateReason",
    "Slip",
    "Target",
    "TargetUnit",
    "Task",
    "TaskGroup",
    "Window",
    "Words",
    "attained",
    "load_plan",
    "months_on_time",
    "parse_plan",
    "parse_window",
    "plan_of",
    "plan_years",
    "required_run_rate",
]
