"""What is asked of a view: the record's columns only, by a query that names a month."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Month
from cchc_pipeline.sources.dossiers.view import Choice, ViewName, choose_columns, month_query
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema

MARCH = Month(2024, 3)
NEEDED = {
    "mahoso": sa.Text(),
    "ma_tthc": sa.Text(),
    "Ngày tiếp nhận": sa.DateTime(timezone=True),
    "ngayhentra": sa.Text(),
    "NGAYTRA": sa.Date(),
    "trangthaihoso": sa.SmallInteger(),
    "donvixuly": sa.String(20),
}


def chosen(**columns: Any) -> Choice:
    """The needed columns, and these."""
    found = list((NEEDED | columns).items())
    return choose_columns(found, load_upload_schema("dossiers"), "view v")


def sql_of(choice: Choice, view: str = "v") -> str:
    """The query as PostgreSQL is sent it, with its values."""
    query = month_query(ViewName.parse(view), choice, MARCH)
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def test_columns_are_matched_as_headings_are_and_kept_in_the_records_order() -> None:
    choice = chosen(tentthc=sa.Text(), MaLinhVuc=sa.Text())
    assert [column.field for column in choice.columns] == [
        "MaHoSo", "MaTTHC", "TenTTHC", "MaLinhVuc", "NgayTiepNhan", "NgayHenTra", "NgayTra",
        "TrangThaiHoSo", "DonViXuLy",
    ]  # fmt: skip
    assert choice.notes == ()


def test_a_column_that_the_record_does_not_name_is_in_no_query() -> None:
    choice = chosen(chuhoso=sa.Text(), SoDienThoai=sa.Text(), ghi_chu=sa.JSON())
    assert choice.notes == ("columns not asked for: 'chuhoso', 'SoDienThoai', 'ghi_chu'",)
    for name in ("chuhoso", "SoDienThoai", "ghi_chu"):
        assert name not in sql_of(choice)


@pytest.mark.parametrize("kind", [sa.JSON(), postgresql.JSONB(), sa.Text()])
@pytest.mark.parametrize("name", ["danhsachlephi", "DanhSachLePhi", "danh_sach_le_phi"])
def test_a_list_is_asked_for_as_text_that_holds_json(name: str, kind: Any) -> None:
    choice = chosen(**{name: kind})
    assert (choice.columns[-1].field, choice.columns[-1].kind) == ("DanhSachLePhi", "list")
    assert f'CAST(v.{_quoted(name)} AS TEXT) AS "DanhSachLePhi"' in sql_of(choice)


def _quoted(name: str) -> str:
    return f'"{name}"' if name != name.lower() else name


def test_each_bound_is_of_its_columns_type() -> None:
    sql = sql_of(chosen(ngayketthucxuly=sa.DateTime()), "mot_cua.ho_so")
    assert "FROM mot_cua.ho_so" in sql
    assert "\"Ngày tiếp nhận\" < '2024-04-01 00:00:00+07:00'" in sql
    assert "\"NGAYTRA\" >= '2024-03-01'" in sql
    assert "ngayketthucxuly >= '2024-03-01 00:00:00'" in sql
    assert 'ORDER BY mot_cua.ho_so.mahoso COLLATE "C"' in sql


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"trangthaihoso": None}, "no column for TrangThaiHoSo"),
        ({"NGAYTRA": None}, "no column for NgayKetThucXuLy .* or NgayTra"),
        ({"ma_ho_so": sa.Text()}, r'two columns with the same meaning: "mahoso" and "ma_ho_so"'),
        ({"danhsachlephi": sa.JSON(), "DanhSachLePhi": sa.JSON()}, "(DanhSachLePhi)"),
        ({"danhsachlephi": postgresql.ARRAY(sa.Text())}, "make it json or jsonb in the view"),
        ({"tonglephi": sa.JSON()}, "TongLePhi is of the type JSON, which is not read"),
        ({"NGAYTRA": sa.Text()}, "NGAYTRA is of the type TEXT, by which no month is found"),
    ],
)
def test_a_view_that_cannot_be_read_is_refused(columns: dict[str, Any], told: str) -> None:
    found = [(name, kind) for name, kind in (NEEDED | columns).items() if kind is not None]
    with pytest.raises(SourceError, match=told):
        choose_columns(found, load_upload_schema("dossiers"), "view v")
