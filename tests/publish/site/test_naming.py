"""Which scores may be compared on a page."""

from cchc_pipeline.indicators.comparability import is_comparable

BEFORE = {
    "period": "2025-05",
    "basis": "month",
    "methodology": "766-2022",
    "source_system": "dvcqg-legacy",
}


def test_scores_of_one_methodology_source_and_set_of_units_can_be_compared() -> None:
    assert is_comparable(BEFORE, BEFORE | {"period": "2025-06"})
    assert is_comparable(BEFORE | {"period": "2025-07"}, BEFORE | {"period": "2025-08"})


def test_nothing_is_compared_across_a_methodology_a_source_or_the_merger_of_july_2025() -> None:
    june = BEFORE | {"period": "2025-06"}
    assert not is_comparable(june, BEFORE | {"period": "2025-07"})
    assert not is_comparable(june, june | {"methodology": "766-2026"})
    assert not is_comparable(june, june | {"source_system": "sample"})
