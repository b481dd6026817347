"""Counts over the months of a span: what a month does not tell, the span does not."""

from typing import Any

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.dossier_measures import MEASURE_NAMES
from cchc_pipeline.reports.chapters.flows import sum_of

FEBRUARY, MARCH = Month(2024, 2), Month(2024, 3)


def row(month: Month, **said: Any) -> dict[str, Any]:
    """A row of dossier_statistics with every column of its contract."""
    columns = [field.name for field in load_contract("dossier_statistics").fields]
    return {
        **dict.fromkeys(columns), **dict.fromkeys(MEASURE_NAMES, 1), "period": str(month),
        "unit_code": "H24.01", "field_code": "ALL", "source": "dossiers", "obs_status": "A",
        "conf_status": "F", "provenance": "official",
    } | said  # fmt: skip


def test_every_column_of_counts_is_added_up_and_no_other() -> None:
    found = sum_of([row(FEBRUARY), row(MARCH)], [FEBRUARY, MARCH])
    assert found.counts.keys() == {*MEASURE_NAMES}
    assert (found.counts["received"], found.counts["open_in_time"]) == (2, 1)


def test_a_month_of_a_summed_table_leaves_unknown_what_the_table_does_not_tell() -> None:
    summed = row(MARCH, source="summed", withdrawn=None, synced=None)
    found = sum_of([row(FEBRUARY), summed], [FEBRUARY, MARCH])
    assert (found.counts["received"], found.counts["withdrawn"]) == (2, None)
    assert found.share(("synced",), ("received",)) is None
