"""When a cause is open, and under which key."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from cchc_pipeline.alerts.message import worded
from cchc_pipeline.alerts.rules import KINDS, Facts, Late, Mirror, Shown, alerts_of, awaited_months
from cchc_pipeline.core.period import TIMEZONE, Month
from tests.alerts.causes import (
    ABOVE_LIMIT,
    AWAITED,
    BEHIND,
    DUE,
    FAILED_CHECK,
    FAILED_RUN,
    MIRROR,
    MONTH,
    NOW,
    OLD,
    OURS,
    POLICY,
    REVISED,
    every_alert,
)


def keys(facts: Facts, at: datetime = NOW) -> list[str]:
    return [alert.key for alert in alerts_of(facts, POLICY, at)]


def test_without_facts_all_is_well() -> None:
    assert keys(Facts()) == []


def test_every_kind_has_an_example_and_each_cause_a_key_of_its_own() -> None:
    alerts = every_alert()
    assert sorted(alert.kind for alert in alerts) == sorted(KINDS)
    assert len({alert.key for alert in alerts}) == len(KINDS)


@pytest.mark.parametrize(("before", "is_open"), [(timedelta(days=3, minutes=1), False),
                                                 (timedelta(days=3), True)])  # fmt: skip
def test_a_source_is_missing_from_the_set_days_before_the_date(
    before: timedelta, is_open: bool
) -> None:
    expected = [f"source_missing:{MONTH}"] if is_open else []
    assert keys(Facts((AWAITED,)), DUE - before) == expected


def test_a_month_that_has_everything_misses_nothing() -> None:
    assert keys(Facts((replace(AWAITED, missing=()),)), DUE) == []


@pytest.mark.parametrize(("after", "is_open"), [(timedelta(hours=1), False),
                                                (timedelta(hours=2), True)])  # fmt: skip
def test_a_publication_is_late_the_set_hours_after_its_date(
    after: timedelta, is_open: bool
) -> None:
    found = keys(Facts((replace(AWAITED, missing=()),)), DUE + after)
    assert found == ([f"publication_late:{MONTH}"] if is_open else [])


def test_a_late_month_says_whether_its_last_run_failed() -> None:
    facts = Facts((AWAITED,), (replace(FAILED_RUN, month=MONTH),))
    (late,) = [a.fact for a in alerts_of(facts, POLICY, NOW) if a.kind == "publication_late"]
    assert isinstance(late, Late)
    assert late.failed
    assert late.by == timedelta(hours=30)


def test_each_failed_check_is_a_cause_and_a_failed_run_is_one() -> None:
    other = replace(FAILED_CHECK, check="SCORE_OUT_OF_BOUNDS")
    assert keys(Facts(failures=(FAILED_CHECK, other, FAILED_RUN, FAILED_RUN))) == [
        "check_failed:2026-09:portal_findings.GROUPS_DO_NOT_ADD_UP",
        "check_failed:2026-09:portal_findings.SCORE_OUT_OF_BOUNDS",
        "run_failed:2026-08",
    ]


def test_too_much_quarantine_is_told_once_and_not_as_a_failed_check_too() -> None:
    kinds = [a.key for a in every_alert() if "2026-07" in a.key]
    assert kinds == ["quarantine:2026-07:dossiers"]


def test_a_share_that_cannot_be_looked_up_is_still_a_failed_check() -> None:
    (found,) = keys(Facts(failures=(ABOVE_LIMIT,)))
    assert found.startswith("check_failed:2026-07:")


def test_unexpected_revisions_are_a_kind_of_their_own() -> None:
    assert keys(Facts(failures=(REVISED,))) == ["revisions:publication"]


# Mirrors


def mirrored(shown: Shown | None, hours: int) -> list[str]:
    ours = replace(OURS, since=NOW - timedelta(hours=hours))
    return keys(Facts(shown=ours, mirrors=(Mirror(MIRROR, shown),)))


def test_a_mirror_may_be_behind_for_the_set_hours() -> None:
    assert mirrored(OLD, 24) == []
    assert mirrored(OLD, 25) == [f"mirror_behind:{MIRROR}"]
    assert mirrored(None, 25) == [f"mirror_behind:{MIRROR}"]


def test_a_mirror_that_shows_the_same_release_in_other_bytes_is_not_up_to_date() -> None:
    assert mirrored(replace(OURS, digest="c" * 64), 25) == [f"mirror_behind:{MIRROR}"]
    assert mirrored(OURS, 25) == []


def test_before_the_first_release_no_mirror_can_be_behind() -> None:
    assert keys(Facts(mirrors=(Mirror(MIRROR, None),))) == []


# Which months are awaited


AT = datetime(2026, 11, 10, tzinfo=TIMEZONE)


def test_what_comes_after_the_newest_published_month_and_is_over_is_awaited() -> None:
    assert awaited_months([Month(2026, 3), Month(2026, 8)], [Month(2022, 1)], AT) == (
        Month(2026, 9),
        Month(2026, 10),
    )


def test_a_month_that_is_running_is_not_awaited() -> None:
    assert awaited_months([Month(2026, 10)], [], AT) == ()


def test_an_installation_that_has_never_published_awaits_from_its_first_month() -> None:
    assert awaited_months([], [Month(2026, 10)], AT) == (Month(2026, 10),)


def test_a_new_installation_awaits_nothing() -> None:
    assert awaited_months([], [], AT) == ()


def test_a_file_that_cannot_be_read_is_told_at_once_in_its_own_words() -> None:
    early, line = DUE - timedelta(days=20), "mau.xlsx: is a damaged workbook -> save it again"
    facts = Facts((replace(AWAITED, missing=(), refused=(line,)),))
    (alert,) = alerts_of(facts, POLICY, early)
    assert alert.key == f"source_missing:{MONTH}"
    assert f"tệp không đọc được ({line})" in worded(alert).text


def missed(*, by_hand: bool, hours: int) -> list[str]:
    ours = replace(OURS, since=NOW - timedelta(hours=hours))
    return keys(Facts(shown=ours, places=(replace(BEHIND, by_hand=by_hand),)))


def test_a_place_that_is_sent_to_must_show_the_release_at_once() -> None:
    assert missed(by_hand=False, hours=0) == ["place_behind:city_portal"]


def test_a_place_that_others_fill_is_given_the_set_hours() -> None:
    assert missed(by_hand=True, hours=24) == []
    assert missed(by_hand=True, hours=25) == ["place_behind:city_portal"]
