"""The quality statement of a release: the headings of ESMS, filled from the release alone.

Belongs here: which sentences stand under which heading, and what fills them; the page. Does not:
words (``schemas/pages/messages/statement.yaml``), judging (``publish.gates``, whose report carries
the statement for machines), what is counted for the quality page too (``quality``).

A sentence says which tables its figures rest on: it is marked as a sample where one of them holds
sample rows. Texts that the release has in Vietnamese alone are quoted below the sentence.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.calendar import load_calendar
from cchc_pipeline.contracts import Contract, Text, load_code_list, load_contract
from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.dossier_statistics import ALL
from cchc_pipeline.methodology import load_methodology, round_score
from publish.disclosure.rule import CONFIDENTIAL
from publish.model import CODE_LISTS, REVISIONS, SET_ASIDE, STATISTICS, Draft
from publish.release.provenance import COLUMN, OFFICIAL, SAMPLE
from publish.site.extract import Extract, Figures
from publish.site.forms import Forms
from publish.site.kept import Material, PageRecipe
from publish.site.pages.quality import QualityFacts, quality_extract, quality_facts
from publish.site.pages.reference import FORMS
from publish.site.words import LANGUAGES, date_text, day_of, load_words

STATEMENT_PAGE = "thuyet-minh-chat-luong.html"
_WITH_VALUE = frozenset("APBE")
Value = str | int | Fraction | Month | date | Text | tuple[Any, ...]


@dataclass(frozen=True)
class Sentence:
    """A sentence.

    Args:
        key: Its words.
        values: What fills them.
        tables: What its figures rest on.
        quoted: A text in Vietnamese that follows it as it stands.
    """

    key: str
    values: Mapping[str, Value] = field(default_factory=dict)
    tables: tuple[str, ...] = ()
    quoted: str = ""


@dataclass(frozen=True)
class Known:
    """What a release knows of itself."""

    figures: Figures

    @property
    def draft(self) -> Draft:
        """The release."""
        return self.figures.draft

    @cached_property
    def quality(self) -> QualityFacts:
        """What the quality page counts."""
        return quality_facts(quality_extract(self.figures))

    @cached_property
    def contracts(self) -> tuple[Contract, ...]:
        """Those of its tables."""
        return tuple(load_contract(name) for name in self.draft.tables)

    @property
    def figure_tables(self) -> tuple[Contract, ...]:
        """Those that are no code lists."""
        return tuple(one for one in self.contracts if one.table not in CODE_LISTS)

    def status(self, code: str) -> int:
        """How many rows of all tables have an observation status."""
        counted = (counts.get(code) for counts in self.quality.statuses.values())
        return sum(one.rows for one in counted if one is not None)

    def has_sample(self, table: str) -> bool:
        """Whether sample data went into one of a table's rows."""
        rows = self.draft.tables.get(table)
        return rows is not None and COLUMN in rows.column_names and SAMPLE in _unique(rows, COLUMN)


def quality_statement(figures: Figures) -> list[dict[str, Any]]:
    """Every heading with its sentences in both languages, as JSON knows them.

    Args:
        figures: The tables of the release.
    """
    known = Known(figures)
    words = {language: load_words(language, figures.root) for language in LANGUAGES}
    return [
        {
            "concept": name.upper(),
            "heading": {lang: words[lang].text(f"statement.heading.{name}") for lang in LANGUAGES},
            "says": [_rendered(said, known) for said in tell(known)],
        }
        for name, tell in CONCEPTS.items()
    ]


def _rendered(said: Sentence, known: Known) -> dict[str, str]:
    is_sample = any(known.has_sample(table) for table in said.tables)
    vi, en = (_text(said, Forms(load_words(one, known.figures.root), {})) for one in LANGUAGES)
    return {
        "vi": vi, "en": en, "quoted": said.quoted, COLUMN: SAMPLE if is_sample else OFFICIAL,
    }  # fmt: skip


def _text(said: Sentence, forms: Forms) -> str:
    filled = {name: _form(value, forms) for name, value in said.values.items()}
    return forms.words.text(f"statement.{said.key}", **filled)


def _form(value: Value, forms: Forms) -> str:
    """A value as readers of a language expect it."""
    match value:
        case Month():
            text = forms.month(value, inside=True)
        case date():
            text = date_text(value, forms.language)
        case Fraction():
            text = forms.percent(round_score(float(100 * value)))
        case int():
            text = forms.count(value)
        case Text():
            text = value.of(forms.language)
        case tuple():
            text = "; ".join(_form(part, forms) for part in value)
        case _:
            text = value
    return text


def _unique(table: pa.Table, column: str) -> list[Any]:
    return sorted(value for value in pc.unique(table[column]).to_pylist() if value is not None)


def _contact(known: Known) -> Iterator[Sentence]:
    yield Sentence("publisher", quoted=known.draft.identity.publisher)
    yield Sentence("contact", quoted=known.draft.identity.contact)


def _meta_update(known: Known) -> Iterator[Sentence]:
    draft = known.draft
    moment = _moment(draft.published_text)
    yield Sentence(
        "made_with", {"release": str(draft.id), "version": draft.version, "moment": moment}
    )


def _moment(stated: str) -> Text:
    vi, en = (Forms(load_words(language), {}).moment(stated) for language in LANGUAGES)
    return Text(str(vi), str(en))


def _stat_pres(known: Known) -> Iterator[Sentence]:
    tables = known.draft.tables
    rows = sum(table.num_rows for table in tables.values())
    lists = sum(name in CODE_LISTS for name in tables)
    yield Sentence("tables", {"tables": len(tables), "rows": rows, "lists": lists}, tuple(tables))
    yield Sentence("figures", {"titles": tuple(one.title for one in known.figure_tables)})
    newest = known.figures.newest
    told = {
        code
        for name in ("scores", STATISTICS)
        for code in _unique(known.figures.of_months(name, newest), "unit_code")
    }
    yield Sentence("units_told", {"units": len(told), "period": newest}, ("scores", STATISTICS))


def _unit_measure(known: Known) -> Iterator[Sentence]:
    measures = (
        column
        for contract in known.figure_tables
        for column in contract.fields
        if column.type in {"integer", "number"}
    )
    units = {column.unit.vi: column.unit for column in measures if column.unit.en != "none"}
    yield Sentence("measured_in", {"units": tuple(units.values())})


def _ref_period(known: Known) -> Iterator[Sentence]:
    months = known.figures.months
    yield Sentence("periods", {"count": len(months), "first": months[0], "last": months[-1]})
    gap = len([*months[0].to(months[-1])]) - len(months)
    yield Sentence("gap", {"count": gap}) if gap else Sentence("no_gap")
    used = _unique(known.draft.tables["scores"], "basis")
    names = tuple(code.name for code in load_code_list("bases").codes if code.code in used)
    if names:
        yield Sentence("bases", {"bases": names})


def _inst_mandate(known: Known) -> Iterator[Sentence]:
    by_basis: dict[str, list[Text]] = {}
    for contract in known.figure_tables:
        by_basis.setdefault(contract.basis, []).append(contract.title)
    for basis, titles in by_basis.items():
        yield Sentence("basis_of", {"tables": tuple(titles)}, quoted=basis)
    yield Sentence("terms_of", quoted=known.draft.terms.name.vi)


def _conf(known: Known) -> Iterator[Sentence]:
    columns = [column for contract in known.contracts for column in contract.fields]
    if not any(column.personal for column in columns):
        yield Sentence("nothing_personal", {"columns": len(columns)})
    table = known.draft.tables[STATISTICS]
    by_field = table.filter(pc.not_equal(table["field_code"], ALL))
    merged = by_field.filter(pc.equal(by_field["conf_status"], CONFIDENTIAL)).num_rows
    yield Sentence("merged", {"merged": merged, "rows": by_field.num_rows}, (STATISTICS,))
    yield Sentence("hidden", {"count": known.status("Q")}, tuple(known.quality.statuses))


def _rel_policy(known: Known) -> Iterator[Sentence]:
    calendar = load_calendar()
    yield Sentence("rule", {"day": calendar.rule.day, "time": calendar.rule.time})
    due = calendar.next_release(known.draft.published_at).moment
    yield Sentence("next", {"moment": _moment(due.isoformat())})


def _freq_diss(known: Known) -> Iterator[Sentence]:
    yield Sentence("monthly")


def _accessibility_clarity(known: Known) -> Iterator[Sentence]:
    yield Sentence("formats", {"formats": tuple(form.upper() for form in FORMS)})
    if known.draft.identity.public_url:
        yield Sentence("address", quoted=known.draft.identity.public_url)


def _quality_mgmnt(known: Known) -> Iterator[Sentence]:
    yield Sentence("gates", {"gates": len(read_yaml("release/gates.yaml")["gates"])})
    yield Sentence("expectations", {"count": sum(map(_conditions, known.draft.tables))})


@cache
def _conditions(table: str) -> int:
    return len(load_contract(table).expectations())


def _relevance(known: Known) -> Iterator[Sentence]:
    yield Sentence("users")
    rows = known.figures.part("plan_indicators", "unit_code", known.figures.root)
    newest = pc.max(rows["period"]).as_py()
    if newest is None:
        return
    own = rows.filter(pc.equal(rows["period"], newest))
    told = own.filter(pc.is_valid(own["value"]))
    all_, some = (len(_unique(part, "indicator_id")) for part in (own, told))
    values: dict[str, Value] = {"told": some, "all": all_, "period": Month.parse(newest)}
    yield Sentence("plan_told", values, ("plan_indicators",))


def _accuracy(known: Known) -> Iterator[Sentence]:
    for name, counts in known.quality.statuses.items():
        if rows := sum(counted.rows for counted in counts.values()):
            filled = sum(counted.rows for code, counted in counts.items() if code in _WITH_VALUE)
            share = Fraction(filled, rows)
            yield Sentence("filled", {"share": share, "table": load_contract(name).title}, (name,))
    yield _held(known.quality)
    yield _recomputed(known.quality)
    count = len(known.quality.corrections)
    yield Sentence("corrected", {"count": count}, ("corrections",))


def _held(quality: QualityFacts) -> Sentence:
    if not quality.dossiers:
        return Sentence("no_dossiers")
    month, row = quality.dossiers[-1]
    share = Fraction(row["quarantined"], row["rows"])
    return Sentence("held", {"share": share, "period": month}, ("submissions",))


def _recomputed(quality: QualityFacts) -> Sentence:
    if quality.scores_month is None:
        return Sentence("no_scores")
    again = quality.recomputation
    values: dict[str, Value] = {
        "known": again.known, "rows": again.rows, "beyond": again.beyond,
        "period": quality.scores_month,
    }  # fmt: skip
    return Sentence("recomputed", values, ("scores",))


def _timeliness_punct(known: Known) -> Iterator[Sentence]:
    draft, newest = known.draft, known.figures.months[-1]
    if draft.previous is not None and newest in draft.previous.periods:
        yield Sentence("out_before", {"period": newest})
        return
    days = (day_of(draft.published_text) - newest.last_day).days
    yield Sentence("first_out", {"period": newest, "days": days})
    due = load_calendar().release_date(newest)
    late = due.days_late(draft.published_at)
    values: dict[str, Value] = {"due": due.moment.date()}
    yield Sentence("late", values | {"days": late}) if late else Sentence("in_time", values)


def _coher_compar(known: Known) -> Iterator[Sentence]:
    used = _unique(known.draft.tables["scores"], "methodology")
    names = tuple(Text(one.name_vi, one.name_en) for one in map(load_methodology, used))
    if names:
        yield Sentence("methods", {"methods": names})
    if len(names) > 1:
        yield Sentence("several_methods")
    quality = known.quality
    yield Sentence("breaks", {"count": len(quality.breaks)}, (STATISTICS,))
    yield Sentence("series_breaks", {"count": known.status("B")}, tuple(quality.statuses))
    compared = quality.reconciliation
    if compared.month is None:
        yield Sentence("not_compared")
        return
    values: dict[str, Value] = {
        "agreeing": compared.agreeing, "all": len(compared.compared), "period": compared.month,
    }  # fmt: skip
    yield Sentence("agreeing", values, ("scores", STATISTICS))


def _cost_burden(known: Known) -> Iterator[Sentence]:
    yield Sentence("no_cost")
    newest = known.figures.newest
    rows = known.figures.of_months("submissions", newest)
    came = rows.num_rows - pc.sum(pc.equal(rows["status"], "missing")).as_py() if rows else 0
    values: dict[str, Value] = {"period": newest, "received": came, "owed": rows.num_rows}
    yield Sentence("burden", values, ("submissions",))


def _data_rev(known: Known) -> Iterator[Sentence]:
    log = known.draft.tables[REVISIONS]
    own = log.filter(pc.equal(log["release"], str(known.draft.id)))
    yield Sentence("revised", {"count": own.num_rows, "all": log.num_rows}, (REVISIONS,))
    counts = Counter(own["reason_code"].to_pylist())
    for code in load_code_list("reason_codes").codes:
        if counts[code.code]:
            values: dict[str, Value] = {"reason": code.name, "count": counts[code.code]}
            yield Sentence("revised_for", values, (REVISIONS,))
    yield Sentence("revisions_logged")


def _stat_process(known: Known) -> Iterator[Sentence]:
    for source in known.draft.sources:
        at = source.captured_at
        told = ("source", {"moment": _moment(at)}) if at else ("source_undated", {})
        yield Sentence(*told, quoted=source.title)
    yield Sentence("estimated", {"count": known.status("E")}, tuple(known.quality.statuses))
    table = known.draft.tables[STATISTICS]
    summed = table.filter(pc.equal(table["source"], "summed")).num_rows
    yield Sentence("summed", {"summed": summed, "rows": table.num_rows}, (STATISTICS,))
    rows = pc.sum(_of_root(known)["quarantined"]).as_py() or 0
    named = {"rows": rows, "table": load_contract(SET_ASIDE).title}
    yield Sentence("aside", named, (SET_ASIDE,))


def _of_root(known: Known) -> pa.Table:
    table = known.draft.tables[SET_ASIDE]
    return table.filter(pc.equal(table["unit_code"], known.figures.root))


CONCEPTS: Mapping[str, Callable[[Known], Iterable[Sentence]]] = {
    tell.__name__.removeprefix("_"): tell
    for tell in (
        _contact, _meta_update, _stat_pres, _unit_measure, _ref_period, _inst_mandate, _conf,
        _rel_policy, _freq_diss, _accessibility_clarity, _quality_mgmnt, _relevance, _accuracy,
        _timeliness_punct, _coher_compar, _cost_burden, _data_rev, _stat_process,
    )
}  # fmt: skip
"""What is said under each heading of ESMS, by its identifier there, in its order."""


def statement_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PageRecipe]:
    """The one page."""
    period = descriptor["temporalCoverage"]
    extract = figures.extract({}, statement=quality_statement(figures), period=period)
    yield PageRecipe(STATEMENT_PAGE, "statement.html", extract, statement_material)


def statement_material(extract: Extract) -> Material:
    """What the template needs."""
    return Material(
        {
            "sections": extract.more["statement"],
            "period": extract.more["period"],
            "is_sample_release": extract.is_sample,
        }
    )
