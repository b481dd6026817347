"""The city's dossiers beside the portal's counts: what differs, and what the figures suggest."""

from typing import Any

import pytest

from cchc_pipeline.contracts import load_code_list
from cchc_pipeline.indicators.dossier_measures import MEASURE_NAMES
from cchc_pipeline.indicators.reconciliation import (
    OurFigures,
    likely_cause,
    our_figures,
    reconcile,
)

ROOT, ONE, TWO = "H24", "H24.01", "H24.02"
Row = dict[str, Any]


def ours(unit: str = ONE, period: str = "2026-09", **said: Any) -> Row:
    """A row ALL of dossier_statistics: 100 received, 20 carried over, 90 synchronised."""
    return {
        **dict.fromkeys(MEASURE_NAMES, 0), "period": period, "unit_code": unit, "carried_over": 20,
        "received": 100, "early": 50, "on_time": 30, "received_online": 60, "synced": 90,
        "source": "dossiers", "provenance": "official",
    } | said  # fmt: skip


def theirs(metric: str, numerator: int | None, denominator: int | None, **said: Any) -> Row:
    return {
        "unit_code": ONE, "metric_code": metric, "numerator": numerator, "denominator": denominator,
        "obs_status": "A", "provenance": "official",
    } | said  # fmt: skip


def silent(unit: str) -> Row:
    return ours(unit, carried_over=None, received=None)


def test_each_figure_that_both_tell_is_compared_with_its_difference() -> None:
    figures = our_figures([ours()], ["2026-09"], [], ROOT)
    scores = [theirs("PROGRESS_ON_TIME", 85, 100), theirs("ONLINE_SUBMISSION", 60, None)]
    found = reconcile(figures, scores)
    assert [(c.measure, c.ours, c.theirs, c.difference, c.cause) for c in found] == [
        ("received", 100, 100, 0, "equal"),
        ("on_time", 80, 85, -5, "definition"),
        ("online", 60, 60, 0, "equal"),
    ]


def test_what_one_side_does_not_tell_is_not_compared() -> None:
    figures = our_figures([ours(received_online=None)], ["2026-09"], [], ROOT)
    assert reconcile(figures, [theirs("ONLINE_SUBMISSION", 60, 100)]) == []
    assert reconcile(figures, [theirs("PROGRESS_ON_TIME", None, None)]) == []
    assert reconcile(figures, [theirs("PROGRESS_ON_TIME", 1, 2, unit_code=TWO)]) == []


def test_a_window_of_months_adds_them_up_and_a_unit_that_lacks_one_is_left_out() -> None:
    months = ["2026-08", "2026-09"]
    rows = [ours(period=month) for month in months] + [ours(TWO)]
    figures = our_figures(rows, months, [], ROOT)
    assert figures.keys() == {ONE}
    assert figures[ONE].sum_of("received") == 200
    assert figures[ONE].rows[0]["period"] == "2026-08"


def test_both_provenances_stand_beside_their_figures() -> None:
    figures = our_figures([ours(provenance="sample")], ["2026-09"], [], ROOT)
    (found,) = reconcile(figures, [theirs("PROGRESS_ON_TIME", None, 90)])
    assert (found.our_provenance, found.their_provenance) == ("sample", "official")


CASES: dict[str, tuple[OurFigures, str, int, str]] = {
    "equal": (OurFigures((ours(),)), "received", 100, "A"),
    "summed": (OurFigures((ours(source="summed"),)), "received", 110, "A"),
    "provisional": (OurFigures((ours(),)), "received", 110, "P"),
    "units_missing": (OurFigures((ours(ROOT),), silent=1), "received", 110, "A"),
    "set_aside": (OurFigures((ours(),), set_aside=10), "received", 110, "A"),
    "carried_over": (OurFigures((ours(),)), "received", 121, "A"),
    "not_synced": (OurFigures((ours(),)), "received", 90, "A"),
    "definition": (OurFigures((ours(),)), "on_time", 85, "A"),
    "unknown": (OurFigures((ours(),)), "received", 150, "A"),
}


@pytest.mark.parametrize("cause", CASES)
def test_a_cause_is_told_where_the_figures_fit_it(cause: str) -> None:
    figures, measure, count, status = CASES[cause]
    own = figures.sum_of(*(("early", "on_time") if measure == "on_time" else ("received",)))
    assert own is not None
    assert likely_cause(measure, figures, own, count, status) == cause


def test_every_cause_of_the_list_has_a_case() -> None:
    assert [code.code for code in load_code_list("reconciliation_causes").codes] == list(CASES)


def test_rows_set_aside_and_units_without_dossiers_are_those_of_the_window() -> None:
    handed_in = [
        {"period": period, "table": table, "unit_code": ONE, "quarantined": 3}
        for period in ("2026-08", "2026-09")
        for table in ("dossiers", "petitions")
    ]
    found = our_figures([ours(ROOT), ours(), silent(TWO)], ["2026-09"], handed_in, ROOT)
    assert (found[ONE].set_aside, found[ONE].silent, found[ROOT].silent) == (3, 0, 1)
