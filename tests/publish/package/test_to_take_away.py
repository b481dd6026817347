"""What a release has to take away: a ZIP of its tables, a workbook of its newest month."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import frictionless
import pytest
from python_calamine import CalamineWorkbook

from publish.model import PUBLISHED_TABLES, Draft, Source
from publish.package.bundle import bundle, bundle_name
from publish.package.month_workbook import month_workbook, month_workbook_name
from publish.portal.publication import release_files
from tests.publish.small_release import IDENTITY, MOMENT


@pytest.fixture(scope="module")
def files(good_draft: Draft) -> dict[str, bytes]:
    return release_files(good_draft)


def test_the_bundle_is_a_valid_package_of_every_table(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    zipfile.ZipFile(io.BytesIO(files[bundle_name(IDENTITY.package)])).extractall(tmp_path)
    folder = tmp_path / IDENTITY.package
    descriptor = folder / "datapackage.json"
    resources = json.loads(descriptor.read_bytes())["resources"]
    assert [one["path"] for one in resources] == [f"data/{name}.csv" for name in PUBLISHED_TABLES]
    assert frictionless.Package(str(descriptor)).validate().valid
    for name in ("CHANGES.md", "LICENSE.md", "data/scores.csv"):
        assert (folder / name).read_bytes() == files[name]


def test_the_same_files_make_the_same_bundle_wherever_it_is_made(files: dict[str, bytes]) -> None:
    here = MOMENT.astimezone(timezone(timedelta(hours=7)))
    name, other = IDENTITY.package, dict(reversed(files.items()))
    assert (
        bundle(name, files, here)
        == bundle(name, other, MOMENT)
        == files[bundle_name(IDENTITY.package)]
    )
    assert (
        bundle(name, files, datetime(2025, 1, 1, tzinfo=UTC))
        != files[bundle_name(IDENTITY.package)]
    )


def opened(content: bytes) -> CalamineWorkbook:
    return CalamineWorkbook.from_filelike(io.BytesIO(content))


def test_names_stand_beside_codes(files: dict[str, bytes]) -> None:
    book = opened(files[month_workbook_name(IDENTITY.package)])
    heading, *rows = book.get_sheet_by_name("Điểm đánh giá chất lượng phục v").to_python()
    row = next(r for r in (dict(zip(heading, row, strict=True)) for row in rows)
               if (r["Mã đơn vị"], r["Mã chỉ số"]) == ("Z00", "CKMB"))  # fmt: skip
    assert row["Mã đơn vị: tên"] == "Đơn vị thử Z00"
    assert row["Mã chỉ số: tên"] == "Công khai, minh bạch"
    assert (row["Tình trạng số liệu"], row["Tình trạng số liệu: tên"]) == ("A", "Bình thường")
    assert row["Điểm công bố"] == 8.25


def test_the_workbook_holds_the_newest_month_and_is_the_same_each_time(good_draft: Draft) -> None:
    content = month_workbook(good_draft)
    assert content == month_workbook(good_draft)
    later = month_workbook(replace(good_draft, id=replace(good_draft.id, number=2)))
    assert content != later
    earlier = replace(good_draft, id=replace(good_draft.id, month=good_draft.id.month.next()))
    sheet = opened(month_workbook(earlier)).get_sheet_by_name("Điểm đánh giá chất lượng phục v")
    assert not any(any(row) for row in sheet.to_python()[1:])


def test_each_sheet_prints_across_on_a4_with_its_heading_on_each_page(
    files: dict[str, bytes],
) -> None:
    for name, content in files.items():
        if name.endswith(".xlsx"):
            book = zipfile.ZipFile(io.BytesIO(content))
            sheet = book.read("xl/worksheets/sheet2.xml").decode()
            assert 'paperSize="9"' in sheet and 'orientation="landscape"' in sheet, name
            assert 'fitToHeight="0"' in sheet and 'fitToPage="1"' in sheet, name
            assert "_xlnm.Print_Titles" in book.read("xl/workbook.xml").decode(), name


def test_sample_data_is_said_on_the_first_sheet_and_on_paper(good_draft: Draft) -> None:
    source = Source("Mẫu", "2024-04-05T03:00:00Z", "sample", "2024-03", "month")
    content = month_workbook(replace(good_draft, sources=(source,)))
    assert (
        opened(content).get_sheet_by_name("Giới thiệu").to_python()[0][1].startswith("DỮ LIỆU MẪU")
    )
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet2.xml").decode()
    assert "DỮ LIỆU MẪU" in sheet
