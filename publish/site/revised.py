"""Revisions in words: whose figure, of what and when, from what to what, and why.

Belongs here: a row of the table ``revisions``, or a cell that differs between two releases, as a
reader says it; the names of the codes in it; grouping by cause. Does not: which changes are
revisions and their reasons (``publish.release.revisions``), sentences (``schemas/pages``), HTML.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

import pyarrow as pa

from cchc_pipeline.contracts import Field, contract_names, load_contract
from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.indicators.procedure_changes import TABLES as CATALOGUES
from cchc_pipeline.methodology import load_methodology
from publish.model import PUBLISHED_TABLES, REVISIONS, Draft
from publish.site.forms import TOTAL, Forms, is_sample
from publish.site.words import load_words

Row = Mapping[str, Any]
Names = Mapping[str, Mapping[str, Mapping[str, str]]]
"""The names of codes: by column, by code, by language."""
LISTED_IN_TEXT = 20
"""The most revised rows that ``CHANGES.md`` lists for a cause; all are in the log."""

_NAMED_IN = {
    "unit_code": ("units", "unit_code", "name_{}"),
    "metric_code": ("metrics", "metric_code", "name_{}"),
    "indicator_id": ("indicators", "indicator_id", "name_{}"),
    "task_id": ("plan_tasks", "task_id", "title"),
    "field_code": ("procedures", "field_code", "field_name"),
    "procedure_code": ("procedures", "procedure_code", "name_vi"),
    "code": ("obs_status", "code", "name_{}"),
}
"""For a column of codes: the table that names them, its column of codes, and that of names."""
NAMING = tuple(sorted({table for table, _, _ in _NAMED_IN.values()}))
"""The tables that name codes."""
_UNITS = frozenset({"unit_code", "parent_code", "old_code", "new_code"})
_WHEN = ("period", "basis", "year", "valid_from", "date")
_JOINT = ";"
_SECONDS = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?")
_ORDER = {table: number for number, table in enumerate(PUBLISHED_TABLES)}


@dataclass(frozen=True)
class Change:
    """A cell: the title of its column, and its value before and after, as readers see them."""

    title: str
    old: str
    new: str


@dataclass(frozen=True)
class RevisedRow:
    """A row of a table with the cells in it that changed for one cause.

    Args:
        table: The title of the table.
        unit: The name of the unit; empty where the table is not about units.
        subject: What the figure is of: a metric, a target, a field; may be empty.
        when: The span that it speaks of; may be empty.
        changes: Its cells.
        row: The first of its rows in the log, which carries the mark of sample data.
    """

    table: str
    unit: str
    subject: str
    when: str
    changes: tuple[Change, ...]
    row: Row

    @property
    def place(self) -> str:
        """All of it in one line."""
        return ", ".join(part for part in (self.unit, self.subject, self.when) if part)


@dataclass(frozen=True)
class RevisionCause:
    """Why some cells changed: the reason, its note, and the rows; ``count`` are all its cells."""

    code: str
    note: str
    count: int
    rows: tuple[RevisedRow, ...]


def key_of(text: str, table: str) -> dict[str, str]:
    """The parts of a row's key by column; nothing if the table has another key today."""
    if table not in contract_names():
        return {}
    found = _key_pattern(load_contract(table).primary_key).fullmatch(text)
    return found.groupdict() if found else {}


@cache
def _key_pattern(columns: tuple[str, ...]) -> re.Pattern[str]:
    """A value may hold the sign that joins the pairs, so the names of the columns divide them."""
    return re.compile(";".join(f"{name}=(?P<{name}>.*)" for name in columns), re.DOTALL)


def names_for(tables: Mapping[str, pa.Table], log: Iterable[Row]) -> Names:
    """The names of the codes in some rows of the log, and of no others.

    Args:
        tables: The tables of the release, whose code lists name them.
        log: The rows.
    """
    wanted: dict[str, set[str]] = {}
    for row in log:
        for column, code in key_of(row["key"], row["table"]).items():
            wanted.setdefault("unit_code" if column in _UNITS else column, set()).add(code)
        if row["column"] in _UNITS:
            wanted.setdefault("unit_code", set()).update({row["old_value"], row["new_value"]})
    return {
        column: _names(tables[_NAMED_IN[column][0]], column, codes)
        for column, codes in sorted(wanted.items())
        if column in _NAMED_IN and _NAMED_IN[column][0] in tables
    }


def _names(table: pa.Table, column: str, wanted: set[str]) -> dict[str, dict[str, str]]:
    """The last row of a code names it; a name in one language serves both."""
    _, code, form = _NAMED_IN[column]
    columns = {language: form.format(language) for language in ("vi", "en")}
    if not {code, *columns.values()} <= {*table.column_names}:
        return {}
    found = {}
    for row in table.select(sorted({code, *columns.values()})).to_pylist():
        if row[code] in wanted and row[columns["vi"]]:
            found[row[code]] = {
                language: row[name] or row[columns["vi"]] for language, name in columns.items()
            }
    return dict(sorted(found.items()))


def causes_of(
    log: Iterable[Row], names: Names, forms: Forms, listed: int
) -> tuple[RevisionCause, ...]:
    """Revisions by cause, the one with most cells first; the newest first, figures before lists.

    Args:
        log: Rows of the table ``revisions``.
        names: The names of the codes in them.
        forms: The language.
        listed: The most rows of figures that are told of a cause.
    """
    rows = sorted(log, key=lambda row: (_ORDER.get(row["table"], len(_ORDER)), row["key"]))
    rows.sort(key=itemgetter("published_at"), reverse=True)
    counted = Counter(_cause(row) for row in rows)
    found = []
    for (code, note), count in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        own = [row for row in rows if _cause(row) == (code, note)]
        found.append(RevisionCause(code, note, count, revised_rows(own, names, forms, listed)))
    return tuple(found)


def _cause(row: Row) -> tuple[str, str]:
    return row["reason_code"] or "", row["note"] or ""


def revised_rows(
    cells: Iterable[Row], names: Names, forms: Forms, listed: int | None = None
) -> tuple[RevisedRow, ...]:
    """Cells put together by the row that they stand in, in the order in which they come."""
    grouped = (
        list(group) for _, group in groupby(cells, key=itemgetter("release", "table", "key"))
    )
    return tuple(revised_row(group, names, forms) for group in islice(grouped, listed))


def units_revised(log: Iterable[Row]) -> int:
    """How many units have a figure that was revised."""
    keys = (key_of(row["key"], row["table"]) for row in log)
    return len({key["unit_code"] for key in keys if "unit_code" in key})


def revision_lines(draft: Draft) -> list[str]:
    """The revisions of a release for ``CHANGES.md``: how many of whom, then by cause, if any."""
    log = [row for row in draft.tables[REVISIONS].to_pylist() if row["release"] == str(draft.id)]
    if not log:
        return []
    forms = Forms(load_words("vi", draft.identity.root_unit), {})
    causes = causes_of(log, names_for(draft.tables, log), forms, LISTED_IN_TEXT)
    return [revised_heading(log, forms), *(line for c in causes for line in _cause_lines(c, forms))]


def revised_heading(log: Sequence[Row], forms: Forms) -> str:
    """How many figures of how many units were revised."""
    units = units_revised(log)
    key = "revised.heading" if units else "revised.heading_lists"
    values = {"count": forms.count(len(log)), **({"units": forms.count(units)} if units else {})}
    return forms.words.text(key, **values)


def _cause_lines(cause: RevisionCause, forms: Forms) -> Iterator[str]:
    yield ""
    yield f"## {_cause_text(cause, forms)}"
    yield ""
    shown = 0
    for row in cause.rows:
        shown += len(row.changes)
        cells = "; ".join(f"{c.title} {c.old} → {c.new}" for c in row.changes)
        mark = f" ({forms.words.text('sample.mark')})" if is_sample((row.row,)) else ""
        yield f"- {row.place or row.table}: {cells}{mark}"
    if shown < cause.count:
        yield f"- {forms.words.text('revised.more', count=forms.count(cause.count - shown))}"


def _cause_text(cause: RevisionCause, forms: Forms) -> str:
    """The reason with its count and note, as a heading."""
    reason = forms.code("reason_codes", cause.code)
    text = forms.words.text("revised.cause", reason=reason, count=forms.count(cause.count))
    return f"{text}: {cause.note}" if cause.note else text


def revised_row(cells: Sequence[Row], names: Names, forms: Forms) -> RevisedRow:
    """Cells of one row in words.

    Args:
        cells: Rows of the table ``revisions`` of one table and key.
        names: The names of the codes in them.
        forms: The language.
    """
    table, text = cells[0]["table"], cells[0]["key"]
    key = key_of(text, table)
    name = _Namer(names, forms)
    return RevisedRow(
        table=forms.table(table),
        unit=name.unit(key["unit_code"]) if "unit_code" in key else "",
        subject=_subject(key, table, text, name),
        when=_when(key, table, forms),
        changes=tuple(_change(cell, name) for cell in sorted(cells, key=_position)),
        row=next((cell for cell in cells if is_sample((cell,))), cells[0]),
    )


def _position(cell: Row) -> tuple[int, str]:
    """The place of a cell's column among those of its table: figures come before their status."""
    known = cell["table"] in contract_names()
    fields = [field.name for field in load_contract(cell["table"]).fields] if known else []
    column = cell["column"]
    return (fields.index(column) if column in fields else len(fields), column)


def _subject(key: Mapping[str, str], table: str, text: str, name: "_Namer") -> str:
    """What the figure is of; a key that is declared no more is shown as it stands."""
    if not key:
        return text.replace(";", "; ")
    contract = load_contract(table)
    parts = [
        name.value(contract.field(column), code)
        for column, code in key.items()
        if column not in {"unit_code", *_WHEN} and not (column == "methodology" and len(key) > 1)
    ]
    return ": ".join(part for part in parts if part)


def _when(key: Mapping[str, str], table: str, forms: Forms) -> str:
    if "period" in key:
        return forms.window_of(key["period"], key.get("basis", "month"))
    if "year" in key:
        return forms.words.text("revised.year", year=key["year"])
    day = key.get("valid_from") or key.get("date")
    return (
        (forms.words.text("revised.since", day=forms.day(date.fromisoformat(day)))) if day else ""
    )


def _change(cell: Row, name: "_Namer") -> Change:
    table, column = cell["table"], cell["column"]
    field = _field(table, column)
    if field is None:
        return Change(column, *(name.plain(cell[side]) for side in ("old_value", "new_value")))
    texts = (name.value(field, cell[side] or "") for side in ("old_value", "new_value"))
    return Change(field.title.of(name.forms.language), *(t or name.nothing for t in texts))


def _field(table: str, column: str) -> Field | None:
    try:
        return load_contract(table).field(column)
    except (SchemaDataError, KeyError):
        return None


@dataclass(frozen=True)
class _Namer:
    """Values of cells, which the log holds as text, in one language."""

    names: Names
    forms: Forms

    @property
    def nothing(self) -> str:
        return self.forms.words.text("revised.nothing")

    def plain(self, text: str | None) -> str:
        return text or self.nothing

    def unit(self, code: str) -> str:
        return self.named("unit_code", code)

    def named(self, column: str, code: str) -> str:
        """The name of a code; one that stands in no list names itself."""
        known = self.names.get(column, {}).get(code)
        return known[self.forms.language] if known else code

    def value(self, field: Field, text: str) -> str:
        """A value by the type and the code list of its column; empty for an empty cell."""
        if not text:
            return ""
        by_column = self._by_column.get(field.name)
        if by_column is not None:
            return by_column(text)
        if field.codes:
            names = {code.code: code.name.of(self.forms.language) for code in field.codes}
            return ", ".join(names.get(part, part) for part in text.split(_JOINT))
        return self._by_type(field, text)

    @property
    def _by_column(self) -> Mapping[str, Callable[[str], str]]:
        return {
            **dict.fromkeys(_UNITS, self.unit),
            "metric_code": self._metric,
            "field_code": self._field_of_work,
            "task_id": self._task,
            "indicator_id": self._indicator,
            "procedure_code": lambda code: self.named("procedure_code", code),
            "code": lambda code: self.named("code", code),
            "table": self.forms.table,
            "column": self._column,
            "methodology": self._methodology,
            "source_system": self._source,
        }

    def _column(self, column: str) -> str:
        """The title of a column of scores, or of a catalogue of procedures."""
        titles = (self.forms.column(table, column) for table in ("scores", *CATALOGUES.values()))
        return next((title for title in titles if title != column), column)

    def _metric(self, code: str) -> str:
        total = self.forms.words.text("revised.total")
        return total if code == TOTAL else self.named("metric_code", code)

    def _indicator(self, code: str) -> str:
        return self.forms.words.text("revised.indicator", id=code) + self._after(
            "indicator_id", code
        )

    def _task(self, code: str) -> str:
        return self.forms.words.text("revised.task", id=code) + self._after("task_id", code)

    def _after(self, column: str, code: str) -> str:
        """The name of a code that is said before it; nothing where there is none."""
        name = self.named(column, code)
        return "" if name == code else f" {name}"

    def _field_of_work(self, code: str) -> str:
        known = self.names.get("field_code", {}).get(code)
        if known is None:
            return self.forms.code("field_codes", code)
        return self.forms.words.text("revised.field", name=known[self.forms.language])

    def _methodology(self, code: str) -> str:
        try:
            return self.forms.methodology(load_methodology(code))
        except SchemaDataError:
            return code

    def _source(self, code: str) -> str:
        key = f"source_system.{code}"
        return self.forms.words.text(key) if self.forms.words.has(key) else code

    def _by_type(self, field: Field, text: str) -> str:
        if field.type in {"number", "integer"}:
            return self.forms.decimal(text)
        if field.type == "boolean":
            return self.forms.words.text(f"revised.{text}")
        if field.type == "yearmonth":
            return self.forms.period(text, inside=True)
        return self.forms.moment(text) if _SECONDS.fullmatch(text) else text


REVISED: Mapping[str, Callable[..., Any]] = {
    "causes_of": causes_of,
    "revised_heading": revised_heading,
}
"""What templates call."""
