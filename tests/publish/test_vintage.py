"""Which release last changed a row, and how many rows differ from the release before."""

from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_contract
from publish.release import TableChange
from publish.vintage import compare, stamp
from tests.publish.small_release import Row, score_rows, small_tables, table

SCORES = load_contract("scores")
R1, R2 = "2024-03.r1", "2024-03.r2"


def old_scores() -> pa.Table:
    return table("scores", score_rows(release=R1))


def releases(content: pa.Table) -> list[str | None]:
    return list(content.column("release").to_pylist())


def changed(number: int, **values: Any) -> pa.Table:
    """The scores with one row changed."""
    rows = score_rows()
    rows[number] |= values
    return table("scores", rows)


def test_the_first_release_stamps_every_row() -> None:
    stamped, change = stamp(table("scores", score_rows()), None, SCORES, R1)
    assert set(releases(stamped)) == {R1}
    assert change == TableChange(added=21)


def test_an_unchanged_row_keeps_its_release() -> None:
    stamped, change = stamp(table("scores", score_rows()), old_scores(), SCORES, R2)
    assert set(releases(stamped)) == {R1}
    assert not change.any


def test_a_changed_row_gets_this_release_and_the_others_keep_theirs() -> None:
    stamped, change = stamp(changed(0, score=49.51), old_scores(), SCORES, R2)
    assert releases(stamped).count(R2) == 1
    assert stamped.to_pylist()[releases(stamped).index(R2)]["score"] == 49.51
    assert change == TableChange(revised=1)


def test_a_value_that_goes_missing_is_a_change() -> None:
    _, change = stamp(changed(0, score=None, obs_status="O"), old_scores(), SCORES, R2)
    assert change == TableChange(revised=1)


def test_a_new_row_gets_this_release() -> None:
    more = [*score_rows(), *score_rows(basis="ytd")[:1]]
    stamped, change = stamp(table("scores", more), old_scores(), SCORES, R2)
    assert releases(stamped).count(R2) == 1
    assert change == TableChange(added=1)


def test_volatile_columns_do_not_count() -> None:
    later = table("scores", score_rows(captured_at="2024-06-01"))
    stamped, change = stamp(later, old_scores(), SCORES, R2)
    assert not change.any
    assert set(releases(stamped)) == {R1}
    assert set(stamped.column("captured_at").to_pylist()) == {"2024-06-01"}


def test_removed_rows_are_counted() -> None:
    _, change = stamp(table("scores", score_rows()[:-2]), old_scores(), SCORES, R2)
    assert change == TableChange(removed=2)


def test_a_table_without_the_column_is_compared_and_not_stamped() -> None:
    units = small_tables()["units"]
    stamped, change = stamp(units.slice(1), units, load_contract("units"), R2)
    assert stamped.equals(units.slice(1))
    assert change == TableChange(removed=1)


def test_a_row_from_before_the_column_existed_gets_this_release() -> None:
    without = table("scores", score_rows(release=None))
    stamped, change = stamp(table("scores", score_rows()), without, SCORES, R2)
    assert set(releases(stamped)) == {R2}
    assert not change.any


def test_the_keys_of_rows_that_are_not_as_before_are_named() -> None:
    _, touched = compare(changed(0, score=49.51), old_scores(), SCORES)
    assert touched == {("2024-03", "month", "Z00", "TOTAL")}


_SCORES_BY_ROW = st.lists(st.none() | st.integers(0, 1000), min_size=21, max_size=21)


def _with_scores(scores: list[int | None], chosen: list[bool]) -> pa.Table:
    rows: list[Row] = [
        row | {"score": None if score is None else score / 100}
        for row, score, keep in zip(score_rows(release=R1), scores, chosen, strict=True)
        if keep
    ]
    return table("scores", rows)


_SOME = st.lists(st.booleans(), min_size=21, max_size=21)


@given(_SCORES_BY_ROW, _SOME, _SCORES_BY_ROW, _SOME)
def test_rows_before_and_after_are_accounted_for(
    old_scores: list[int | None], old: list[bool], new_scores: list[int | None], new: list[bool]
) -> None:
    before, after = _with_scores(old_scores, old), _with_scores(new_scores, new)
    stamped, change = stamp(after, before, SCORES, R2)
    assert after.num_rows == before.num_rows + change.added - change.removed
    assert releases(stamped).count(R2) == change.added + change.revised
    again, _ = stamp(after, stamped, SCORES, "2024-03.r3")
    assert again.equals(stamped)
