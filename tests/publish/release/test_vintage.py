"""Which cells differ from the release before, and which release last changed a row."""

from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_contract
from publish.model import TableChange
from publish.release.comparison import Comparison, comparable, compare, stamp
from tests.publish.small_release import Row, score_rows, small_tables, table

R1, R2 = "2024-03.r1", "2024-03.r2"


def compared(new: pa.Table, old: pa.Table | None, name: str = "scores") -> Comparison:
    """Two states of a table by its contract."""
    contract = load_contract(name)
    return compare(new, old, contract.primary_key, comparable(contract))


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
    first = compared(table("scores", score_rows()), None)
    assert set(releases(stamp(first, R1))) == {R1}
    assert first.change == TableChange(added=21)


def test_an_unchanged_row_keeps_its_release() -> None:
    same = compared(table("scores", score_rows()), old_scores())
    assert set(releases(stamp(same, R2))) == {R1}
    assert not same.change.any
    assert list(same.row_changes("scores")) == []


def test_a_changed_row_gets_this_release_and_the_others_keep_theirs() -> None:
    revised = compared(changed(0, score=49.51), old_scores())
    stamped = stamp(revised, R2)
    assert releases(stamped).count(R2) == 1
    assert stamped.to_pylist()[releases(stamped).index(R2)]["score"] == 49.51
    assert revised.change == TableChange(revised=1)


def test_a_value_that_goes_missing_is_a_change() -> None:
    gone = compared(changed(0, score=None, obs_status="O"), old_scores())
    assert gone.change == TableChange(revised=1)
    (change,) = gone.row_changes("scores")
    assert change.columns == ("score", "obs_status")


def test_a_value_that_comes_is_a_change() -> None:
    came = compared(changed(0, rank=1), old_scores())
    assert [change.columns for change in came.row_changes("scores")] == [("rank",)]


def test_a_new_row_gets_this_release() -> None:
    more = [*score_rows(), *score_rows(basis="ytd")[:1]]
    longer = compared(table("scores", more), old_scores())
    assert releases(stamp(longer, R2)).count(R2) == 1
    assert longer.change == TableChange(added=1)


def test_of_a_new_or_gone_row_the_filled_cells_changed() -> None:
    empty = {"rank": None, "recomputed_score": None, "difference": None, "quality_flag": None}
    (gone,) = compared(table("scores", score_rows()[1:]), old_scores()).row_changes("scores")
    (new,) = compared(old_scores(), table("scores", score_rows()[1:])).row_changes("scores")
    assert (gone.after, new.before) == (None, None)
    assert gone.columns == new.columns
    assert set(gone.columns) & empty.keys() == set()
    assert {"score", "obs_status"} <= set(gone.columns)


def test_volatile_columns_do_not_count() -> None:
    later = compared(table("scores", score_rows(captured_at="2024-06-01")), old_scores())
    stamped = stamp(later, R2)
    assert not later.change.any
    assert set(releases(stamped)) == {R1}
    assert set(stamped.column("captured_at").to_pylist()) == {"2024-06-01"}


def test_removed_rows_are_counted() -> None:
    assert compared(table("scores", score_rows()[:-2]), old_scores()).change == TableChange(
        removed=2
    )


def test_a_table_without_the_column_is_compared_and_not_stamped() -> None:
    units = small_tables()["units"]
    shorter = compared(units.slice(1), units, "units")
    assert stamp(shorter, R2).equals(units.slice(1))
    assert shorter.change == TableChange(removed=1)


def test_a_row_from_before_the_column_existed_gets_this_release() -> None:
    without = compared(table("scores", score_rows()), table("scores", score_rows(release=None)))
    assert set(releases(stamp(without, R2))) == {R2}
    assert not without.change.any


def test_a_column_that_is_new_or_of_another_type_has_nothing_before_it() -> None:
    contract = load_contract("scores")
    known = {"score": "string", "rank": "number", "ratio": "number", "source_system": "string"}
    assert comparable(contract, known) == ("ratio", "rank", "source_system")


def test_the_order_of_rows_does_not_matter() -> None:
    turned = old_scores().take(list(reversed(range(21))))
    assert not compared(table("scores", score_rows()), turned).change.any


_SCORES_BY_ROW = st.lists(st.none() | st.integers(0, 1000), min_size=21, max_size=21)
_SOME = st.lists(st.booleans(), min_size=21, max_size=21)


def _with_scores(scores: list[int | None], chosen: list[bool]) -> pa.Table:
    rows: list[Row] = [
        row | {"score": None if score is None else score / 100}
        for row, score, keep in zip(score_rows(release=R1), scores, chosen, strict=True)
        if keep
    ]
    return table("scores", rows)


@settings(max_examples=60, deadline=None)
@given(_SCORES_BY_ROW, _SOME, _SCORES_BY_ROW, _SOME)
def test_rows_before_and_after_are_accounted_for(
    old_scores: list[int | None], old: list[bool], new_scores: list[int | None], new: list[bool]
) -> None:
    before, after = _with_scores(old_scores, old), _with_scores(new_scores, new)
    comparison = compared(after, before)
    stamped, change = stamp(comparison, R2), comparison.change
    assert after.num_rows == before.num_rows + change.added - change.removed
    assert releases(stamped).count(R2) == change.added + change.revised
    assert stamp(compared(after, stamped), "2024-03.r3").equals(stamped)
    assert len(list(comparison.row_changes("scores"))) == sum(
        (change.added, change.revised, change.removed)
    )
