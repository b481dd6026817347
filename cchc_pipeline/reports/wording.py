"""Words of the papers (``schemas/reports``), and figures as they stand in a sentence or a cell.

Belongs here: filling words, forms of single figures, what is said of one that is provisional or
absent. Does not: which sentence is said, which each chapter decides.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from cchc_pipeline.contracts import load_code_list
from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.core.written import date_text, moment_text, month_text, number_text, window_text
from cchc_pipeline.reports.chapters.trend import Move, Trend
from cchc_pipeline.reports.released import Released, Row, is_of_sample
from cchc_pipeline.reports.span import ReportKind, ReportSpan

_PATH = "reports/words.yaml"
_ROMAN = ("", "I", "II", "III", "IV")
DASH = "–"
PER_CENT = "\u00a0%"
"""With a blank that does not break, as a table's cell is narrow."""


def say(key: str, **values: object) -> str:
    """The words of a key, ``chapter.name``, filled.

    Raises:
        SchemaDataError: There are no such words.
    """
    chapter, _, name = key.partition(".")
    words = shipped_words().get(chapter, {}).get(name)
    if not isinstance(words, str):
        raise SchemaDataError("no such words", where=f"schemas/{_PATH}, {key}")
    return words.format(**values)


def listed(key: str) -> tuple[str, ...]:
    """The words of a key that has several."""
    chapter, _, name = key.partition(".")
    return tuple(shipped_words()[chapter][name])


def limit(name: str) -> int:
    """How many of something are named at most."""
    return int(shipped_words()["limits"][name])


@cache
def shipped_words() -> Mapping[str, Mapping[str, Any]]:
    """All of them, by chapter and name."""
    words: Mapping[str, Mapping[str, Any]] = read_yaml(_PATH)
    return words


def count(number: int) -> str:
    """``1.234``."""
    return number_text(number, 0, "vi")


def two(value: float | Decimal) -> str:
    """``86,97``."""
    return number_text(float(value), 2, "vi")


def plain(value: float | Decimal) -> str:
    """``95``, or ``86,97`` where it is no whole number."""
    return count(int(value)) if value == int(value) else two(value)


def signed(value: Decimal) -> str:
    """``+0,35``, ``−0,12`` or ``0,00``."""
    return f"+{two(value)}" if value > 0 else two(value)


def share(part: int | None, whole: int | None) -> Decimal | None:
    """Per cent with 2 decimals, half up, worked out exactly; None without cases or a count."""
    if part is None or not whole:
        return None
    return Decimal((20_000 * part + whole) // (2 * whole)).scaleb(-2)


def percent(value: Decimal | None) -> str:
    """``86,97 %``, or a dash."""
    return f"{two(value)}{PER_CENT}" if value is not None else DASH


def day(of: date) -> str:
    """``05/4/2024``."""
    return date_text(of, "vi")


def published_on(released: Released) -> str:
    """The day of a release."""
    return moment_text(released.published_at, "vi").rpartition(" ")[2]


def span_name(span: ReportSpan) -> str:
    """``tháng 3/2024``, ``quý I/2024``, ``6 tháng đầu năm 2024`` or ``năm 2024``."""
    if span.kind is ReportKind.MONTH:
        return month_text(span.last, "vi", inside=True)
    key = f"{span.kind}_{span.number}" if span.kind is ReportKind.HALF else str(span.kind)
    return say(f"spans.{key}", number=_ROMAN[min(span.number, 4)], year=span.last.year)


def month_name(month: Month) -> str:
    """``tháng 3/2024``."""
    return month_text(month, "vi", inside=True)


def window_name(month: Month, basis: Basis) -> str:
    """The time that a score counts: of a month, a quarter, or the year so far and until when."""
    if basis is Basis.YTD:
        return say("spans.ytd", year=month.year, month=month_name(month))
    return window_text(month, basis, "vi", inside=True)


def step_name(month: Month, basis: Basis) -> str:
    """What an earlier figure is called in a comparison."""
    return say("spans.until", month=month_name(month)) if basis is Basis.YTD else window_name(
        month, basis
    )  # fmt: skip


@cache
def _statuses() -> Mapping[str, str]:
    return {code.code: code.name.vi.lower() for code in load_code_list("obs_status").codes}


@cache
def _flags() -> Mapping[str, str]:
    return {code.code: code.name.vi.lower() for code in load_code_list("quality_flags").codes}


def status_word(row: Row | None) -> str:
    """What an observation's status is called: thiếu, tạm tính; nothing of a normal one."""
    status = row["obs_status"] if row is not None else "O"
    return "" if status == "A" else _statuses().get(status, status)


def remark(row: Row | None) -> str:
    """Status and flags of a figure, for the last column of a table."""
    flags = str((row or {}).get("quality_flag") or "").split(";")
    words = [status_word(row), *(_flags().get(flag, flag) for flag in flags if flag)]
    return "; ".join(word for word in words if word)


def provisional(row: Row) -> str:
    """What follows a figure in a sentence that is not a normal one."""
    word = status_word(row)
    return f" ({word})" if word else ""


def trend_text(trend: Trend | None, unit: str, basis: Basis = Basis.MONTH) -> str:
    """What became of a figure, as the end of a sentence; nothing where nothing can be said."""
    if trend is None:
        return ""
    before = step_name(trend.before, basis) if trend.before else ""
    size = two(abs(trend.difference)) if trend.difference is not None else ""
    said = say(f"trend.{trend.move}", before=before, size=size, unit=unit)
    is_again = trend.times > 1 and basis is not Basis.YTD
    if not is_again or trend.move not in (Move.RISE, Move.FALL, Move.SAME):
        return said
    period = say(f"trend.period_{basis}")
    return f"{said}, {say(f'trend.again_{trend.move}', period=period, times=trend.times)}"


def trend_cell(trend: Trend | None) -> str:
    """The same for a table."""
    if trend is None:
        return DASH
    return signed(trend.difference) if trend.difference is not None else say(
        f"trend.cell_{trend.move}"
    )  # fmt: skip


def named(names: Sequence[str], most: int) -> str:
    """The first of some names, and how many more there are."""
    more = len(names) - most
    shown = "; ".join(names[:most])
    return say("common.and_more", names=shown, count=count(more)) if more > 0 else shown


def source_note(released: Released, title: str, rows: Iterable[Row]) -> str:
    """Which release the figures above are of, and which one they were last changed in."""
    used = tuple(rows)
    changed = sorted({str(row["release"]) for row in used if row.get("release")})
    note = say(
        "common.source", title=title, release=released.release, day=published_on(released)
    )  # fmt: skip
    if changed and changed != [released.release]:
        note += say("common.changed_in", releases=", ".join(changed))
    return note + (f" {say('common.sample_note')}" if is_of_sample(used) else "")


def marked(title: str, rows: Iterable[Row]) -> str:
    """A heading, with the mark of sample data if any of its figures is a sample."""
    return f"{title} – {say('common.mark')}" if is_of_sample(rows) else title
