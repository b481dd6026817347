"""One example of each kind of cause, as facts and as the alerts that follow.

Belongs here: examples. Does not: assertions.
"""

from datetime import date, datetime, timedelta

from cchc_pipeline.alerts.rules import (
    Alert,
    AwaitedMonth,
    Facts,
    Failure,
    FileLeft,
    FilesLeft,
    Mirror,
    MissingSource,
    PlaceBehind,
    Policy,
    RuleCount,
    SetAside,
    Shown,
    alerts_of,
)
from cchc_pipeline.calendar import CalendarWords
from cchc_pipeline.core.period import TIMEZONE, Month
from cchc_pipeline.plan.due_reports import DueReport

MONTH = Month(2026, 10)
DUE = datetime(2026, 11, 12, 8, 30, tzinfo=TIMEZONE)
NOW = DUE + timedelta(hours=30)
POLICY = Policy(days_before=3, late_hours=2, mirror_hours=24)
OURS = Shown("2026-09.r2", "b" * 64, NOW - timedelta(hours=25))
OLD = Shown("2026-09.r1", "a" * 64)
MIRROR = "https://ban-sao.example.org/hp"
DEAF = "https://im-lang.example.org"

AWAITED = AwaitedMonth(
    MONTH,
    DUE,
    (MissingSource("dossiers"), MissingSource("agency_reports", ("Sở Mẫu 1", "Sở Mẫu 2"))),
)
FAILED_CHECK = Failure(
    Month(2026, 9),
    "portal_findings",
    "GROUPS_DO_NOT_ADD_UP",
    "ytd H24.M02: 1.0 is not the sum of its groups -> ask the source",
    CalendarWords("Tổng điểm bằng tổng các nhóm.", "Totals are the sums of their groups."),
)
FAILED_RUN = Failure(Month(2026, 8), "", "", "ho-so.csv: the file is empty -> drop it again")
ABOVE_LIMIT = Failure(Month(2026, 7), "dossier_accounts", "quarantine_within_limit", "too many")
SHARE = SetAside(
    Month(2026, 7), "dossiers", "dossier_accounts", 1500, 603, 0.01,
    (RuleCount(CalendarWords("Mã hồ sơ sai dạng", "The dossier code is malformed"), 603),),
    "/srv/cchc/error-sheets/2026-07",
)  # fmt: skip
REVISED = Failure(
    None, "release", "revisions_are_expected",
    "12 published value(s) changed for no known reason, mostly scores 2026-08 (12) -> find out why",
)  # fmt: skip
LEFT = FilesLeft(
    Month(2026, 6),
    (
        FileLeft("HoSo.csv", CalendarWords("Sai tên", "Wrong name"), "ho-so.csv"),
        FileLeft("x 012345678901.bin", CalendarWords("Không rõ", "Unknown")),
    ),
)
QUARTERLY = CalendarWords("Báo cáo quý", "Quarterly report")
SOON, UNMADE = (
    DueReport("quarter", QUARTERLY, month, day, day + timedelta(days=1), "Sở Nội vụ", "believed")
    for month, day in ((Month(2026, 12), date(2026, 11, 14)), (Month(2026, 9), date(2026, 11, 9)))
)
BEHIND = PlaceBehind(
    "city_portal", CalendarWords("Cổng Thông tin điện tử", "The city portal"), False,
    "2026-09.r1", "unreachable: connection refused",
)  # fmt: skip
FACTS = Facts(
    (AWAITED,),
    (FAILED_CHECK, FAILED_RUN, ABOVE_LIMIT, REVISED),
    (SHARE,),
    OURS,
    (Mirror(MIRROR, OLD), Mirror(DEAF, refused="timed out")),
    (LEFT,),
    (SOON, UNMADE),
    (BEHIND,),
)


def every_alert() -> tuple[Alert, ...]:
    """One of each kind."""
    return alerts_of(FACTS, POLICY, NOW)
