"""Rows of a small record out of the table that a reader found."""

import duckdb

from cchc_pipeline.sources.readers.staged_rows import rows_of_relation
from cchc_pipeline.sources.readers.text_relation import TextRelation
from cchc_pipeline.sources.records.rows import RecordRow

SOURCE = "(VALUES ('a', NULL, false), ('sum', 'x', true), ('b', 'y', false)) AS t(p, q, total)"


def _relation(row: str | None, fault: str | None) -> TextRelation:
    return TextRelation(
        "tthc.csv", None, SOURCE, {"MaTTHC": "upper(p)", "TenTTHC": "q"}, row, 4, fault, "total",
        None, (), (),
    )  # fmt: skip


def test_lines_of_sums_are_left_out_and_keep_their_place_in_the_count() -> None:
    with duckdb.connect() as connection:
        rows = list(rows_of_relation(_relation(None, None), connection))
    assert rows == [
        RecordRow("tthc.csv", 4, {"MaTTHC": "A", "TenTTHC": None}),
        RecordRow("tthc.csv", 6, {"MaTTHC": "B", "TenTTHC": "y"}),
    ]


def test_a_reader_s_own_numbers_and_faults_are_passed_on() -> None:
    with duckdb.connect() as connection:
        rows = list(rows_of_relation(_relation("10 + length(p)", "'too few cells'"), connection))
    assert [(row.row, row.fault) for row in rows] == [(11, "too few cells")] * 2
