"""Corrections by hand: read with care, guarded by what they expect, and told to readers."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from cchc_pipeline.errors import CheckFailedError, SourceError
from cchc_pipeline.indicators.corrected import correct_observations, correction_rows
from cchc_pipeline.period import Month
from cchc_pipeline.sources.corrections import Entry, read_corrections

ENTRY: dict[str, Any] = {
    "basis": "month", "unit_code": "Z00.01", "metric_code": "TDGQ", "action": "replace",
    "value": 18.25, "expect": 81.25, "reason_code": "SRC",
    "reason": {"vi": "Nguồn gõ nhầm", "en": "The source mistyped"},
    "reported_by": "Cơ quan thử nghiệm", "reported_on": "2026-10-20",
}  # fmt: skip
OBSERVED: dict[str, Any] = {
    "period": "2026-09", "basis": "month", "unit_code": "Z00.01", "metric_code": "TDGQ",
    "score": 81.25, "max_score": 20.0, "numerator": 3, "denominator": 4, "ratio": 75.0,
    "obs_status": "A", "quality_flag": "NULL_METRIC",
}  # fmt: skip


def written(*entries: dict[str, Any]) -> bytes:
    return yaml.safe_dump({"corrections": list(entries)}, allow_unicode=True).encode()


def read(**changes: Any) -> tuple[Entry, ...]:
    entry = {name: value for name, value in (ENTRY | changes).items() if value != "absent"}
    return read_corrections(written(entry), "corrections.yaml")


def corrected(**changes: Any) -> dict[str, Any]:
    (row,) = correct_observations([OBSERVED], read(**changes), "corrections.yaml")
    return dict(row)


# Reading


def test_a_file_is_read_and_an_empty_list_is_one() -> None:
    (entry,) = read()
    assert (entry.value, entry.expect, entry.column) == (18.25, 81.25, "score")
    assert read_corrections(b"corrections: []\n", "x") == ()
    assert read_corrections(b"corrections:\n", "x") == ()


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "not YAML": (lambda: b"corrections: [", "not YAML"),
    "not UTF-8": (lambda: b"\xff\xfe\x00", "not YAML"),
    "another key": (lambda: b"fixes: []", "one key, corrections"),
    "no list": (lambda: b"corrections: {a: 1}", "list of entries"),
    "a key twice": (lambda: b"corrections:\n- value: 1\n  value: 2\n", "'value' stands 2 times"),
    "a misspelt field": (lambda: written(ENTRY | {"valeu": 1}), "did you mean value"),
    "no reason": (
        lambda: written({k: v for k, v in ENTRY.items() if k != "reason"}),
        "entry 1: reason: Field required",
    ),
    "an unknown reason": (lambda: written(ENTRY | {"reason_code": "OOPS"}), "reason_code"),
    "an empty reason": (lambda: written(ENTRY | {"reason": {"vi": " ", "en": "x"}}), "empty"),
    "no value to put": (lambda: written(ENTRY | {"value": None}), "a replacement has a value"),
    "withheld, and a value": (lambda: written(ENTRY | {"action": "withhold"}), "nothing else has"),
    "a column that is not corrected": (lambda: written(ENTRY | {"column": "rank"}), "column"),
    "a value that is no number": (lambda: written(ENTRY | {"value": "many"}), "value"),
    "a formula": (lambda: written(ENTRY | {"reported_by": "=1+1"}), "begins like a formula"),
    "a telephone": (lambda: written(ENTRY | {"reported_by": "gọi 0912345678"}), "looks like"),
    "one cell twice": (lambda: written(ENTRY, ENTRY), "2 entries correct month Z00.01 TDGQ"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_used_is_one_line(case: str) -> None:
    content, said = REFUSED[case]
    with pytest.raises(SourceError, match=said) as refused:
        read_corrections(content(), "corrections.yaml")
    assert str(refused.value).startswith("corrections.yaml: ")
    assert "\n" not in str(refused.value)


# Applying


def test_a_replaced_score_is_flagged_and_everything_else_stands() -> None:
    assert corrected() == OBSERVED | {"score": 18.25, "quality_flag": "CORRECTED;NULL_METRIC"}


def test_a_corrected_count_has_its_ratio_computed_anew() -> None:
    row = corrected(column="numerator", value=2, expect=3)
    assert (row["numerator"], row["denominator"], row["ratio"]) == (2, 4, None)


def test_a_withheld_figure_is_empty_and_says_so() -> None:
    row = corrected(action="withhold", value="absent")
    assert [row[name] for name in ("score", "numerator", "denominator", "ratio")] == [None] * 4
    assert (row["obs_status"], row["quality_flag"]) == ("O", "NULL_METRIC;WITHHELD")


def test_the_guard_fails_once_the_source_has_mended_it() -> None:
    mended = [OBSERVED | {"score": 18.25}]
    with pytest.raises(CheckFailedError, match=r"the source has mended .* remove the entry"):
        correct_observations(mended, read(), "corrections.yaml")


def test_the_guard_fails_when_the_source_says_something_else() -> None:
    with pytest.raises(CheckFailedError, match=r"entry 1: the source says 12\.5 .* review"):
        correct_observations([OBSERVED | {"score": 12.5}], read(), "corrections.yaml")


def test_nothing_is_corrected_that_is_not_there() -> None:
    with pytest.raises(CheckFailedError, match=r"says nothing of month Z00\.02 TDGQ"):
        correct_observations([OBSERVED], read(unit_code="Z00.02"), "corrections.yaml")


def test_a_value_that_the_source_left_out_can_be_put() -> None:
    silent = OBSERVED | {"score": None, "obs_status": "O"}
    (row,) = correct_observations([silent], read(expect=None), "corrections.yaml")
    assert (row["score"], row["obs_status"]) == (18.25, "A")


def test_without_corrections_nothing_changes() -> None:
    assert correct_observations([OBSERVED], (), "") == [OBSERVED]


def test_readers_see_both_values_and_the_reason() -> None:
    (row,) = correction_rows(Month(2026, 9), read())
    assert (row["source_value"], row["corrected_value"]) == (81.25, 18.25)
    assert (row["reason_vi"], row["reported_by"]) == ("Nguồn gõ nhầm", "Cơ quan thử nghiệm")
