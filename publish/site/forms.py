"""How cells of the published tables look on a page: names, marks, values, absences.

Belongs here: what several kinds of pages ask of a row; a cell as ``<data
value="67.18">67,18</data>``, an absent one with its reason, codes and flags in words. Does not:
sentences (``words``), or the choice of cells (``pages``). The machine value is the cell of the CSV,
so that a page can be read back and compared with it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from markupsafe import Markup, escape

from cchc_pipeline.contracts import (
    Code,
    Contract,
    DictionaryRow,
    dictionary_rows,
    load_code_list,
    load_contract,
)
from cchc_pipeline.contracts.sources import declared_sources
from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.indicators.comparability import likeness
from cchc_pipeline.methodology import Methodology, Metric, round_score
from publish.package.formats import cell_text
from publish.site.extract import Extract
from publish.site.words import (
    Language,
    Words,
    date_text,
    moment_text,
    month_text,
    number_text,
    window_text,
)

Row = Mapping[str, Any]
TOTAL = "TOTAL"
SAMPLE = "sample"
LEVELS = ("province", "agency", "district", "commune", "other")
_OF_ITS_PARTS = frozenset(
    {"period", "basis", "unit_code", "source_system", "methodology", "captured_at", "provenance"}
)
"""What is said of a total that its source does not give: the same as of its parts."""
_LEAGUE_OF = {"city": "province"}
_DASH = "–"
_IS_MARKED, _NO_MARK, _CAPTION_END = '<small class="m">', Markup(), Markup("</caption>")


@dataclass(frozen=True)
class Names:
    """The code lists that give figures their names in a month."""

    units: Mapping[str, Row]
    metrics: Mapping[str, Row]

    def unit(self, code: str) -> Row:
        """A unit's row; a code that stands in no list names itself."""
        return self.units.get(code) or {
            "unit_code": code, "name_vi": code, "name_en": code, "level": "", "provenance": "",
        }  # fmt: skip

    def metric(self, code: str) -> Row:
        """A metric's or group's row; a code that stands in no list names itself."""
        return self.metrics.get(code) or {
            "metric_code": code, "number": "", "name_vi": code, "name_en": code,
        }  # fmt: skip

    def league(self, code: str) -> str:
        """The league that a unit is ranked in; the city stands among the provinces."""
        level = self.unit(code)["level"]
        level = _LEAGUE_OF.get(level, level)
        return level if level in LEVELS else "other"


def names_of(extract: Extract, month: Month) -> Names:
    """Units by their latest span in the month; metrics by code."""
    units: dict[str, Row] = {}
    for row in sorted(extract.rows("units"), key=lambda row: row["valid_from"]):
        ended = row["valid_to"] is not None and row["valid_to"] < month.first_day
        if row["valid_from"] <= month.last_day and not ended:
            units[row["unit_code"]] = row
    metrics = {row["metric_code"]: row for row in extract.rows("metrics")}
    return Names(units, metrics)


def is_sample(rows: Iterable[Row | None]) -> bool:
    """Whether sample data went into one of these rows of figures."""
    return any(row is not None and row.get("provenance") == SAMPLE for row in rows)


def total_of(rows: Mapping[tuple[str, str], Row], unit: str) -> Row | None:
    """A unit's total; without a score where its source scores parts of it only; None of nothing."""
    total = rows.get((unit, TOTAL))
    if total is not None and has_score(total):
        return total
    part = next((r for (code, _), r in rows.items() if code == unit and has_score(r)), None)
    if part is None:
        return total
    nothing = dict.fromkeys(name for name in part if name not in _OF_ITS_PARTS)
    return {**part, **nothing, "metric_code": TOTAL, "obs_status": "L"}


def has_score(row: Row) -> bool:
    """Whether a row of ``scores`` has a score."""
    return row["score"] is not None


def flags_of(row: Row | None) -> tuple[str, ...]:
    """The quality flags of a row of ``scores``."""
    joined = row["quality_flag"] if row is not None else None
    return tuple(joined.split(";")) if joined else ()


@dataclass(frozen=True)
class Forms:
    """The forms of values in one language, with the names that a page's data give."""

    words: Words
    statuses: Mapping[str, Row]

    @property
    def language(self) -> Language:
        """The language of the page."""
        return self.words.language

    def cell(
        self, row: Row | None, column: str, table: str = "scores", trim: bool = False
    ) -> Markup:
        """A number of a table, or a dash that says why there is none.

        Args:
            row: The row, or None where the table has none.
            column: The column.
            table: The table that declares the column.
            trim: Whether a whole number goes without decimals.
        """
        if row is None or row[column] is None:
            return self.absent(row)
        machine = cell_text(row[column], load_contract(table).field(column))
        return self._data(machine, self._number(row[column], table, column, trim=trim), row)

    def _data(self, machine: str, shown: str, row: Row | None) -> Markup:
        """A number with its machine value and its mark; sites have 100,000 of them."""
        text = f'<data value="{escape(machine)}">{escape(shown)}</data>{self.mark(row)}'
        return Markup(text)  # noqa: S704 - escaped just above

    def mark(self, *rows: Row | None) -> Markup:
        """The mark beside a figure that sample data went into; nothing beside a real one."""
        return self._mark if is_sample(rows) else _NO_MARK

    def mark_if(self, is_sample_of: bool) -> Markup:
        """The mark beside a count of rows of which one is a sample."""
        return self._mark if is_sample_of else _NO_MARK

    def badge(self, rows: Iterable[Row | None]) -> Markup:
        """The mark of a heading, caption or sentence over figures of which one is a sample."""
        return self._badge if is_sample(rows) else _NO_MARK

    def framed(self, table: Markup) -> Markup:
        """A table; one with a sample's figure says so in its caption too."""
        if _IS_MARKED not in table:
            return table
        return table.replace(_CAPTION_END, self._badge + _CAPTION_END, 1)

    @cached_property
    def _mark(self) -> Markup:
        return Markup(' <small class="m">{}</small>').format(self.words("sample.mark"))

    @cached_property
    def _badge(self) -> Markup:
        return Markup(' <strong class="mark">{}</strong>').format(self.words("sample.heading"))

    def absent(self, row: Row | None) -> Markup:
        """A dash; a reader who does not see it hears why, where the status is of an absence.

        A group has no counts, and a row with a value may have no rank: that is no status.
        """
        said = self.status(row) if row is not None and self._is_without(row) else ""
        hidden = Markup('<span class="sr"> {}</span>').format(said) if said else ""
        return Markup('<span class="nil">{}{}</span>').format(_DASH, hidden)

    def _is_without(self, row: Row) -> bool:
        """Whether a row's status says that there is no value."""
        listed = self.statuses.get(row.get("obs_status") or "")
        return listed is not None and not listed["value_allowed"]

    def status(self, row: Row) -> str:
        """The name of a row's observation status."""
        code = row["obs_status"]
        return self.name(self.statuses[code]) if code in self.statuses else str(code)

    def name(self, row: Mapping[str, Any]) -> str:
        """The name that a row carries in this language."""
        return str(row[f"name_{self.language}"] or row["name_vi"])

    def methodology(self, used: Methodology) -> str:
        """The name of a methodology."""
        return used.name_vi if self.language == "vi" else used.name_en

    def rule(self, used: Methodology, metric: Metric) -> str:
        """The rule of a metric in words, with the newest threshold."""
        starts = [threshold.valid_from for threshold in metric.rule.full_marks_at]
        return used.rule_text(metric, self.language, max(starts, default=used.valid_from))

    def flags(self, row: Row) -> list[str]:
        """The names of a row's quality flags."""
        return [self.code("quality_flags", flag) for flag in flags_of(row)]

    def code(self, code_list: str, code: str) -> str:
        """The name of an entry of a code list; an unknown code names itself."""
        entry = _entry(code_list, code)
        return entry.name.of(self.language) if entry else code

    def code_meaning(self, code_list: str, code: str) -> str:
        """The description of an entry of a code list; empty for an unknown code."""
        entry = _entry(code_list, code)
        return entry.description.of(self.language) if entry else ""

    def remarks(self, row: Row, total: Row) -> str:
        """What a reader should know of a row of scores beside what holds of the total too."""
        status = [] if row["obs_status"] in {"A", total["obs_status"]} else [self.status(row)]
        flags = [
            self.code("quality_flags", flag)
            for flag in flags_of(row)
            if flag not in flags_of(total)
        ]
        return str(self.words("site.separator")).join([*status, *flags])

    def is_incomparable(self, row: Row | None) -> bool:
        """Whether a group's score holds an empty metric, so that units cannot be compared by it."""
        return "NULL_METRIC" in flags_of(row)

    def table(self, name: str) -> str:
        """The title of a table; a name without a contract is shown as it is."""
        try:
            return load_contract(name).title.of(self.language)
        except SchemaDataError:
            return name

    def source(self, name: str, inside: bool = False) -> str:
        """What is handed in, by its name in ``submissions``; ``inside`` a sentence as it is."""
        found = next((one for one in declared_sources() if one.source == name), None)
        if found is None:
            return self.table(name)
        said = found.name.of(self.language)
        return said if inside else said[:1].upper() + said[1:]

    def dictionary(self, contract: Contract) -> tuple[DictionaryRow, ...]:
        """The columns of a table as the data dictionary shows them."""
        return dictionary_rows(contract, self.language)

    def table_meaning(self, name: str) -> str:
        """The description of a table."""
        return load_contract(name).description.of(self.language)

    def gate(self, name: str) -> str:
        """What a gate asks."""
        return str(read_yaml("release/gates.yaml")["gates"][name][self.language])

    def column(self, table: str, name: str) -> str:
        """The title of a column; one without a declaration is shown as it is."""
        try:
            return load_contract(table).field(name).title.of(self.language)
        except (SchemaDataError, KeyError):
            return name

    def share(self, row: Row, part: str, whole: str) -> Markup:
        """A share of two counts of a row in per cent, or a dash where there is none."""
        if row[part] is None or not row[whole]:
            return self.absent(None)
        share = round_score(float(Fraction(100 * row[part], row[whole])))
        return Markup("{}{}").format(self.percent(share), self.mark(row))

    def period(self, stated: str, inside: bool = False) -> str:
        """A month by its text in the tables."""
        return self.month(Month.parse(stated), inside)

    def window_of(self, period: str, basis: str) -> str:
        """The span of a figure by its texts in the tables, inside a sentence."""
        return self.window(Month.parse(period), basis, inside=True)

    def day(self, day: date) -> str:
        """A day."""
        return date_text(day, self.language)

    def moment(self, stated: str) -> str:
        """A day, or an instant in the city's time."""
        return moment_text(stated, self.language)

    def capture(self, stated: str) -> Markup:
        """When figures were taken, ready to stand in a sentence."""
        key = "headline.on_day" if len(stated) == 10 else "headline.at_instant"
        return self.words(key, moment=self.moment(stated))

    def month(self, month: Month, inside: bool = False) -> str:
        """A month; ``inside`` a sentence its first letter may be small."""
        return month_text(month, self.language, inside=inside)

    def window(self, month: Month, basis: str, inside: bool = False) -> str:
        """The span that a figure speaks of; ``inside`` as for a month."""
        return window_text(month, Basis(basis), self.language, inside=inside)

    def periods(self, stated: Iterable[str]) -> str:
        """Some months in one line."""
        joint = str(self.words("site.separator"))
        return joint.join(self.month(Month.parse(text), inside=True) for text in stated)

    def coverage(self, stated: str) -> Markup | str:
        """The months of a release by their text in its descriptor: ``2024-01/2024-03``."""
        first, _, last = stated.partition("/")
        if first == last:
            return self.period(first) if first else ""
        inside = self.period(last, inside=True)
        return self.words("about.coverage", first=self.period(first), last=inside)

    def count(self, number: int) -> str:
        """A count that is no cell of a table."""
        return number_text(number, 0, self.language)

    def decimal(self, canonical: str) -> str:
        """A number by its canonical text, with the decimals that the text has."""
        decimals = len(canonical.partition(".")[2])
        return number_text(float(canonical), decimals, self.language)

    def tick(self, value: float) -> str:
        """A value beside an axis, with the decimals that it has."""
        return self.points(value)

    def points(self, number: float) -> str:
        """A number of points that is no cell of a table, with the decimals that it has."""
        return number_text(number, len(f"{number:.10g}".partition(".")[2]), self.language)

    def size(self, count: int) -> Markup:
        """The size of a file, in kB or MB of a thousand or a million bytes."""
        unit, whole = ("kilobytes", 1e3) if count < 1_000_000 else ("megabytes", 1e6)
        return self.words(f"downloads.{unit}", size=number_text(count / whole, 1, self.language))

    def percent(self, share: Decimal) -> str:
        """A share in per cent that is no cell of a table, with 2 decimals."""
        return f"{number_text(float(share), 2, self.language)} %"

    def percent_cell(self, share: Decimal | None, row: Row | None) -> Markup:
        """A share that is no cell of a table, with the mark of the row that it is computed of."""
        if share is None:
            return self.absent(None)
        return self._data(str(share), self.percent(share), row)

    def like(self, row: Row | None) -> str:
        """What a script knows by whether two scores can be compared; empty without a score."""
        return " ".join(map(str, likeness(row))) if row is not None and has_score(row) else ""

    def score(self, points: Decimal) -> str:
        """A sum or difference of scores that is no cell of a table, with 2 decimals."""
        return number_text(float(points), 2, self.language)

    def gained(self, ranks: int | None) -> Markup | str:
        """Ranks or cases gained, with a sign; a dash where that cannot be told."""
        if ranks is None:
            return self.absent(None)
        return f"{'+' if ranks > 0 else ''}{number_text(ranks, 0, self.language)}"

    def signed(self, points: Decimal) -> str:
        """A difference in points, with its sign."""
        sign = "+" if points > 0 else ""
        return sign + number_text(float(points), 2, self.language)

    def provenance(self, total: Row) -> Markup:
        """The span of a total, its source, and when it was taken."""
        key = f"source_system.{total['source_system']}"
        captured = total["captured_at"]
        return self.words(
            "headline.source",
            window=self.window(Month.parse(total["period"]), total["basis"]),
            source=self.words(key if self.words.has(key) else "source_system.unknown"),
            captured=self.capture(captured) if captured else "",
        )

    def amount(self, row: Row | None, column: str, table: str, unit: str) -> Markup:
        """A figure of the plan with its unit."""
        shown = self.cell(row, column, table, trim=column == "target")
        if row is None or row[column] is None:
            return shown
        key = f"plan.unit.{unit}"
        return self.words(key if self.words.has(key) else "plan.unit.count", value=shown)

    def target(self, indicator: Row) -> Markup:
        """What the plan requires, with its comparator."""
        amount = self.amount(indicator, "target", "indicators", indicator["unit"])
        sign = self.code("comparators", indicator["comparator"])
        return self.words("plan.required", comparator=sign, target=amount)

    def number(self, value: float, table: str, column: str) -> str:
        """The text of a cell's number."""
        return self._number(value, table, column, trim=False)

    def plain(self, row: Row, column: str) -> str:
        """The text of a number, where a drawing or a sentence cannot hold an element."""
        return self._number(row[column], "scores", column, trim=column == "max_score")

    def _number(self, value: float, table: str, column: str, *, trim: bool) -> str:
        decimals = load_contract(table).field(column).decimals or 0
        return number_text(value, 0 if trim and value == int(value) else decimals, self.language)


def _entry(code_list: str, code: str) -> Code | None:
    return next((entry for entry in load_code_list(code_list).codes if entry.code == code), None)
