"""What the texts of a dossier mean: SQL expressions that read one value each.

Belongs here: moments, amounts, codes, words, the last due date among supplements. Does not: where
texts come from (``record_files``), which of them make a row unusable (``staging``).

An expression gives NULL for an empty text and for one that cannot be read; the caller tells them
apart by the text. It is DuckDB's SQL; what another engine makes of a function or of a pattern that
is new here must be taught to its dialect (``engines.spark_dialect``).
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from cchc_pipeline.reference import read_yaml

DOSSIER_CODE = r"(?:\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}|[A-Z]\d{2}(?:\.[0-9A-Z]{1,6})*)-\d{6}-\d{4,}"
"""Article 19 of Circular 01/2018/TT-VPCP, and the newer form of the unit's code (believed)."""

_PROCEDURE = r"(\d\.\d{6})(?:\.\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2})?"
_PLAIN_FIELD = r"[A-Za-z][A-Za-z0-9._-]*"
_NO_FIELD = r"^[^\p{L}\p{N}]|[^\p{L}\p{N}._/\- ]|\d{9}"
_LONGEST_FIELD = 40
_OFFSET = r"(Z|[+-]\d\d(:?\d\d)?)"
_HOURS_AHEAD = 7  # Asia/Ho_Chi_Minh has had no other offset since 1975
_EARLIEST, _LATEST = "TIMESTAMP '1990-01-01'", "TIMESTAMP '2100-01-01'"


@cache
def dossier_codes() -> Mapping[str, Mapping[str, Any]]:
    """The codes and words of each coded field, from ``schemas/records/dossier_values.yaml``."""
    codes: Mapping[str, Mapping[str, Any]] = read_yaml("records/dossier_values.yaml")["codes"]
    return codes


def fold_word(word: str) -> str:
    """A word without case, accents, spacing and punctuation."""
    bare = unicodedata.normalize("NFD", word.casefold().replace("đ", "d"))
    return re.sub(r"[^a-z0-9]", "", bare)


def _folded(text: str) -> str:
    """``fold_word`` in SQL."""
    bare = f"replace(lower(strip_accents({text})), 'đ', 'd')"
    return f"regexp_replace({bare}, '[^a-z0-9]', '', 'g')"


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def code(field: str, text: str) -> str:
    """The code of a coded field: an integer; NULL if the text is none of its codes or words.

    Codes and words as they are declared come first: folding a million texts costs seconds.
    """
    known = dossier_codes()[field]
    words: Mapping[int, Sequence[str]] = known["words"]
    exact = {text: number for number, said in words.items() for text in (str(number), *said)}
    by_code = " ".join(f"WHEN {quoted(text)} THEN {number}" for text, number in exact.items())
    by_word = " ".join(
        f"WHEN '{fold_word(word)}' THEN {number}" for number, said in words.items() for word in said
    )
    worded = f"CASE {_folded(text)} {by_word} END" if by_word else "NULL"
    read = f"CASE {text} {by_code} ELSE {worded} END"
    empty = known.get("empty")
    return read if empty is None else f"CASE WHEN {text} IS NULL THEN {empty} ELSE {read} END"


def moment(text: str) -> str:
    """A moment on the city's clock, whole seconds; a day without a time is its 00:00.

    Read are ``yyyyMMddHHmmss``, ISO 8601 (an offset is turned into the city's), ``dd/mm/yyyy`` with
    or without a time, and Excel's serial days.
    """
    iso = (
        f"CASE WHEN regexp_matches({text}, '{_OFFSET}$') AND length({text}) > 16"
        f" THEN {_without_offset(text)} ELSE try_cast({text} AS TIMESTAMP) END"
    )
    slashes = f"try_strptime({text}, ['%d/%m/%Y %H:%M:%S', '%d/%m/%Y', '%d/%m/%Y %H:%M'])"
    serial = f"try_cast(replace(replace({text}, 'e0', ''), ',', '.') AS DOUBLE)"
    day = f"TIMESTAMP '1899-12-30' + to_seconds(CAST(round({serial} * 86400) AS BIGINT))"
    return (
        f"CASE WHEN {text} IS NULL THEN NULL"
        f" WHEN contains({text}, '/') THEN {slashes}"
        f" WHEN substr({text}, 5, 1) = '-' THEN date_trunc('second', {iso})"
        f" WHEN length({text}) = 14 THEN try_strptime({text}, '%Y%m%d%H%M%S')"
        rf" WHEN regexp_full_match({text}, '\d{{5}}([.,]\d+)?(e0)?') THEN {day} END"
    )


def _without_offset(text: str) -> str:
    """An ISO moment that gives its offset from UTC, on the city's clock."""
    zone = f"regexp_extract({text}, '{_OFFSET}$', 0)"
    hours = f"coalesce(try_cast(left({zone}, 3) AS INTEGER), 0)"
    minutes = f"coalesce(try_cast(left({zone}, 1) || right({zone}, 2) AS INTEGER), 0)"
    minutes = f"CASE WHEN length({zone}) > 3 THEN {minutes} ELSE 0 END"
    local = f"try_cast(regexp_replace({text}, '{_OFFSET}$', '') AS TIMESTAMP)"
    return f"({local} - to_minutes({hours} * 60 + {minutes}) + INTERVAL {_HOURS_AHEAD} HOUR)"


def plausible(read: str) -> str:
    """A moment that a dossier can have; a year of two digits or a slip of centuries is none."""
    return f"CASE WHEN {read} BETWEEN {_EARLIEST} AND {_LATEST} THEN {read} END"


def is_timed(text: str) -> str:
    """Whether a moment's text gives a time of day; explicit midnight is one."""
    fraction = rf"regexp_matches({text}, '^\d{{5}}[.,]\d*[1-9]')"
    return f"CASE WHEN length({text}) = 14 OR contains({text}, ':') THEN true ELSE {fraction} END"


def amount(text: str) -> str:
    """An amount of money as DECIMAL: ``50000``, ``1.234.567``, ``12500,5``; ``e0`` ends a number.

    A point before exactly three digits groups thousands, as offices write it; any other point or
    comma begins the decimals. Numbers of native files end in ``e0`` where they have decimals.
    """
    plain = f"try_cast({text} AS DECIMAL(18, 2))"
    grouped = f"replace(replace({text}, '.', ''), ',', '.')"
    return (
        f"CASE WHEN {text} IS NULL THEN NULL"
        rf" WHEN regexp_full_match({text}, '-?\d+') THEN {plain}"
        f" WHEN ends_with({text}, 'e0')"
        f" THEN try_cast(left({text}, length({text}) - 2) AS DECIMAL(18, 2))"
        rf" WHEN regexp_full_match({text}, '-?\d{{1,3}}(\.\d{{3}})+(,\d+)?|-?\d+,\d+')"
        f" THEN try_cast({grouped} AS DECIMAL(18, 2))"
        rf" WHEN regexp_full_match({text}, '-?\d+\.\d+') THEN {plain} END"
    )


def whole_number(text: str) -> str:
    """A whole number from 0 with at most four digits."""
    return rf"CASE WHEN regexp_full_match({text}, '\d{{1,4}}') THEN CAST({text} AS INTEGER) END"


def dossier_code(text: str) -> str:
    """The code in capitals, if it is well formed and its YYMMDD is a real day."""
    day = rf"try_strptime(regexp_extract(upper({text}), '-(\d{{6}})-', 1), '%y%m%d')"
    return (
        f"CASE WHEN regexp_full_match(upper({text}), '{DOSSIER_CODE}') AND {day} IS NOT NULL"
        f" THEN upper({text}) END"
    )


def procedure_code(text: str) -> str:
    """The national code, without the local suffix."""
    return f"CASE WHEN regexp_full_match({text}, '{_PROCEDURE}') THEN left({text}, 8) END"


def field_code(text: str) -> str:
    """The field's code; UNKNOWN where none is given, NULL for what cannot be published as one."""
    reserved = ", ".join(quoted(name) for name in reserved_fields())
    return (
        f"CASE WHEN {text} IS NULL THEN 'UNKNOWN'"
        f" WHEN length({text}) > {_LONGEST_FIELD} OR upper({text}) IN ({reserved}) THEN NULL"
        f" WHEN regexp_full_match({text}, '{_PLAIN_FIELD}') THEN {text}"
        f" WHEN NOT regexp_matches({text}, '{_NO_FIELD}') THEN {text} END"
    )


def reserved_fields() -> Sequence[str]:
    """The codes that the published table keeps for itself."""
    names: Sequence[str] = read_yaml("records/dossier_values.yaml")["reserved_fields"]
    return names


def is_like_formula(text: str) -> str:
    """Whether a spreadsheet would run a text."""
    return rf"coalesce(regexp_matches({text}, '^[=+\-@]'), false)"


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
    bad = " OR ".join(f"({x} IS NOT NULL AND ({plausible(moment(x))}) IS NULL)" for x in leaves)
    return (
        f"CASE WHEN {supplements} IS NULL THEN false"
        f" ELSE array_length(list_filter({supplements}, lambda x: {bad})) > 0 END"
    )
