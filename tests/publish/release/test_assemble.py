"""From the lake to a draft: what is new, under which number and version, and when nothing is."""

import math
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cchc_pipeline.core.errors import CheckFailedError
from cchc_pipeline.core.period import Month
from cchc_pipeline.storage.lake import Lake
from publish.model import PUBLISHED_TABLES, Draft, Published, ReleaseId, TableChange
from publish.portal.publication import publish
from publish.release.assemble import assemble, next_id, release_months
from publish.store.store import Portal, read_tables
from tests.publish.small_release import (
    APRIL,
    FIRST,
    MARCH,
    MOMENT,
    SECOND,
    fill_lake,
    ingredients,
    score_rows,
    snapshot_row,
    unjudged,
)

LATER = MOMENT + timedelta(days=1)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake that holds March."""
    lake = Lake(tmp_path / "lake", "H24")
    fill_lake(lake)
    return lake


def drafted(lake: Lake, portal: Portal, at: datetime = LATER) -> Draft:
    draft = assemble(lake, portal, ingredients(), at)
    assert draft is not None
    return draft


def out(draft: Draft, portal: Portal) -> Published:
    """Publish a draft without the gates."""
    return publish(unjudged(draft, portal.scratch), portal)


@pytest.fixture
def first(lake: Lake, portal: Portal) -> Published:
    """The first release of March, published."""
    return out(drafted(lake, portal, MOMENT), portal)


def test_nothing_was_computed_so_nothing_can_be_published(tmp_path: Path, portal: Portal) -> None:
    with pytest.raises(CheckFailedError, match="no month has been computed"):
        assemble(Lake(tmp_path / "empty", "H24"), portal, ingredients(), MOMENT)


def test_a_month_counts_once_all_its_tables_are_there(lake: Lake) -> None:
    lake.write("scores", APRIL, lake.read("scores", MARCH))
    assert release_months(lake) == (MARCH,)


def test_a_month_that_is_out_and_lacks_a_table_is_named_with_what_to_do(
    lake: Lake, portal: Portal, first: Published
) -> None:
    fill_lake(lake, APRIL)
    lake.path("petition_statistics", MARCH).unlink()
    with pytest.raises(CheckFailedError) as refusal:
        assemble(lake, portal, ingredients(), LATER)
    assert str(refusal.value).startswith(
        "2024-03: out, and not whole in the lake (petition_statistics) -> cchc run each of them"
    )


def test_the_first_release_has_every_table_and_the_version_1_0_0(
    lake: Lake, portal: Portal
) -> None:
    draft = drafted(lake, portal, MOMENT)
    assert (str(draft.id), draft.version) == ("2024-03.r1", "1.0.0")
    assert tuple(draft.tables) == PUBLISHED_TABLES
    assert set(draft.tables["scores"].column("release").to_pylist()) == {"2024-03.r1"}
    assert draft.changes["scores"] == TableChange(added=21)


def test_the_same_content_is_nothing_to_publish(
    lake: Lake, portal: Portal, first: Published
) -> None:
    assert assemble(lake, portal, ingredients(), LATER) is None


def test_another_time_of_capture_alone_is_nothing_to_publish(
    lake: Lake, portal: Portal, first: Published
) -> None:
    fill_lake(lake, scores=score_rows(captured_at="2024-06-01T00:00:00Z"))
    assert assemble(lake, portal, ingredients(), LATER) is None


def test_a_revised_value_is_the_next_number_and_a_patch_and_stamps_its_row(
    lake: Lake, portal: Portal, first: Published
) -> None:
    rows = score_rows()
    rows[0] |= {"score": 49.51}
    fill_lake(lake, scores=rows)
    draft = drafted(lake, portal)
    assert (str(draft.id), draft.version) == ("2024-03.r2", "1.0.1")
    assert draft.previous == first
    stamps = draft.tables["scores"].column("release").to_pylist()
    assert (stamps.count("2024-03.r2"), stamps.count("2024-03.r1")) == (1, 20)
    assert draft.changes["scores"] == TableChange(revised=1)


def test_a_further_month_is_a_minor_version_named_for_it(
    lake: Lake, portal: Portal, first: Published
) -> None:
    fill_lake(lake, APRIL)
    draft = drafted(lake, portal)
    assert (str(draft.id), draft.version) == ("2024-04.r1", "1.1.0")
    assert draft.periods == (MARCH, APRIL)
    assert draft.changes["scores"] == TableChange(added=21)


def test_a_month_that_nobody_asked_for_waits_for_its_announced_date(
    lake: Lake, portal: Portal
) -> None:
    unasked = replace(ingredients(), asked=frozenset())
    fill_lake(lake, APRIL)
    draft = assemble(lake, portal, unasked, MOMENT)
    assert draft is not None
    assert draft.periods == (MARCH,)
    too_early = MOMENT - timedelta(days=30)
    with pytest.raises(CheckFailedError, match="2024-03: the results are announced for 12/04/2024"):
        assemble(lake, portal, unasked, too_early)


def test_an_older_month_that_is_revised_keeps_the_newest_months_name(
    lake: Lake, portal: Portal
) -> None:
    fill_lake(lake, APRIL)
    out(drafted(lake, portal, MOMENT), portal)
    fill_lake(lake, MARCH, scores=score_rows(MARCH, 8.0))
    draft = drafted(lake, portal)
    assert (str(draft.id), draft.version) == ("2024-04.r2", "1.0.1")
    assert draft.changes["scores"].revised == 21


def test_changed_columns_are_a_major_version_even_if_no_value_changed(
    lake: Lake, portal: Portal
) -> None:
    draft = drafted(lake, portal, MOMENT)
    out(replace(draft, schema_digests={**draft.schema_digests, "scores": "as it was"}), portal)
    following = drafted(lake, portal)
    assert (str(following.id), following.version) == ("2024-03.r2", "2.0.0")
    assert set(following.tables["scores"].column("release").to_pylist()) == {"2024-03.r1"}


def test_rows_that_disappear_are_counted(lake: Lake, portal: Portal, first: Published) -> None:
    fill_lake(lake, scores=score_rows()[:-1])
    assert drafted(lake, portal).changes["scores"] == TableChange(removed=1)


def test_a_number_that_a_crash_used_is_given_again_and_one_that_was_shown_never(
    lake: Lake, portal: Portal, first: Published
) -> None:
    (portal.store / "2024-03" / "r2").mkdir()
    assert next_id(portal, MARCH) == ReleaseId(MARCH, 2)
    portal.ledger.write_text("2024-03.r1\n2024-03.r4\n")
    assert next_id(portal, MARCH) == ReleaseId(MARCH, 5)
    assert next_id(portal, Month(2024, 5)) == ReleaseId(Month(2024, 5), 1)


def test_the_snapshot_captured_last_is_named_as_the_source(lake: Lake, portal: Portal) -> None:
    early = snapshot_row(captured_at="2024-04-02", source="Lần đầu", snapshot_id="1" * 16)
    other = snapshot_row(basis="ytd", source="Lũy kế", snapshot_id="2" * 16)
    fill_lake(lake, raw_portal=[snapshot_row(), early, other])
    sources = drafted(lake, portal).sources
    assert {(s.basis, s.title) for s in sources} == {
        ("month", "Nguồn thử nghiệm"), ("ytd", "Lũy kế"),
    }  # fmt: skip


@pytest.mark.parametrize("sample", ["snapshot", "unit", "figure"])
def test_one_sample_among_the_ingredients_makes_the_release_a_sample(
    sample: str, lake: Lake, portal: Portal
) -> None:
    if sample == "snapshot":
        fill_lake(lake, raw_portal=[snapshot_row(provenance="sample")])
    if sample == "figure":
        fill_lake(lake, scores=[*score_rows()[1:], score_rows(source_system="sample")[0]])
    draft = assemble(
        lake, portal, ingredients("sample" if sample == "unit" else "official"), MOMENT
    )
    assert draft is not None
    assert draft.is_sample


def test_the_digest_of_the_input_follows_the_values_and_not_the_time(
    lake: Lake, portal: Portal
) -> None:
    first = drafted(lake, portal, MOMENT).input_digest
    fill_lake(lake, scores=score_rows(captured_at="2024-06-01"))
    assert drafted(lake, portal, LATER).input_digest == first
    fill_lake(lake, scores=score_rows(MARCH, 8.0))
    assert drafted(lake, portal, LATER).input_digest != first


def test_a_minus_zero_is_published_as_zero(lake: Lake, portal: Portal) -> None:
    fill_lake(lake, scores=score_rows(difference=-0.0))
    differences = drafted(lake, portal).tables["scores"].column("difference").to_pylist()
    assert {math.copysign(1, value) for value in differences} == {1.0}


# A release of yesterday's columns, read today


def rewritten(release: Published, name: str, content: pa.Table) -> None:
    pq.write_table(content, release.folder / "formats" / f"{name}.parquet")


def test_a_column_that_did_not_exist_yesterday_is_empty(first: Published) -> None:
    scores = read_tables(first)["scores"]
    rewritten(first, "scores", scores.drop_columns(["rank", "score"]))
    today = read_tables(first)["scores"]
    assert today.schema == scores.schema
    assert set(today.column("score").to_pylist()) == {None}
    assert set(today.column("unit_code").to_pylist()) >= {FIRST, SECOND}


def test_a_column_whose_type_cannot_become_todays_is_empty(first: Published) -> None:
    scores = read_tables(first)["scores"]
    words = pa.array(["không"] * scores.num_rows)
    rewritten(first, "scores", scores.set_column(4, "score", words))
    assert set(read_tables(first)["scores"].column("score").to_pylist()) == {None}


def test_a_table_that_is_published_no_more_does_not_stop_the_next_release(
    lake: Lake, portal: Portal, first: Published
) -> None:
    rewritten(first, "bygone", pa.table({"a": [1]}))
    assert "bygone" not in read_tables(first)
    assert assemble(lake, portal, ingredients(), LATER) is None
