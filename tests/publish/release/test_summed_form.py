"""A month counted from dossiers, written as II.06a and read back: equal where both can tell."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.indicators.dossier_statistics import statistics_table
from cchc_pipeline.registers.units import UnitRegister, UnitTexts
from cchc_pipeline.sources.summed_tables.judging import FIGURES, judge_summaries, rows_of_file
from cchc_pipeline.sources.summed_tables.tables import tables_in
from publish.release.summed_form import FormOfMonth, summed_workbook
from tests.indicators.sample_dossiers import MARCH, counts, dossier
from tests.publish.small_release import unit

ONE, TWO = "H24.M01", "H24.M02"
UNITS = (
    unit("H24", level="city", parent_code=None, name_vi="Thành phố Thử"),
    unit(ONE, parent_code="H24", name_vi="Sở Thử Một"),
    unit(TWO, parent_code="H24", name_vi="Sở Thử Hai"),
)
TEXTS = UnitTexts(UnitRegister(UNITS), "H24", MARCH)
TOLD = tuple(name for name in FIGURES if name not in ("fully_online", "received_direct",
                                                      "received_postal"))  # fmt: skip
"""What II.06a tells; the rest of FIGURES it does not tell apart."""


def dossiers() -> list[Mapping[str, Any]]:
    """Two units with dossiers of every fate, two of the first one's withdrawn."""
    done = {"finished_at": "2024-03-20", "status": 10}
    return [
        dossier(), dossier(channel=2), dossier(channel=3), dossier(due_at="2024-03-10"),
        dossier(received_at="2024-02-02", due_at="2024-04-30"),
        dossier(**done, due_at="2024-03-25"), dossier(**done, due_at="2024-03-20", channel=2),
        dossier(**done, due_at="2024-03-15"), dossier(**done, due_at=None),
        dossier(finished_at="2024-03-21", status=7), dossier(finished_at="2024-03-21", status=8),
        dossier(unit_code=TWO, **done, due_at="2024-03-25"), dossier(unit_code=TWO, channel=2),
    ]  # fmt: skip


def rows_of_month(provenance: str = "sample") -> list[dict[str, Any]]:
    table = statistics_table(MARCH, "H24", [ONE, TWO], counts(dossiers()))
    return [row | {"provenance": provenance} for row in table.to_pylist()]


def form(rows: list[dict[str, Any]]) -> FormOfMonth:
    names = {one.code: one.name_vi for one in UNITS}
    return FormOfMonth(MARCH, "2024-03.r1", "H24", rows, names)


def test_what_is_written_of_a_month_is_read_back_equal_where_both_can_tell(tmp_path: Path) -> None:
    rows = rows_of_month()
    path = tmp_path / "tong-hop.xlsx"
    path.write_bytes(summed_workbook(form(rows)))
    (table,) = tables_in(path.name, path)
    assert (table.form, table.is_sample, table.period) == ("II.06a", True, (2024, 3))
    judged = judge_summaries(rows_of_file(path.name, [table], MARCH, TEXTS), TEXTS)
    assert not judged.quarantined
    summed = statistics_table(
        MARCH, "H24", [ONE, TWO], None, [one.as_row(MARCH) for one in judged.accepted]
    )
    counted = {row["unit_code"]: row for row in rows if row["field_code"] == "ALL"}
    read = {row["unit_code"]: row for row in summed.to_pylist()}
    assert {code: [read[code][name] for name in TOLD] for code in (ONE, TWO, "H24")} == {
        code: [counted[code][name] for name in TOLD] for code in (ONE, TWO, "H24")
    }
    assert counted[ONE]["withdrawn"] == 2
    assert read[ONE]["withdrawn"] is None
    assert {row["source"] for row in read.values()} == {"summed"}


def test_an_unknown_figure_is_an_empty_cell_in_its_row_and_in_the_total(tmp_path: Path) -> None:
    rows = [row | ({"early": None} if row["unit_code"] == TWO else {}) for row in rows_of_month()]
    path = tmp_path / "tong-hop.xlsx"
    path.write_bytes(summed_workbook(form(rows)))
    (table,) = tables_in(path.name, path)
    assert "early" in table.rows[0].cells
    assert "early" not in table.rows[1].cells
    assert table.total is not None and "early" not in table.total.cells


def test_the_same_month_gives_the_same_bytes_and_real_figures_bear_no_mark() -> None:
    assert summed_workbook(form(rows_of_month())) == summed_workbook(form(rows_of_month()))
    assert not form(rows_of_month("official")).is_sample


def test_a_month_without_figures_is_refused() -> None:
    rows = statistics_table(MARCH, "H24", [ONE, TWO], None).to_pylist()
    with pytest.raises(UsageError, match="no unit has figures"):
        summed_workbook(form(rows))
