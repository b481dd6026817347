"""The log of publications: our own releases, and what was confirmed of other places."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.core.period import TIMEZONE
from cchc_pipeline.plan import Publication, PublicationLog
from publish.model import ReleaseId
from publish.portal.acts import retract
from publish.release.publication_log import read_publications
from publish.store.state import Act
from publish.store.store import Portal
from tests.publish.crash_worker import go_out
from tests.publish.small_release import APRIL, IDENTITY, MARCH, MOMENT, small_draft

NOW = MOMENT + timedelta(days=40)
HEADING = "period,place,published_at"


def log(portal: Portal, inbox: Path, *, production: bool = False) -> PublicationLog:
    return read_publications(portal, inbox, month=APRIL, now=NOW, production=production)


def confirmed(inbox: Path, *lines: str, heading: str = HEADING) -> Path:
    inbox.mkdir(exist_ok=True)
    (inbox / "publications.csv").write_text("\n".join([heading, *lines, ""]), encoding="utf-8")
    return inbox


def test_without_releases_and_confirmations_nothing_is_known(
    portal: Portal, tmp_path: Path
) -> None:
    assert log(portal, tmp_path).entries == ()


def test_a_production_portal_counts_its_releases_and_the_month_in_the_making(
    portal: Portal, tmp_path: Path
) -> None:
    go_out(portal, small_draft())
    assert log(portal, tmp_path, production=True).entries == (
        Publication(MARCH, "city_portal", MOMENT), Publication(APRIL, "city_portal", NOW),
    )  # fmt: skip


def test_a_trial_portal_counts_for_nothing(portal: Portal, tmp_path: Path) -> None:
    go_out(portal, small_draft())
    assert log(portal, tmp_path, production=False).entries == ()


def test_samples_never_count(portal: Portal, tmp_path: Path) -> None:
    go_out(portal, small_draft(sample=True))
    months = {entry.month for entry in log(portal, tmp_path, production=True).entries}
    assert months == {APRIL}


def test_what_was_retracted_does_not_count(portal: Portal, tmp_path: Path) -> None:
    go_out(portal, small_draft())
    gone = Act("2024-05-11T01:00:00Z", "retracted", ReleaseId(MARCH, 1), "Sai số", "VP")
    with portal.lock(NOW):
        retract(portal, gone, IDENTITY)
    months = {entry.month for entry in log(portal, tmp_path, production=True).entries}
    assert months == {APRIL}


def test_a_confirmation_of_another_place_is_read(portal: Portal, tmp_path: Path) -> None:
    inbox = confirmed(
        tmp_path / "inbox",
        "2024-03,one_stop,2024-04-12T08:30:00+07:00",
        "2024-04,one_stop,2024-05-10",
    )
    assert log(portal, inbox).entries == (
        Publication(MARCH, "one_stop", datetime(2024, 4, 12, 8, 30, tzinfo=TIMEZONE)),
        Publication(APRIL, "one_stop", datetime(2024, 5, 10, tzinfo=TIMEZONE)),
    )


def test_further_columns_and_a_mark_of_the_byte_order_do_no_harm(
    portal: Portal, tmp_path: Path
) -> None:
    inbox = confirmed(
        tmp_path / "inbox", "2024-03,one_stop,2024-04-12,seen", heading=f"\ufeff{HEADING},note"
    )
    assert len(log(portal, inbox).entries) == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2024-03,newspaper,2024-04-12", r"row 2: place 'newspaper' is unknown -> use one of"),
        ("2024-03,one_stop,12/4/2024", r"row 2: published_at '12/4/2024' is not a moment"),
        ("2024-03,one_stop,9999-12-31T23:59:59-14:00", r"row 2: published_at .* is not a moment"),
        ("2024-03,one_stop,2024-02-30", r"row 2: published_at '2024-02-30' is not a moment"),
        ("2024-03,one\x1b_stop,2024-04-12", r"row 2: place holds a control character"),
        (
            "2024-03,one_stop,2024-04-12\n2024-03,one_stop,2024-04-12",
            r"row 3: the same publication stands in row 2",
        ),
        ("2024-03,one_stop", r"row 2: another number of cells"),
        ("3/2024,one_stop,2024-04-12", r"row 2: '3/2024' is not a month"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(
    line: str, message: str, portal: Portal, tmp_path: Path
) -> None:
    with pytest.raises(SchemaDataError, match=message):
        log(portal, confirmed(tmp_path / "inbox", line))


def test_a_file_with_other_columns_is_refused(portal: Portal, tmp_path: Path) -> None:
    inbox = confirmed(tmp_path / "inbox", heading="place;month;published_at")
    with pytest.raises(SchemaDataError, match="no column period"):
        log(portal, inbox)


def test_a_file_in_another_encoding_is_refused(portal: Portal, tmp_path: Path) -> None:
    (tmp_path / "publications.csv").write_bytes(HEADING.encode("utf-16"))
    with pytest.raises(SchemaDataError, match="not UTF-8"):
        log(portal, tmp_path)
