"""The page of the calendar: periodic reports stand there where a plan sets their dates."""

from dataclasses import replace

from cchc_pipeline.calendar import load_calendar
from publish.catalogue.feeds import coming_reports
from publish.site.page import imprint_of_draft
from publish.site.pages.releases import act_pages
from publish.store.state import Act, Edition
from tests.publish.small_release import FIRST_RELEASE, IDENTITY, small_draft

OUT = Act("2024-05-10T01:00:00Z", "published", FIRST_RELEASE.id)


def calendar_page(root: str) -> str:
    identity = replace(IDENTITY, root_unit=root)
    edition = Edition((FIRST_RELEASE,), (OUT,), identity, {"unit_code": "Z00"})
    pages = dict(act_pages(edition, imprint_of_draft(small_draft())))
    return next(content for page, content in pages.items()
                if page.path == "lich-cong-bo.html").decode()  # fmt: skip


def test_each_report_of_the_next_year_stands_with_its_last_day_and_who_receives_it() -> None:
    page = calendar_page("H24")
    edition = Edition((FIRST_RELEASE,), (OUT,), replace(IDENTITY, root_unit="H24"))
    reports = coming_reports(edition, load_calendar())
    assert len(reports) == 6
    assert "Báo cáo 6 tháng" in page
    assert "07/6/2024" in page
    assert page.count("Sở Nội vụ") == len(reports)


def test_dates_that_are_only_believed_say_why() -> None:
    assert "năm chưa có kế hoạch trong bộ dữ liệu tạm dùng cùng lịch" in calendar_page("H24")


def test_where_no_plan_is_known_nothing_is_promised() -> None:
    assert "Hạn gửi báo cáo định kỳ" not in calendar_page("H44")
