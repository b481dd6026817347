"""What the texts of a dossier mean: SQL expressions that read one value each.

Belongs here: moments, amounts, codes, words, the last due date among supplements. Does not: where
texts come from (``readers``), which of them make a row unusable (``staging``).

An expression gives NULL for an empty text and for one that cannot be read; the caller tells them
apart by the text. It is DuckDB's SQL; what another engine makes of a function or of a pattern that
is new here must be taught to its dialect (``storage.spark_dialect``).
"""

from cchc_pipeline.core.sql import literal
from cchc_pipeline.sources.records.values import (
    BLANK,
    COMMAED,
    COMPACT,
    DECIMAL,
    EARLIEST,
    HOURS_AHEAD,
    LATEST,
    MARKED,
    POINTED,
    PROCEDURE,
    PROCEDURE_NUMBER,
    SERIAL,
    WHOLE,
    WRITTEN,
    cell_errors,
    fold_word,
    value_words,
)

_PLACE = r"(?:[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2}|[A-Z][0-9]{2}(?:\.[0-9A-Z]{1,6})*)"
DOSSIER_CODE = rf"{_PLACE}-[0-9]{{6}}-[0-9]{{4,}}"
"""Article 19 of Circular 01/2018/TT-VPCP, and the newer form of the unit's code (believed)."""

_PLAIN_FIELD = r"[A-Za-z][A-Za-z0-9._-]*"
_NO_FIELD = r"^[^\p{L}\p{N}]|[^\p{L}\p{N}._/\- ]|\d{9}"
_LONGEST_FIELD = 40
_MONEY = "DECIMAL(18, 2)"


def _folded(text: str) -> str:
    """``fold_word`` in SQL."""
    bare = f"replace(lower(strip_accents({text})), 'đ', 'd')"
    return f"regexp_replace({bare}, '[^a-z0-9]', '', 'g')"


def code(field: str, text: str) -> str:
    """The code of a coded field: an integer; NULL if the text is none of its codes or words.

    Codes and words as they are declared come first: folding a million texts costs seconds.
    """
    known = value_words().codes[field]
    words = known.words
    exact = {text: number for number, said in words.items() for text in (str(number), *said)}
    by_code = " ".join(f"WHEN {literal(text)} THEN {number}" for text, number in exact.items())
    by_word = " ".join(
        f"WHEN '{fold_word(word)}' THEN {number}" for number, said in words.items() for word in said
    )
    by_number = " ".join(f"WHEN {number} THEN {number}" for number in words)
    worded = f"CASE {_folded(text)} {by_word} END" if by_word else "NULL"
    rest = (
        f"CASE WHEN {_is(text, WHOLE)} THEN CASE {_whole(text)} {by_number} END ELSE {worded} END"
    )
    read = f"CASE {text} {by_code} ELSE {rest} END"
    if known.empty is None:
        return read
    return f"CASE WHEN {text} IS NULL THEN {known.empty} ELSE {read} END"


def _is(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, '{pattern}')"


def _number(text: str) -> str:
    """A number without groups as a double; NULL where it is none."""
    return f"try_cast(replace(replace({text}, 'e0', ''), ',', '.') AS DOUBLE)"


def _whole(text: str) -> str:
    return f"CAST(try_cast(replace({text}, ',', '.') AS DOUBLE) AS BIGINT)"


def moment(text: str) -> str:
    """A moment on the city's clock, whole seconds; a day without a time is its 00:00.

    The forms are those of ``read_moment``. The commonest come first, by the places of their
    separators, which leave ``strptime`` nothing to guess: a pattern costs more.
    """
    digits = f"regexp_extract(replace({text}, 'T', ''), '^[0-9]+', 0)"
    long, slashed = f"length({text})", f"contains({text}, '/')"
    blank = f"substr({text}, 11, 2) BETWEEN ' 0' AND ' 9'"
    minutes = f"substr({text}, 14, 1) = ':'"
    seconds = f"{long} = 19 AND {minutes} AND substr({text}, 17, 1) = ':'"
    clock = f"{seconds} AND substr({text}, 11, 1) IN (' ', 'T') AND substr({text}, 12, 2) < '24'"
    # With a blank at this place and this length, a day and a clock can be written in one way only.
    iso = f"substr({text}, 5, 1) = '-' AND substr({text}, 8, 1) = '-'"
    return (
        f"CASE WHEN {text} IS NULL THEN NULL"
        f" WHEN {long} = 14 AND try_cast({text} AS BIGINT) > 10000000000000"
        f" THEN try_strptime({text}, '%Y%m%d%H%M%S')"
        f" WHEN {long} = 10 AND {slashed} THEN try_strptime({text}, '%d/%m/%Y')"
        f" WHEN {long} = 19 AND {slashed} AND {blank}"
        f" THEN try_strptime({text}, '%d/%m/%Y %H:%M:%S')"
        f" WHEN {long} = 16 AND {slashed} AND {blank} THEN try_strptime({text}, '%d/%m/%Y %H:%M')"
        f" WHEN {iso} AND ({long} = 10 OR ({clock}))"
        f" THEN try_cast({text} AS TIMESTAMP)"
        f" WHEN {_is(text, SERIAL)}"
        f" THEN TIMESTAMP '1899-12-30' + to_seconds({_seconds(text)})"
        f" WHEN {_is(text, WRITTEN)} THEN {_written(text)}"
        f" WHEN {_is(text, COMPACT)}"
        f" THEN try_strptime({digits}, ['%Y%m%d%H%M%S', '%Y%m%d']) END"
    )


def _written(text: str) -> str:
    """A moment of the pattern ``WRITTEN``; an offset from UTC is turned into the city's."""
    head = f"replace(replace(regexp_extract({text}, '^[0-9./-]+', 0), '.', '/'), '-', '/')"
    clock = f"regexp_extract({text}, '[0-9]+:[0-9]+(:[0-9]+)?', 0)"
    days, times = ("%d/%m/%Y", "%Y/%m/%d"), (" %H:%M:%S", " %H:%M", "")
    forms = [day + time for day in days for time in times]
    local = f"try_strptime(trim({head} || ' ' || {clock}), {forms})"
    zone = f"regexp_extract({text}, ':.*(Z|UTC|[+-].*)$', 1)"
    hours = f"coalesce(try_cast(left({zone}, 3) AS BIGINT), 0) * 60"
    minutes = f"coalesce(try_cast(left({zone}, 1) || right({zone}, 2) AS BIGINT), 0)"
    minutes = f"CASE WHEN length({zone}) > 3 THEN {minutes} ELSE 0 END"
    ahead = f"CASE WHEN {zone} = '' THEN {HOURS_AHEAD * 60} ELSE {hours} + {minutes} END"
    return f"({local} - to_minutes({ahead}) + INTERVAL {HOURS_AHEAD} HOUR)"


def _seconds(serial: str) -> str:
    """The whole seconds of a serial day."""
    return f"CAST(round({_number(serial)} * 86400) AS BIGINT)"


def plausible(read: str) -> str:
    """A moment that a dossier can have; a year of two digits or a slip of centuries is none."""
    return (
        f"CASE WHEN {read} BETWEEN TIMESTAMP '{EARLIEST}' AND TIMESTAMP '{LATEST}' THEN {read} END"
    )


def is_timed(text: str) -> str:
    """Whether a moment's text gives a time of day; explicit midnight is one, a serial's is none."""
    point = f"(contains({text}, '.') OR contains({text}, ','))"
    serial = f"{_seconds(text)} % 86400 <> 0"
    return (
        f"CASE WHEN contains({text}, ':') THEN true WHEN contains({text}, '/') THEN false"
        f" WHEN NOT {point} THEN length({text}) >= 14"
        f" WHEN {_is(text, SERIAL)} THEN {serial}"
        f" ELSE regexp_matches({text}, '^[0-9]{{8}}T?[0-9]{{6}}') END"
    )


def amount(text: str) -> str:
    """An amount of money as DECIMAL, in the forms of ``read_number``."""
    digits = f"replace({text}, '.', '')"
    for blank in BLANK.strip("[]"):
        digits = f"replace({digits}, '{blank}', '')"
    forms = {
        POINTED: f"replace({digits}, ',', '.')",
        DECIMAL: f"replace({text}, ',', '.')",
        COMMAED: f"replace({text}, ',', '')",
        MARKED: f"replace({text}, 'e0', '')",
    }
    cases = " ".join(
        f"WHEN {_is(text, form)} THEN try_cast({plain} AS {_MONEY})"
        for form, plain in forms.items()
    )
    return (
        f"CASE WHEN {text} IS NULL THEN NULL"
        f" WHEN {_is(text, '-?[0-9]+')} THEN try_cast({text} AS {_MONEY}) {cases} END"
    )


def whole_number(text: str) -> str:
    """A whole number from 0 with at most four digits, in the form of ``read_whole``."""
    number = _whole(text)
    return (
        f"CASE WHEN {_is(text, '[0-9]{1,4}')} THEN CAST({text} AS INTEGER)"
        f" WHEN {_is(text, WHOLE)} AND {number} <= 9999 THEN CAST({number} AS INTEGER) END"
    )


def is_cell_error(text: str) -> str:
    """Whether a text is a spreadsheet's word for a formula that failed."""
    first = f"({text} >= '#' AND {text} < '$') OR ({text} >= 'E' AND {text} < 'F')"
    return f"coalesce(CASE WHEN {first} THEN {_is(text, cell_errors())} ELSE false END, false)"


def dossier_code(text: str, day: str) -> str:
    """The code in capitals, if it is well formed and its YYMMDD is a real ``day``."""
    well_formed = _is(f"upper({text})", DOSSIER_CODE)
    return f"CASE WHEN {well_formed} AND {day} IS NOT NULL THEN upper({text}) END"


def code_day(code: str) -> str:
    """The day in a dossier's code."""
    return f"try_strptime(split_part({code}, '-', 2), '%y%m%d')"


def procedure_code(text: str) -> str:
    """The national code, without the local suffix; where it came as a number, with its zeros."""
    number = [f"regexp_extract({text}, '{PROCEDURE_NUMBER}', {group})" for group in (1, 2)]
    return (
        f"CASE WHEN {_is(text, PROCEDURE)} THEN left({text}, 8)"
        f" WHEN {_is(text, PROCEDURE_NUMBER)}"
        f" THEN {number[0]} || '.' || rpad({number[1]}, 6, '0') END"
    )


def field_code(text: str) -> str:
    """The field's code; UNKNOWN where none is given, NULL for what cannot be published as one."""
    reserved = ", ".join(literal(name) for name in value_words().reserved_fields)
    return (
        f"CASE WHEN {text} IS NULL THEN 'UNKNOWN'"
        f" WHEN length({text}) > {_LONGEST_FIELD} OR upper({text}) IN ({reserved}) THEN NULL"
        f" WHEN regexp_full_match({text}, '{_PLAIN_FIELD}') THEN {text}"
        f" WHEN NOT regexp_matches({text}, '{_NO_FIELD}') THEN {text} END"
    )


def is_like_formula(text: str) -> str:
    """Whether a spreadsheet would run a text."""
    return f"coalesce(substr({text}, 1, 1) IN ('=', '+', '-', '@'), false)"


def last_new_due(supplements: str) -> str:
    """The text of the last new due date among the supplements.

    By their reception, else their request, else their order; undated ones come first.
    """
    at = f"coalesce({moment('x.NgayTiepNhanBoSung')}, {moment('x.NgayBoSung')})"
    ordered = (
        f"list_transform(list_filter({supplements}, lambda x: x.NgayHenTraMoi IS NOT NULL),"
        f" lambda x, i: {{'at': coalesce({at}, TIMESTAMP '0001-01-01'), 'i': i,"
        f" 'due': x.NgayHenTraMoi}})"
    )
    return f"CASE WHEN {supplements} IS NOT NULL THEN list_max({ordered}).due END"


def has_unreadable_date(supplements: str) -> str:
    """Whether a date among the supplements cannot be read."""
    leaves = ("x.NgayBoSung", "x.NgayTiepNhanBoSung", "x.NgayHenTraMoi")
    known = f"BETWEEN TIMESTAMP '{EARLIEST}' AND TIMESTAMP '{LATEST}'"
    bad = " OR ".join(
        f"({x} IS NOT NULL AND coalesce(NOT ({moment(x)} {known}), true))" for x in leaves
    )
    return (
        f"CASE WHEN {supplements} IS NULL THEN false"
        f" ELSE array_length(list_filter({supplements}, lambda x: {bad})) > 0 END"
    )
