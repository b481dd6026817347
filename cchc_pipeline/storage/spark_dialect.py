"""DuckDB's SQL in Spark's words, for what this package asks of an engine.

Belongs here: the translation, function by function, where sqlglot alone would change the meaning.
Does not: any query, or starting Spark.

What is peculiar to DuckDB and kept: what its cast to a moment reads (``2024-3-5 8:30``, ``24:00``,
a zone that is passed over), ``strptime`` with fields of one digit, a pattern's end that is the end
of the text, a sum that passes over NULL, a hash that tells NULL in one column from NULL in the
next. A year before the first is none here; no rule and no measure tells it from none.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.generators.spark import SparkGenerator

_MOMENT = "TIMESTAMP_NTZ"
_DAY = r"(\d{4}-\d{1,2}-\d{1,2})"
_ZONE = r"(?:Z|[+-]\d\d(?::?\d\d(?::\d\d)?)?| [A-Za-z0-9_/:+-]+)?\s*"
_MIDNIGHT = rf"24(?=:0{{0,2}}(?::0{{0,2}}(?:\.0*)?)?{_ZONE}\z)"
_AT_MIDNIGHT = r"[T\s]0*24:"
_MINUTE = r"(?:([0-5]?\d)(?::(?:([0-5]?\d)(?:\.\d*)?)?)?)?"
_CLOCK = rf"0*(?:([01]?\d|2[0-3])|{_MIDNIGHT}):{_MINUTE}"
_ANY_MOMENT = rf"(?s)\A(?:{_DAY}(?:(?:T|\s)\s*{_CLOCK}{_ZONE})?|.*)\z"
_FIELDS = {
    "%Y": r"(\d{1,4})", "%y": r"(\d{2})", "%m": r"(\d{1,2})", "%d": r"(\d{1,2})",
    "%H": r"(\d{1,2})", "%M": r"(\d{1,2})", "%S": r"(\d{1,2})",
}  # fmt: skip


@cache
def to_spark(query: str) -> str:
    """A query of DuckDB's dialect in Spark's.

    Args:
        query: One statement.
    """
    [statement] = sqlglot.transpile(
        query, read="duckdb", write=SparkOfCchc, unsupported_level=sqlglot.ErrorLevel.RAISE
    )
    return statement


def _text(value: str) -> exp.Expression:
    return exp.Literal.string(value)


def _pattern(pattern: exp.Expression) -> exp.Expression:
    """A pattern whose end is the end of the text, not a line's."""
    return _text(re.sub(r"(?<!\\)\$", r"\\z", pattern.name))


def _full_match(generator: SparkGenerator, node: exp.Expression) -> str:
    pattern = _text(rf"\A(?:{node.expression.name})\z")
    return f"{generator.sql(node, 'this')} RLIKE {generator.sql(pattern)}"


def _matches(generator: SparkGenerator, node: exp.Expression) -> str:
    pattern = generator.sql(_pattern(node.expression))
    return f"{generator.sql(node, 'this')} RLIKE {pattern}"


def _extract(generator: SparkGenerator, node: exp.Expression) -> str:
    pattern, group = _pattern(node.expression), node.args.get("group")
    return generator.func("REGEXP_EXTRACT", node.this, pattern, group)


def _replace(generator: SparkGenerator, node: exp.Expression) -> str:
    """Spark replaces every match, DuckDB with the option ``g`` only, or where there is but one."""
    every = node.args.get("modifiers") is not None or node.expression.name.endswith("$")
    if not every:
        generator.unsupported("regexp_replace of the first match only")
    pattern = _pattern(node.expression)
    return generator.func("REGEXP_REPLACE", node.this, pattern, node.args["replacement"])


def _trunc(generator: SparkGenerator, node: exp.Expression) -> str:
    return f"CAST(DATE_TRUNC('{node.args['unit'].name}', {generator.sql(node.this)}) AS {_MOMENT})"


def _try_cast(generator: SparkGenerator, node: exp.TryCast) -> str:
    if node.args["to"].this in (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ):
        return _moment(generator, node.this)
    return generator.trycast_sql(node)


def _moment(generator: SparkGenerator, text: exp.Expression) -> str:
    """A moment to the second, from what DuckDB reads as one; 24:00 is the next day's 00:00."""
    padded = generator.func("REGEXP_REPLACE", text, _text(_ANY_MOMENT), _text("$1 00$2:00$3:00$4"))
    whole = generator.func(
        "REGEXP_REPLACE", padded, _text(r"(?<=[ :])0*(\d\d)(?=:|\z)"), _text("$1")
    )
    midnight = f"{generator.sql(text)} RLIKE {generator.sql(_text(_AT_MIDNIGHT))}"
    return f"(TRY_CAST({whole} AS {_MOMENT}) + MAKE_DT_INTERVAL(CAST({midnight} AS INT)))"


def _strptime(generator: SparkGenerator, text: exp.Expression, formats: exp.Expression) -> str:
    """The first format that fits, as DuckDB's ``try_strptime`` has it."""
    several = formats.expressions if isinstance(formats, exp.Array) else [formats]
    return generator.func("COALESCE", *(_by_format(generator, text, f.name) for f in several))


def _by_format(generator: SparkGenerator, text: exp.Expression, form: str) -> str:
    """A moment by one format; a text that does not fit becomes one that is no moment."""
    said = re.findall(r"%.", form)
    pattern = "".join(
        _FIELDS.get(part) or (r"\s+" if part == " " else re.escape(part))
        for part in re.findall(r"%.|.", form)
    )
    place = {field: f"${number}" for number, field in enumerate(said, start=1)}
    year = f"000{place['%Y']}" if "%Y" in place else f"20{place['%y']}"
    clock = ":".join(place.get(field, "00") for field in ("%H", "%M", "%S"))
    shape = _text(rf"(?s)\A(?:{pattern}\s*|.*)\z")
    whole = _text(f"{year}-{place['%m']}-{place['%d']} {clock}")
    written = generator.func("REGEXP_REPLACE", text, shape, whole)
    if "%Y" in place:
        four = _text(r"\A0*(\d{4}-)")
        written = generator.func("REGEXP_REPLACE", written, four, _text("$1"))
    return f"TRY_CAST({written} AS {_MOMENT})"


@cache
def accented_letters() -> Mapping[str, str]:
    """The letters that are an ASCII letter with marks, each with that letter."""
    letters = (chr(code) for code in range(0x80, 0x10000) if not 0xD800 <= code < 0xE000)
    bare = {
        letter: "".join(
            char
            for char in unicodedata.normalize("NFD", letter)
            if not unicodedata.category(char).startswith("M")
        )
        for letter in letters
    }
    return {letter: text for letter, text in bare.items() if len(text) == 1 and text.isascii()}


def _strip_accents(generator: SparkGenerator, text: exp.Expression) -> str:
    """Marks of ASCII letters; others keep theirs, since no word that is looked for has one."""
    letters = accented_letters()
    return generator.func(
        "TRANSLATE", text, _text("".join(letters)), _text("".join(letters.values()))
    )


def _hash(generator: SparkGenerator, *columns: exp.Expression) -> str:
    """Spark's hash passes over NULL, so that (NULL, 1) and (1, NULL) would be alike."""
    told = (part for c in columns for part in (generator.func("ISNULL", c), generator.sql(c)))
    return f"XXHASH64({', '.join(told)})"


def _list_sum(generator: SparkGenerator, numbers: exp.Expression) -> str:
    kind = "DECIMAL(38, 2)"
    return (
        f"AGGREGATE({generator.sql(numbers)}, CAST(NULL AS {kind}),"
        f" (total, one) -> CAST(COALESCE(total + one, total, one) AS {kind}))"
    )


def _interval(place: int) -> Callable[..., str]:
    def written(generator: SparkGenerator, number: exp.Expression) -> str:
        parts = ["0"] * place + [generator.sql(number)]
        return f"MAKE_DT_INTERVAL({', '.join(parts)})"

    return written


def _as_is(name: str) -> Callable[..., str]:
    def written(generator: SparkGenerator, *arguments: exp.Expression) -> str:
        return generator.func(name, *arguments)

    return written


_FUNCTIONS: Mapping[str, Callable[..., str]] = {
    "HASH": _hash,
    "LIST_SUM": _list_sum,
    "STRIP_ACCENTS": _strip_accents,
    "TO_JSON": _as_is("TO_JSON"),
    "TO_MINUTES": _interval(2),
    "TO_SECONDS": _interval(3),
    "TRY_STRPTIME": _strptime,
}
"""The functions that sqlglot passes on as they are; any other is refused, not guessed."""


class SparkOfCchc(Spark):
    """Spark 4 in ANSI mode, with moments that have no zone."""

    class Generator(SparkGenerator):
        """Writes Spark's SQL."""

        TYPE_MAPPING: ClassVar = {
            **SparkGenerator.TYPE_MAPPING,
            exp.DType.TIMESTAMP: _MOMENT,
            exp.DType.DATETIME: _MOMENT,
        }
        TRANSFORMS: ClassVar = {
            **SparkGenerator.TRANSFORMS,
            exp.RegexpExtract: _extract,
            exp.RegexpFullMatch: _full_match,
            exp.RegexpLike: _matches,
            exp.RegexpReplace: _replace,
            exp.TimestampTrunc: _trunc,
            exp.TryCast: _try_cast,
        }

        def anonymous_sql(self, expression: exp.Anonymous) -> str:
            """A function that sqlglot does not know."""
            function = _FUNCTIONS.get(expression.name.upper())
            if function is None:
                self.unsupported(f"the function {expression.name}")
                return ""
            arguments: Sequence[exp.Expression] = expression.expressions
            return function(self, *arguments)
