"""Corrections by hand: read with care, guarded by what they expect, and told to readers."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import yaml

from cchc_pipeline.core.errors import CheckFailedError, SourceError
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.observations import correct_observations, correction_rows
from cchc_pipeline.sources.records.corrections import Entry, read_corrections, todo_of_replayed

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


def with_raw(field: str, raw: str) -> bytes:
    """An entry as a person types it, with one field written as it stands."""
    lines = {
        "basis": "month", "unit_code": "Z00.01", "metric_code": "TDGQ", "action": "replace",
        "value": "18.25", "expect": "81.25", "reason_code": "SRC",
        "reason": '{vi: "Nguồn gõ nhầm", en: "The source mistyped"}',
        "reported_by": "Cơ quan thử nghiệm", "reported_on": "2026-10-20",
    }  # fmt: skip
    body = "\n  ".join(f"{name}: {text}" for name, text in (lines | {field: raw}).items())
    return f"corrections:\n- {body}\n".encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    "raw",
    [
        ".nan", ".inf", "-.inf", "NaN", "Infinity", "18:25", "1:18:25", "0o17", "012", "0x1F",
        "1_000", "1e3", "yes", "true", "'18.25'", "18,25", "[18.25]", "{a: 1}", "-3.7", "101",
        "1e400", "9" * 400, "18.25.1", "++1",
    ],
)  # fmt: skip
def test_what_yaml_or_a_person_may_take_for_a_number_is_refused(raw: str) -> None:
    with pytest.raises(SourceError, match=r"^corrections\.yaml: entry 1: ") as refused:
        read_corrections(with_raw("value", raw), "corrections.yaml")
    assert len(str(refused.value)) <= 500


@pytest.mark.parametrize("raw", ["-1", "2.5", "true", "1e2", "'2'"])
@pytest.mark.parametrize("field", ["value", "expect"])
def test_a_count_is_a_whole_number_not_below_zero(field: str, raw: str) -> None:
    column = b"\n  column: numerator\n  action: replace\n"
    good = {"value": b"value: 2", "expect": b"expect: 3"}
    content = with_raw("value", "2").replace(b"expect: 81.25", b"expect: 3")
    content = content.replace(b"\n  action: replace\n", column)
    assert read_corrections(content, "corrections.yaml")[0].value == 2
    with pytest.raises(SourceError, match="entry 1: "):
        read_corrections(
            content.replace(good[field], f"{field}: {raw}".encode()), "corrections.yaml"
        )


@pytest.mark.parametrize(
    "raw",
    [
        "2026-02-30", "2026-13-01", "20261020", "20/10/2026", "0000-00-00", "2026-10-20T08:00:00Z",
        "null", "[2026-10-20]", "18:25", "2026-10",
    ],
)  # fmt: skip
def test_a_day_that_is_none_is_refused_in_one_line(raw: str) -> None:
    with pytest.raises(SourceError, match=r"entry 1: reported_on: .* is not a real date"):
        read_corrections(with_raw("reported_on", raw), "corrections.yaml")


@pytest.mark.parametrize(
    ("field", "raw", "said"),
    [
        ("unit_code", "24", "is not a unit's code"), ("unit_code", "[H24]", "a list"),
        ("metric_code", "'TDGQ; x'", "is not a metric's code"),
        ("reported_by", '"a\\x1bb"', r"a\\x1bb.* control character"),
        ("reported_by", '"a\\u202eb"', r"a\\u202eb"), ("reported_by", "x" * 1001, "longer than"),
        ("reason", "chữ", "reason"), ("reason", "{vi: a, en: [b]}", "reason.en: a list"),
    ],
)  # fmt: skip
def test_each_field_has_its_form(field: str, raw: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        read_corrections(with_raw(field, raw), "corrections.yaml")


def test_null_is_what_the_source_left_out_however_it_is_written() -> None:
    for raw in ("null", "~", ""):
        assert read_corrections(with_raw("expect", raw), "x")[0].expect is None


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in pairwise("abcdefghi")
)


@pytest.mark.parametrize(
    "content",
    [
        BOMB.encode(), b"corrections: &a [*a]", b"[" * 9000, b"- " * 9000, b"{a: " * 9000,
        b"corrections: !!python/object/apply:os.system [ls]", b"corrections: []\n---\nb: 1",
        b"corrections:\n\t- a: 1", b"corrections: \x00", "corrections: []".encode("utf-16"),
        b"? {a: 1}\n: 2", b"<<: {corrections: []}", b"%YAML 9.9\n---\na", b"*a", b"\xc3\x28",
        b"corrections: []\n" + b"#" * (1 << 20), b"corrections: [=]", b"corrections: [1, a]",
    ],
)  # fmt: skip
def test_what_is_more_than_plain_yaml_is_refused_by_name_and_soon(content: bytes) -> None:
    with pytest.raises(SourceError, match=r"^corrections\.yaml: ") as refused:
        read_corrections(content, "corrections.yaml")
    assert len(str(refused.value)) <= 500
    assert str(refused.value).isprintable()


def test_a_byte_order_mark_and_windows_lines_are_read() -> None:
    content = b"\xef\xbb\xbf" + with_raw("value", "18.25").replace(b"\n", b"\r\n")
    assert read_corrections(content, "x")[0].value == 18.25


def test_many_faults_are_a_few_and_how_many_more() -> None:
    with pytest.raises(SourceError, match="and 27 more") as refused:
        read_corrections(written(*[ENTRY | {"value": f"v{i}"} for i in range(32)]), "c.yaml")
    assert len(str(refused.value)) <= 500


def test_a_replayed_file_says_how_it_is_mended() -> None:
    todo = todo_of_replayed("corrections.yaml", Month(2026, 9), "2026-10-12T01:30:00Z")
    with pytest.raises(SourceError) as refused:
        read_corrections(with_raw("reported_on", "2026-02-30"), "corrections.yaml", todo)
    assert "the copy of 2026-10-12T01:30:00Z" in str(refused.value)
    assert "cchc withdraw 2026-09 corrections.yaml --reason" in str(refused.value)


# Applying


def test_a_score_above_its_maximum_is_not_put() -> None:
    with pytest.raises(CheckFailedError, match=r"cannot be 21, its maximum is 20"):
        corrected(value=21.0)


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
