"""SQL and Python read every text of one table of examples alike."""

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import pytest

from cchc_pipeline.sources.dossiers import values as sql
from cchc_pipeline.sources.records import values
from tests.sources.value_examples import (
    CODES,
    MOMENTS,
    NUMBERS,
    PROCEDURES,
    WHOLE_NUMBERS,
    decimal,
)


def _in_sql(expression: str, texts: Sequence[str]) -> list[Any]:
    """What DuckDB makes of texts, in their order."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT {expression} FROM (SELECT unnest($1) AS t, generate_subscripts($1, 1) AS n)"  # noqa: S608 - our own expressions
            " ORDER BY n",
            [list(texts)],
        )
        return [row[0] for row in rows.fetchall()]


def _in_python(read: Callable[[str], Any], texts: Sequence[str]) -> list[Any]:
    """What Python makes of texts; None where it refuses one."""

    def one(text: str) -> Any:
        try:
            return read(text)
        except ValueError:
            return None

    return [one(text) for text in texts]


def test_a_moment_is_told_by_its_form_in_sql_and_in_python() -> None:
    texts = [text for text, _, _ in MOMENTS]
    expected = {text: at for text, at, _ in MOMENTS}
    assert dict(zip(texts, _in_sql(sql.plausible(sql.moment("t")), texts), strict=True)) == expected
    found = _in_python(lambda text: values.read_moment(text).at, texts)
    assert dict(zip(texts, found, strict=True)) == expected


def test_whether_a_moment_has_a_time_is_the_same_in_sql_and_in_python() -> None:
    read = {text: timed for text, at, timed in MOMENTS if at is not None}
    assert dict(zip(read, _in_sql(sql.is_timed("t"), list(read)), strict=True)) == read
    found = _in_python(lambda text: values.read_moment(text).timed, list(read))
    assert dict(zip(read, found, strict=True)) == read


def test_an_amount_and_a_number_are_read_by_one_rule() -> None:
    texts = [text for text, _ in NUMBERS]
    numbers = [decimal(number) for _, number in NUMBERS]
    cents = [n if n is None else n.quantize(Decimal("0.01"), ROUND_HALF_UP) for n in numbers]
    assert dict(zip(texts, _in_sql(sql.amount("t"), texts), strict=True)) == dict(
        zip(texts, cents, strict=True)
    )
    assert dict(zip(texts, _in_python(values.read_number, texts), strict=True)) == dict(
        zip(texts, numbers, strict=True)
    )


def test_a_whole_number_is_the_same_however_a_program_writes_it() -> None:
    texts = [text for text, _ in WHOLE_NUMBERS]
    assert list(zip(texts, _in_sql(sql.whole_number("t"), texts), strict=True)) == [*WHOLE_NUMBERS]
    assert list(zip(texts, _in_python(values.read_whole, texts), strict=True)) == [*WHOLE_NUMBERS]


@pytest.mark.parametrize(("field", "text", "code"), CODES)
def test_a_code_is_the_code_a_number_for_it_or_a_word(
    field: str, text: str, code: int | None
) -> None:
    assert _in_sql(sql.code(field, "t"), [text]) == [code]
    assert _in_python(lambda said: values.read_coded(field, said), [text]) == [code]


def test_a_procedure_s_code_gets_its_last_zeros_back() -> None:
    texts = [text for text, _ in PROCEDURES]
    assert list(zip(texts, _in_sql(sql.procedure_code("t"), texts), strict=True)) == [*PROCEDURES]
    found = _in_python(values.read_procedure_code, texts)
    assert list(zip(texts, found, strict=True)) == [*PROCEDURES]


@pytest.mark.parametrize(
    ("text", "is_error"),
    [("#REF!", True), ("#N/A", True), ("#NAME?", True), ("#SPILL!", True), ("#CALC!", True),
     ("Err:502", True), ("########", True), ("#1", False), ("Đăng ký #N/A", False),
     ("Err: 502", False), ("N/A", False), ("E", False)],
)  # fmt: skip
def test_what_a_failed_formula_leaves_is_known(text: str, is_error: bool) -> None:
    assert _in_sql(sql.is_cell_error("t"), [text]) == [is_error]
    assert values.is_cell_error(text) is is_error


def test_a_message_shows_a_number_as_it_stands_in_its_file() -> None:
    assert values.without_mark("9.99e0") == "9.99"
    assert values.without_mark("30000 + 1.5e0") == "30000 + 1.5"
    assert values.without_mark("1e05") == "1e05"
