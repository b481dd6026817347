"""The chapter on the plan's tasks: done, overdue, due next, with who leads them.

Belongs here: choosing these rows and saying them. Does not: a task's status in a month, which is
released.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from cchc_pipeline.contracts import load_code_list
from cchc_pipeline.core.period import Month
from cchc_pipeline.reports.document import Block, Lines, PaperColumn, PaperTable, Title
from cchc_pipeline.reports.released import Released, Row
from cchc_pipeline.reports.span import ReportSpan
from cchc_pipeline.reports.wording import count, day, limit, marked, say, source_note

_SETTLED = frozenset({"DONE", "NOT_APPLICABLE"})
_UNREPORTED = "NOT_REPORTED"


@dataclass(frozen=True)
class TaskFacts:
    """The tasks as they stand at the end of a month."""

    month: Month
    rows: tuple[Row, ...]

    @property
    def counts(self) -> Counter[str]:
        """How many there are of each status."""
        return Counter(str(row["status"]) for row in self.rows)

    @property
    def overdue(self) -> tuple[Row, ...]:
        """Those whose time is over and that are not done, or of which nobody reported."""
        last = self.month.last_day
        return tuple(
            row for row in self._open if row["status"] == "OVERDUE" or _is_due(row, date.min, last)
        )

    @property
    def next(self) -> tuple[Row, ...]:
        """Those that are due within the days that follow the month."""
        first = self.month.last_day + timedelta(days=1)
        last = first + timedelta(days=limit("days_ahead"))
        return tuple(row for row in self._open if _is_due(row, first, last))

    @property
    def _open(self) -> list[Row]:
        rows = (row for row in self.rows if row["status"] not in _SETTLED)
        return sorted(rows, key=lambda row: (row["due_to"] or date.max, _number(row)))


def _is_due(row: Row, first: date, last: date) -> bool:
    return row["due_to"] is not None and first <= row["due_to"] <= last


def _number(row: Row) -> tuple[int, str]:
    digits = "".join(char for char in row["task_id"] if char.isdigit())
    return int(digits or 0), row["task_id"]


def task_facts(released: Released, span: ReportSpan) -> TaskFacts:
    """The tasks of the year's plan at the end of a span; none where the year has no plan."""
    return TaskFacts(span.last, released.rows("plan_tasks", (span.last,)))


def led_by(facts: TaskFacts, name: str) -> TaskFacts:
    """Those of a unit that is named among the leads."""
    own = (row for row in facts.rows if name in str(row["leads"] or "").split("; "))
    return TaskFacts(facts.month, tuple(own))


def task_chapter(released: Released, span: ReportSpan, number: str) -> tuple[Block, ...]:
    """The chapter of a report."""
    facts = task_facts(released, span)
    if not facts.rows:
        return (
            Title(say("tasks.title", number=number)),
            Lines(say("tasks.no_plan", year=span.last.year)),
        )
    return (
        Title(marked(say("tasks.title", number=number), facts.rows)),
        Lines(count_sentence(facts)),
        *_listed(facts.overdue, "overdue", facts.month),
        *_listed(facts.next, "next", facts.month),
        Lines(source_note(released, say("tasks.table"), facts.rows), "note"),
    )


def count_sentence(facts: TaskFacts) -> str:
    """How many tasks stand how, and how many nobody reported of."""
    names = {code.code: code.name.vi.lower() for code in load_code_list("task_status").codes}
    parts = ", ".join(
        say("tasks.one_status", count=count(n), name=names.get(code, code))
        for code, n in facts.counts.most_common()
    )
    return say(
        "tasks.counts", all=count(len(facts.rows)), day=day(facts.month.last_day), parts=parts
    )


def _listed(rows: tuple[Row, ...], key: str, month: Month) -> Iterable[Block]:
    silent = sum(row["status"] == _UNREPORTED for row in rows)
    ahead = month.last_day + timedelta(days=1 + limit("days_ahead"))
    if not rows:
        yield Lines(say(f"tasks.no_{key}", day=day(month.last_day), ahead=day(ahead)))
        return
    yield Lines(
        say(f"tasks.{key}", count=count(len(rows)), day=day(month.last_day), ahead=day(ahead),
            silent=count(silent))
    )  # fmt: skip
    yield task_grid(rows, marked(say(f"tasks.{key}_grid"), rows))


def task_grid(rows: Iterable[Row], caption: str) -> PaperTable:
    """Tasks with their leads, their time and their status."""
    names = {code.code: code.name.vi for code in load_code_list("task_status").codes}
    return PaperTable(
        caption,
        (
            PaperColumn(say("tasks.number"), 7),
            PaperColumn(say("tasks.task"), 42),
            PaperColumn(say("tasks.leads"), 20),
            PaperColumn(say("tasks.due"), 15, is_number=True),
            PaperColumn(say("tasks.status"), 16),
        ),
        tuple(
            (
                row["task_id"], row["title"], row["leads"] or "",
                day(row["due_to"]) if row["due_to"] else row["time_text"] or "",
                str(names.get(row["status"], row["status"])),
            )
            for row in rows
        ),
    )  # fmt: skip
