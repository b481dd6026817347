"""A row of a release is a sample as soon as one thing that it was made from is."""

from typing import Any

import pyarrow as pa
import pytest

from cchc_pipeline.core.period import Month
from publish.release.provenance import SampleInputs, Samples, with_provenance
from tests.publish.small_release import FIRST, ROOT, SECOND, table

JANUARY, FEBRUARY, MARCH = (Month(2024, number) for number in (1, 2, 3))
MADE_UP = "H24.M01"


def stated(name: str, rows: list[dict[str, Any]], samples: Samples) -> list[str]:
    """What each row says, in the order in which they are given."""
    columns = {key: [row.get(key) for row in rows] for row in rows for key in row}
    columns |= {"provenance": [None] * len(rows)}
    content = pa.table(columns).cast(pa.schema([(key, pa.string()) for key in columns]))
    return with_provenance(name, content, samples)["provenance"].to_pylist()


def of(month: Month, **inputs: Any) -> Samples:
    """One month of which some input is a sample."""
    months = {of: SampleInputs() for of in (JANUARY, FEBRUARY, MARCH)}
    return Samples(ROOT, frozenset({MADE_UP}), months | {month: SampleInputs(**inputs)})


def target(period: Month, indicator: str, basis: str, unit: str = ROOT) -> dict[str, Any]:
    return {
        "period": str(period), "indicator_id": indicator, "basis": basis, "unit_code": unit,
    }  # fmt: skip


def test_a_unit_that_was_made_up_has_sample_rows_in_every_table_of_figures() -> None:
    rows = [{"period": "2024-01", "unit_code": unit} for unit in (FIRST, MADE_UP)]
    for name in ("petition_statistics", "dossier_statistics"):
        assert stated(name, rows, of(MARCH)) == ["official", "sample"]


def test_one_unit_of_sample_dossiers_makes_its_own_rows_and_the_citys_samples() -> None:
    rows = [
        {"period": p, "unit_code": u} for p in ("2024-02", "2024-03") for u in (ROOT, FIRST, SECOND)
    ]
    samples = of(FEBRUARY, dossiers=frozenset({FIRST}))
    assert stated("dossier_statistics", rows, samples) == [
        "sample", "sample", "official", "official", "official", "official",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("period", "basis", "expected"),
    [
        (JANUARY, "month", "official"), (JANUARY, "ytd", "official"),
        (FEBRUARY, "month", "sample"), (FEBRUARY, "ytd", "sample"),
        (MARCH, "month", "official"), (MARCH, "ytd", "sample"),
    ],
)  # fmt: skip
def test_a_sum_of_the_year_stays_a_sample_after_the_month_that_was_one(
    period: Month, basis: str, expected: str
) -> None:
    samples = of(FEBRUARY, dossiers=frozenset({FIRST}))
    assert stated("plan_indicators", [target(period, "24", basis)], samples) == [expected]


def test_a_target_is_a_sample_by_what_it_is_measured_from_and_by_nothing_else() -> None:
    """24 is counted from dossiers, 22a from forms, 25a from the catalogue, 31 from our own log."""
    rows = [target(MARCH, indicator, "ytd") for indicator in ("24", "22a", "25a", "31")]
    cases = {
        "dossiers": {"dossiers": frozenset({FIRST})},
        "forms": {"items": frozenset({"22a"})},
        "catalogue": {"tables": frozenset({"procedures"}), "has_catalogue": True},
    }
    found = {name: stated("plan_indicators", rows, of(MARCH, **how)) for name, how in cases.items()}
    assert found == {
        "dossiers": ["sample", "official", "official", "official"],
        "forms": ["official", "sample", "official", "official"],
        "catalogue": ["official", "official", "sample", "official"],
    }


def test_a_later_catalogue_that_is_real_makes_the_share_official_again() -> None:
    months = {
        FEBRUARY: SampleInputs(tables=frozenset({"procedures"}), has_catalogue=True),
        MARCH: SampleInputs(has_catalogue=True),
    }
    rows = [target(month, "25a", "ytd") for month in (FEBRUARY, MARCH)]
    found = stated("plan_indicators", rows, Samples(ROOT, months=months))
    assert found == ["sample", "official"]


def test_a_task_measured_from_a_sample_catalogue_is_a_sample_and_no_other() -> None:
    rows = [{"period": "2024-03", "task_id": task} for task in ("31", "32")]
    for source in ("procedures", "national_procedures"):
        samples = of(FEBRUARY, tables=frozenset({source}))
        assert stated("plan_tasks", rows, samples) == ["official", "sample"]
    assert stated("plan_tasks", rows, of(MARCH)) == ["official", "official"]


def test_a_change_is_a_sample_if_either_catalogue_was() -> None:
    row = {"catalogue": "procedures", "procedure_key": "1.000001", "column": "*", "change": "new"}
    rows = [
        row | {"period": "2024-03", "compared_with": "2024-02"},
        row | {"period": "2024-03", "compared_with": "2024-01"},
        row | {"period": "2024-02", "compared_with": "2024-01"},
        row | {"period": "2024-03", "compared_with": "2024-02", "catalogue": "national_procedures"},
    ]
    samples = of(FEBRUARY, tables=frozenset({"procedures"}))
    assert stated("procedure_changes", rows, samples) == [
        "sample", "official", "sample", "official",
    ]  # fmt: skip


def test_a_score_is_a_sample_by_its_own_source() -> None:
    rows = [{"unit_code": FIRST, "source_system": s} for s in ("dvcqg-2026", "sample", None)]
    assert stated("scores", rows, of(MARCH)) == ["official", "sample", "official"]


def test_what_was_handed_in_is_a_sample_by_its_source_and_for_dossiers_by_its_unit() -> None:
    samples = of(MARCH, tables=frozenset({"petitions"}), dossiers=frozenset({FIRST}))
    rows = [
        {"period": "2024-03", "table": source, "unit_code": unit}
        for source, unit in (("petitions", ROOT), ("dossiers", FIRST), ("dossiers", SECOND))
    ]
    for name in ("submissions", "quarantine_summary"):
        assert stated(name, rows, samples) == ["sample", "sample", "official"]


def test_a_list_of_codes_and_the_units_own_word_stay_as_they_are() -> None:
    units = table("units", [])
    assert with_provenance("units", units, of(MARCH)) is units
