"""One rule cleans a cell, as SQL for every reader and for a text in hand."""

import unicodedata
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.sources.readers import reading as readers
from cchc_pipeline.sources.readers.text_relation import BLANKS, Spelling, clean, clean_text, reading
from cchc_pipeline.sources.readers.upload_schema import shown
from tests.builders.records import (
    HEADINGS,
    NAMES,
    csv_text,
    objects,
    read,
    record,
    rows_of,
    write_jsonl,
    write_xlsx,
)

CODE = record(1)[0]
GUARDED = {
    f"'{CODE}": CODE,
    f'="{CODE}"': CODE,
    f' ="{CODE}" ': CODE,
    f"\u200e{CODE}\u202c": CODE,
    f"\u00ad\u2060{CODE}\u200b": CODE,
    "''x": "'x",
    '="': '="',
    "'": None,
    unicodedata.normalize("NFD", "Cấp đổi"): "Cấp đổi",
}
NOTHINGS = ("-", "--", "–", "—", "NULL", "null", "N/A", "n/a", "NaN", "None", "'-", '="NULL"',
            " - ", "\u00a0NULL\u200b", "\\N")  # fmt: skip
NO_NOTHINGS = ("-5", "#N/A", "NULLA", "- mẫu", "Nam", "Không", "0", "x")


def in_sql(text: str, spelling: Spelling | None = None) -> str | None:
    query = f"SELECT {clean('cell', spelling or Spelling())} FROM (SELECT $1 AS cell)"  # noqa: S608
    with duckdb.connect() as connection:
        found: str | None = connection.execute(query, [text]).fetchall()[0][0]
    return found


@pytest.mark.parametrize(("text", "expected"), GUARDED.items())
def test_one_guard_and_what_nobody_sees_are_taken_off(text: str, expected: str | None) -> None:
    assert (in_sql(text), clean_text(text) or None) == (expected, expected)


@pytest.mark.parametrize("text", NOTHINGS)
def test_a_word_for_nothing_is_empty(text: str) -> None:
    assert (in_sql(text), clean_text(text)) == (None, "")


@pytest.mark.parametrize("text", NO_NOTHINGS)
def test_what_only_looks_like_nothing_stays(text: str) -> None:
    assert (in_sql(text), clean_text(text)) == (text, text)


@given(st.text(st.sampled_from([*BLANKS, *"'=\"-–NnUuLl/Aấa\u0301x0"]), max_size=12))
def test_sql_and_python_clean_alike(text: str) -> None:
    assert (in_sql(text) or "") == clean_text(text)


@pytest.mark.parametrize("text", [*GUARDED, *NOTHINGS, *NO_NOTHINGS, "Thủ tục", "a\u200bb", " 5 "])
@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("column", [2, 7])
def test_a_pass_over_the_text_sees_what_cleaning_needs(
    tmp_path: Path, text: str, quoted: bool, column: int
) -> None:
    cells = record(1)
    cells[column] = text
    rows = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in cells] if quoted else cells]
    path = tmp_path / "ho-so.csv"
    path.write_bytes("".join(";".join(row) + "\r\n" for row in (HEADINGS, *rows)).encode())
    (relation,) = read(path)
    assert rows_of(relation, NAMES[column]) == [(2, clean_text(text) or None)]
    assert relation.row is None or '="' in text


@pytest.mark.parametrize("kind", ["csv", "xlsx", "jsonl"])
def test_every_format_cleans_alike(tmp_path: Path, kind: str) -> None:
    texts = [text for text in (*GUARDED, *NOTHINGS, *NO_NOTHINGS) if text[0] != "="]  # a formula
    path = tmp_path / f"ho-so.{kind}"
    if kind == "csv":
        path.write_bytes(csv_text([HEADINGS, *(record(1, text) for text in texts)], ";").encode())
    elif kind == "xlsx":
        write_xlsx(path, {"A": [HEADINGS, *(record(1, text) for text in texts)]})
    else:
        write_jsonl(path, [objects()[0] | {"TenTTHC": text} for text in texts])
    (relation,) = read(path)
    assert [text for _, text in rows_of(relation, "TenTTHC")] == [
        clean_text(text) or None for text in texts
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\nx\n"])
def test_a_note_counts_the_cells_that_say_nothing(tmp_path: Path, end: str) -> None:
    rows = [record(1, "-"), record(2), record(3, "NULL"), ["Tổng", *["-"] * 7]]
    path = tmp_path / "ho-so.csv"
    path.write_bytes(csv_text([HEADINGS, *rows]).rstrip("\n").encode() + end.encode())
    notes = read(path)[0].notes
    assert notes[-1] == "2 ô ghi “-”, NULL, N/A hoặc tương tự được coi là trống"


def test_clean_cells_cost_no_more_than_before() -> None:
    assert clean("x", Spelling(False, False, False, False)) == "nullif(trim(x), '')"


FAULTS: tuple[Callable[[], Exception], ...] = (
    lambda: ValueError("bí mật"),
    lambda: KeyError("bí mật"),
    lambda: UnicodeEncodeError("utf-8", "bí mật", 0, 1, "x"),
    lambda: OSError("bí mật"),
    RecursionError,
    MemoryError,
    lambda: duckdb.InternalException("bí mật"),
    lambda: duckdb.BinderException("bí mật"),
)
PASSING: tuple[Callable[[], BaseException], ...] = (
    lambda: OSError(28, "No space left on device"),
    lambda: duckdb.IOException("Could not write file: No space left on device"),
    lambda: duckdb.InterruptException("x"),
    KeyboardInterrupt,
)


def failure(folder: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> BaseException:
    """What comes out of reading a file whose reader raises."""

    def failing(*_: object) -> None:
        raise error

    monkeypatch.setattr(readers, "read_csv", failing)
    path = folder / "ho-so.csv"
    path.write_bytes(csv_text([HEADINGS, record(1)]).encode())
    with pytest.raises(BaseException) as caught:
        read(path)
    return caught.value


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_fails_in_a_reader_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Callable[[], Exception]
) -> None:
    error = fault()
    told = failure(tmp_path, monkeypatch, error)
    assert isinstance(told, SourceError)
    assert told.__cause__ is error
    assert str(told).startswith("ho-so.csv: ")
    assert "bí mật" not in str(told)


@pytest.mark.parametrize("fault", PASSING)
def test_an_interrupt_and_a_full_disk_are_not_the_file_s_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Callable[[], BaseException]
) -> None:
    error = fault()
    assert failure(tmp_path, monkeypatch, error) is error


def test_a_scan_that_fails_tells_the_file_only() -> None:
    cell = "SELECT CAST('0912345678 x' AS INTEGER)"
    with pytest.raises(SourceError) as caught, reading("ho-so.csv"), duckdb.connect() as connection:
        connection.execute(cell).fetchall()
    assert "0912345678" not in str(caught.value)
    assert isinstance(caught.value.__cause__, duckdb.Error)


def test_headings_are_quoted_on_one_line_and_with_nothing_raw() -> None:
    assert shown("Mã\n\x1b[31m  hồ sơ\u202e") == "Mã \\x1b[31m hồ sơ\\u202e"
    assert shown("x" * 100) == "x" * 39 + "…"
