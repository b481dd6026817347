"""Other engines on the lake: the whole tree is a table, and a query reads only what it needs."""

from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.period import Month
from cchc_pipeline.storage.lake import Lake, table_from_rows

CONTRACT = load_contract("score_recomputation")
ROOTS = ("H24", "H25")
MONTHS = tuple(Month(2024, 11).to(Month(2025, 2)))
UNITS = 5
LAST = str(MONTHS[-1])


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of two provinces and four months; a row group holds two units."""
    root = tmp_path_factory.mktemp("lake")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("cchc_pipeline.storage.lake.ROWS_PER_GROUP", 2)
        for code in ROOTS:
            for month in MONTHS:
                Lake(root, code).write(CONTRACT.table, month, rows(code, month))
    return root / CONTRACT.table


def rows(root: str, month: Month) -> pa.Table:
    return table_from_rows(
        CONTRACT,
        [
            {"period": str(month), "basis": "ytd", "unit_code": f"{root}.{number}",
             "metric_code": "TDGQ", "recomputed_score": 1.0, "difference": None}
            for number in range(UNITS)
        ],
    )  # fmt: skip


def test_every_engine_reads_the_whole_tree_with_its_partitions(tree: Path) -> None:
    whole = duckdb.sql(f"FROM '{tree}/*/*/*.parquet'")
    frame = pd.read_parquet(tree)
    found = [
        (whole.columns, len(whole.fetchall())),
        *((t.column_names, t.num_rows) for t in (pq.read_table(tree), _dataset(tree).to_table())),
        (list(frame.columns), len(frame)),
    ]
    expected = {*CONTRACT.arrow_schema().names, "root_unit", "month"}
    for columns, count in found:
        assert {*columns} == expected
        assert count == len(ROOTS) * len(MONTHS) * UNITS
    assert {*frame["month"]} == {*map(str, MONTHS)}


def test_a_query_for_a_month_and_unit_opens_one_file_and_one_row_group(tree: Path) -> None:
    with duckdb.connect() as connection:
        plan = connection.execute(
            "EXPLAIN ANALYZE SELECT sum(recomputed_score)"
            " FROM read_parquet(?, hive_types_autocast = false)"
            " WHERE root_unit = 'H24' AND month = ? AND unit_code = 'H24.3'",
            [f"{tree}/*/*/*.parquet", LAST],
        ).fetchall()
    told = str(plan[0][1])
    assert f"Scanning Files: 1/{len(ROOTS) * len(MONTHS)}" in told
    assert f"root_unit=H24/month={LAST}/" in told
    assert "Row Groups Scanned: 1 / 3" in told


def test_the_statistics_of_each_file_say_which_row_groups_hold_a_unit(tree: Path) -> None:
    of_the_month = (ds.field("root_unit") == "H24") & (ds.field("month") == LAST)
    (fragment,) = _dataset(tree).get_fragments(filter=of_the_month)
    groups = fragment.subset(ds.field("unit_code") == "H24.3").row_groups
    assert [group.id for group in groups] == [1]


def _dataset(tree: Path) -> ds.Dataset:
    return ds.dataset(tree, partitioning="hive")
