"""The forms of a table: the same cells in all four, and the exact form of the CSV."""

import io
import json
import re
import unicodedata
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.contracts import FieldType, load_contract, parse_contract
from cchc_pipeline.contracts.checks import blocking_lines, check_table
from cchc_pipeline.core.errors import CheckFailedError
from publish.model import Draft
from publish.package.formats import (
    Rows,
    first_difference,
    from_csv,
    from_json,
    from_parquet,
    rows_of,
    to_csv,
    to_json,
    to_parquet,
)
from publish.package.workbook import from_xlsx, to_xlsx, workbook_of

_SHEET = "xl/worksheets/sheet2.xml"
TYPES: tuple[FieldType, ...] = (
    "string", "yearmonth", "date", "datetime", "integer", "number", "boolean",
)  # fmt: skip


def _field(name: str, type_: FieldType, **other: Any) -> dict[str, Any]:
    decimals = {"decimals": 2} if type_ == "number" else {}
    return {
        "name": name, "type": type_, "title": {"vi": f"Cột {name}", "en": name},
        "description": {"vi": "Một cột", "en": "A column"}, "unit": {"vi": "—", "en": "none"},
    } | decimals | other  # fmt: skip


EVERY_TYPE = parse_contract(
    {
        "table": "every_type", "basis": "trial", "public": True, "partitioned": False,
        "title": {"vi": "Mọi kiểu", "en": "Every type"},
        "description": {"vi": "Mọi kiểu", "en": "Every type"},
        "primary_key": ["key"],
        "fields": [_field("key", "integer", required=True), *(_field(f"a_{t}", t) for t in TYPES)],
    },
    "inline",
)  # fmt: skip

# What a contract lets through: text in NFC without control characters or stray spaces, two
# decimals, whole numbers that a double can hold, days that Excel knows.
_WORDS = ["Đồ Sơn", "Thủy Nguyên", '"quoted", and comma', "a;b", "007", "2024-03", "_x0041_", "1e5"]
_CHARACTERS = st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Zs", "Zl", "Zp", "Cf"))
_TEXT = (st.sampled_from(_WORDS) | st.text(_CHARACTERS, min_size=1)).map(
    lambda text: unicodedata.normalize("NFC", text)
)
_CENTS = st.integers(-(10**11), 10**11)
_VALUES: dict[FieldType, st.SearchStrategy[Any]] = {
    "string": _TEXT,
    "yearmonth": st.dates(date(1, 1, 1)).map(lambda day: day.isoformat()[:7]),
    "date": st.dates(date(1900, 3, 1)),
    "datetime": st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(
        lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
    ),
    "integer": st.integers(-(2**53), 2**53),
    "number": st.sampled_from([0.0, -0.0, 0.01, -0.01, 99.99]) | _CENTS.map(lambda c: c / 100),
    "boolean": st.booleans(),
}
_ROW = st.tuples(*(st.none() | _VALUES[type_] for type_ in TYPES))


def _table(rows: list[tuple[Any, ...]]) -> pa.Table:
    names = [field.name for field in EVERY_TYPE.fields]
    keyed = [dict(zip(names, (number, *row), strict=True)) for number, row in enumerate(rows)]
    return pa.Table.from_pylist(keyed, schema=EVERY_TYPE.arrow_schema())


def _one(**cells: Any) -> pa.Table:
    names = [field.name for field in EVERY_TYPE.fields]
    row = dict.fromkeys(names) | {"key": 1} | cells
    return pa.Table.from_pylist([row], schema=EVERY_TYPE.arrow_schema())


def _read_back(table: pa.Table, draft: Draft) -> dict[str, Rows]:
    return {
        "csv": from_csv(to_csv(table, EVERY_TYPE), EVERY_TYPE),
        "json": from_json(to_json(table), EVERY_TYPE),
        "parquet": from_parquet(to_parquet(table, EVERY_TYPE), EVERY_TYPE),
        "xlsx": from_xlsx(to_xlsx(table, EVERY_TYPE, draft), EVERY_TYPE),
    }


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(_ROW, max_size=6))
def test_the_four_formats_carry_the_same_cells(
    rows: list[tuple[Any, ...]], good_draft: Draft
) -> None:
    table = _table(rows)
    for form, cells in _read_back(table, good_draft).items():
        assert first_difference(rows_of(table), cells) == "", form


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(_ROW, max_size=4), times=st.integers(1, 20))
def test_a_workbook_filled_up_is_the_one_with_every_cell_written(
    rows: list[tuple[Any, ...]], times: int, good_draft: Draft
) -> None:
    table = _table(rows * times)
    cells = (
        (row, column, value)
        for row, values in enumerate(rows_of(table))
        for column, value in enumerate(values)
    )
    plain = workbook_of(cells, table.num_rows, EVERY_TYPE, good_draft)
    assert to_xlsx(table, EVERY_TYPE, good_draft) == plain


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(_ROW, max_size=6))
def test_csv_is_utf8_with_lf_and_nothing_in_front(rows: list[tuple[Any, ...]]) -> None:
    content = to_csv(_table(rows), EVERY_TYPE)
    assert not content.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in content
    assert content.endswith(b"\n")
    assert content.count(b"\n") == len(rows) + 1
    assert unicodedata.is_normalized("NFC", content.decode("utf-8"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00"), (-0.0, "0.00"), (86.97, "86.97"), (100.0, "100.00"), (-0.5, "-0.50"),
        (12345678901.25, "12345678901.25"), (1e15, "1000000000000000.00"), (None, ""),
    ],
)  # fmt: skip
def test_csv_numbers_have_their_declared_decimals_and_no_exponent(
    value: float | None, text: str
) -> None:
    (_, line) = to_csv(_one(a_number=value, a_boolean=True), EVERY_TYPE).decode().splitlines()
    assert line == f"1,,,,,,{text},true"


def test_csv_shows_days_and_moments_as_iso_and_quotes_only_what_must_be(good_draft: Draft) -> None:
    table = _one(
        a_string='Sở A, "Một cửa"', a_yearmonth="2024-03", a_date=date(2024, 3, 31),
        a_datetime=datetime(2024, 4, 1, 8, 30, tzinfo=UTC), a_integer=7, a_boolean=False,
    )  # fmt: skip
    (_, line) = to_csv(table, EVERY_TYPE).decode().splitlines()
    assert line == '1,"Sở A, ""Một cửa""",2024-03,2024-03-31,2024-04-01T08:30:00Z,7,,false'


def test_the_columns_stand_in_the_order_of_the_contract() -> None:
    heading = ",".join(field.name for field in EVERY_TYPE.fields)
    table = _one(a_number=1.0)
    assert to_csv(table, EVERY_TYPE).decode().startswith(f"{heading}\n")
    (row,) = json.loads(to_json(table))
    assert ",".join(row) == heading
    assert pq.read_schema(pa.BufferReader(to_parquet(table, EVERY_TYPE))).names == heading.split(
        ","
    )


def test_json_is_a_top_level_array_with_a_line_for_each_row_and_text_as_it_is() -> None:
    content = to_json(_table([("Đồ Sơn", *[None] * 6), ("An Lão", *[None] * 6)])).decode()
    assert "Đồ Sơn" in content
    assert len(content.splitlines()) == 4
    assert isinstance(json.loads(content), list)


def test_an_empty_table_is_empty_in_every_format(good_draft: Draft) -> None:
    assert [*_read_back(_table([]), good_draft).values()] == [[], [], [], []]


def test_parquet_has_the_declared_types_and_carries_its_descriptor() -> None:
    schema = pq.read_schema(pa.BufferReader(to_parquet(_one(), EVERY_TYPE)))
    described = json.loads(schema.metadata[b"tableSchema"])
    assert schema.metadata[b"table"] == b"every_type"
    assert [field["name"] for field in described["fields"]] == schema.names


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (1, 1.0), (0, False), (1.0, True), ("1", 1), (None, "")]
)
def test_cells_that_python_calls_equal_differ_if_their_types_do(one: Any, other: Any) -> None:
    assert first_difference([("a", one)], [("a", other)]).startswith("row 1: ")


def test_a_truth_value_in_a_column_of_numbers_is_noticed(good_draft: Draft) -> None:
    table = _table([(None,) * 7, (None,) * 7])
    content = to_xlsx(table, EVERY_TYPE, good_draft)
    book = zipfile.ZipFile(io.BytesIO(content))
    parts = {name: book.read(name) for name in book.namelist()}
    sheet = re.sub(rb'<c r="A2" s="\d+"><v>0', b'<c r="A2" t="b"><v>0', parts[_SHEET], count=1)
    assert sheet != parts[_SHEET]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as other:
        for name, part in (parts | {_SHEET: sheet}).items():
            other.writestr(name, part)
    assert first_difference(rows_of(table), from_xlsx(out.getvalue(), EVERY_TYPE))


@pytest.mark.parametrize("value", [86.974, 0.001, 1 / 3, float("nan")])
def test_a_number_that_two_decimals_cannot_hold_is_noticed(value: float) -> None:
    table = _one(a_number=value)
    assert first_difference(rows_of(table), from_csv(to_csv(table, EVERY_TYPE), EVERY_TYPE))
    assert any("decimals" in line for line in blocking_lines(check_table(table, EVERY_TYPE)))


def test_no_number_is_infinite() -> None:
    lines = blocking_lines(check_table(_one(a_number=float("inf")), EVERY_TYPE))
    assert [line.split(":")[0] for line in lines] == ["every_type.a_number.decimals"]


def test_an_integer_that_a_spreadsheet_cannot_hold_is_noticed(good_draft: Draft) -> None:
    table = _one(a_integer=2**53 + 1)
    back = _read_back(table, good_draft)
    differing = [form for form in back if first_difference(rows_of(table), back[form])]
    assert differing == ["xlsx"]


@pytest.mark.parametrize(
    "text",
    ["two\nlines", "a\ttab", "=1+1", "+84", "-dash", "@name", " stray", "", "Thu\u0309y"],
)
def test_text_that_a_format_or_a_spreadsheet_would_change_is_refused_by_the_contract(
    text: str,
) -> None:
    lines = blocking_lines(check_table(_one(a_string=text), EVERY_TYPE))
    assert [line.split(":")[0] for line in lines] == ["every_type.text"]


@pytest.mark.parametrize("text", ["Sở A, Sở B", 'mục "d"', "50 - 60", "a=b"])
def test_commas_quotes_and_signs_within_a_text_are_let_through(text: str) -> None:
    assert blocking_lines(check_table(_one(a_string=text), EVERY_TYPE)) == []


def test_a_file_with_other_columns_or_another_order_is_no_copy_of_the_table() -> None:
    contract = load_contract("successions")
    table = pa.Table.from_pylist([], schema=contract.arrow_schema())
    swapped = table.select([*reversed(table.column_names)])
    csv = b",".join(name.encode() for name in swapped.column_names) + b"\n"
    with pytest.raises(CheckFailedError, match="columns"):
        from_csv(csv, contract)
    with pytest.raises(CheckFailedError, match="columns"):
        from_json(b'[{"old_code":null}]', contract)
    sink = pa.BufferOutputStream()
    pq.write_table(swapped, sink)
    with pytest.raises(CheckFailedError, match="columns"):
        from_parquet(sink.getvalue().to_pybytes(), contract)


def test_parquet_of_other_types_is_no_copy_of_the_table() -> None:
    table = _one(a_integer=1)
    floating = table.set_column(5, "a_integer", pa.array([1.0]))
    sink = pa.BufferOutputStream()
    pq.write_table(floating, sink)
    with pytest.raises(CheckFailedError, match="types"):
        from_parquet(sink.getvalue().to_pybytes(), EVERY_TYPE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([(1,)], [(True,)]),
        ([(1.0,)], [(1,)]),
        ([(None,)], [("",)]),
        ([(1,)], [(1,), (2,)]),
        ([("Thủy",)], [(unicodedata.normalize("NFD", "Thủy"),)]),
        ([(date(2024, 3, 1),)], [(date(2024, 3, 1) + timedelta(days=1),)]),
    ],
)
def test_cells_differ_by_value_type_and_number(one: Rows, other: Rows) -> None:
    assert first_difference(one, other)
    assert first_difference(one, one) == ""


@pytest.mark.parametrize(
    ("good", "bad"), [(b",true\n", b",TRUE\n"), (b",7,", b",seven,"), (b",7,", b",7,8,")]
)
def test_a_cell_that_is_not_of_its_type_is_no_copy_of_the_table(good: bytes, bad: bytes) -> None:
    content = to_csv(_one(a_integer=7, a_boolean=True), EVERY_TYPE).replace(good, bad)
    with pytest.raises((ValueError, KeyError)):
        from_csv(content, EVERY_TYPE)
