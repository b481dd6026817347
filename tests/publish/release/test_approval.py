"""An office approves what the last preview showed, whatever month it was made for."""

from pathlib import Path

import pytest

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import Month
from publish.release.approval import ApprovalEntry, ApprovalLog, ApprovalRequest, approval_of

MARCH, SEPTEMBER, OCTOBER = Month(2024, 3), Month(2026, 9), Month(2026, 10)
AT = "2026-10-20T01:30:00Z"
OFFICE = "Văn phòng UBND thành phố"
EARLIER = ApprovalEntry("2026-10-12T01:30:00Z", "previewed", "2026-09.r1", "a" * 64)
CORRECTED = ApprovalEntry(AT, "previewed", "2026-09.r2", "b" * 64, months=("2024-03",))
LOG = (EARLIER, CORRECTED)


def request(month: Month | None = None, digest: str = "", by: str = OFFICE) -> ApprovalRequest:
    return ApprovalRequest(month, digest, by)


@pytest.mark.parametrize("month", [None, MARCH, SEPTEMBER])
def test_a_late_correction_is_approved_by_its_month_by_its_release_or_without_a_name(
    month: Month | None,
) -> None:
    entry = approval_of(LOG, AT, request(month))
    assert (entry.act, entry.release, entry.input_digest) == ("approved", "2026-09.r2", "b" * 64)


def test_another_month_than_that_of_the_last_preview_is_refused_with_what_leads_on() -> None:
    with pytest.raises(UsageError, match=r"2026-09\.r2 -> cchc preview 2026-10"):
        approval_of(LOG, AT, request(OCTOBER))


def test_figures_that_were_not_the_last_ones_seen_are_refused() -> None:
    assert approval_of(LOG, AT, request(digest="b" * 12)).digest == "b" * 12
    with pytest.raises(UsageError, match=r"--digest aaaaaaaaaaaa.*other figures: 2026-09.r2, bbb"):
        approval_of(LOG, AT, request(digest="a" * 12))


def test_without_a_preview_there_is_nothing_to_approve() -> None:
    with pytest.raises(UsageError, match="there is no preview"):
        approval_of((), AT, request())


def test_an_approval_names_an_office() -> None:
    with pytest.raises(UsageError, match="--by"):
        approval_of(LOG, AT, request(by=" "))


def test_the_log_is_read_as_it_was_written_also_by_an_earlier_program(tmp_path: Path) -> None:
    log = ApprovalLog(tmp_path / "approvals.jsonl")
    log.write(CORRECTED)
    with log.path.open("a", encoding="utf-8") as file:
        file.write(
            '{"at": "x", "act": "previewed", "release": "2026-09.r3", "input_digest": "c"}\n'
        )
    first, second = log.entries()
    assert first.is_for(MARCH)
    assert not first.is_for(OCTOBER)
    assert second.is_for(SEPTEMBER)
    assert not second.is_for(MARCH)
