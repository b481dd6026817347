"""One table of examples: texts and what they mean, whoever reads them.

Belongs here: examples, with None for what is refused. Does not: the readers, of which there are
three: SQL on DuckDB, the same on Spark, and Python.
"""

from datetime import datetime
from decimal import Decimal

_DAY, _MORNING = datetime(2024, 3, 5), datetime(2024, 3, 5, 8, 30)
_DAYS = (
    "2024-03-05", "2024-3-5", "05/03/2024", "5/3/2024", "05-03-2024", "5.3.2024", "20240305",
    "20240305.0", "45356", "45356.0", "45356,0", "45356.000000e0", "45356.000001",
)  # fmt: skip
_MORNINGS = (
    "20240305083000", "20240305083000.0", "20240305T083000", "2024-03-05T08:30:00",
    "2024-03-05 08:30", "2024-3-5 8:30", "2024-03-05T08:30:00.75", "2024-03-05T08:30:00,75",
    "05/03/2024 08:30", "5/3/2024 8:30:00", "05/3/2024 8:30", "05-03-2024 08:30",
    "05.03.2024 8:30:00", "05/03/2024 08:30:00.123", "05/03/2024  08:30", "05/03/2024T08:30",
    "05/03/2024\u00a008:30", "05/03/2024\u202f08:30", "2024-03-05T01:30:00Z",
    "2024-03-05T01:30:00 UTC", "2024-03-05T01:30Z", "2024-03-05T01:30:00.000Z",
    "2024-03-05T08:30:00+07", "2024-03-05T08:30:00+0700", "2024-03-05T08:30:00+07:00",
    "2024-03-05 08:30:00 +0700", "2024-03-04T21:00:00-04:30", "2024-03-05T01:30:00+00",
    "05/03/2024 08:30:00 +07:00", "05/03/2024 01:30 Z", "45356.354166666664", "45356,3541666667",
    "45356.354166666664e0", "45356.354167",
)  # fmt: skip
_NO_MOMENTS = (
    "31/02/2024", "29/02/2023", "2024-02-30", "2024-13-01", "20240230", "20240230083000",
    "05/03/24", "05-03-24", "0024-03-05", "24-03-05", "05/03-2024", "2024/03/05", "202403050830",
    "2024-03-05T24:00:00", "05/03/2024 24:00", "20240305240000", "2024-03-05 23:59:60",
    "20240305083060", "05/03/2024 25:00", "05/03/2024 8:3", "05/03/2024   8:3", "2024-03-05 08:",
    "2024-03-05 8", "2024-03-05 ::30", "2024-03-05T", "2024-03-05Z", "2024-03-05+07:00",
    "2024-03-05+08:30:00", "2024-03-05T08:30:00+7", "05/03/2024 9:30:00 AM", "05/03/2024 9:30 SA",
    "2024-03-05 08:30 PM", "05/03/2024 08h30", "08:30 05/03/2024", "Tháng 3/2024", "05/03/2024 x",
    "1709605800", "1709605800000", "99999", "10000", "453560", "4535", "1", "-45356", "4.5356e4",
    "99999999999999", "19891231235959", "21000101000001", "9999-12-31", "infinity", "epoch",
    "0５/03/2024", "٢٠٢٤-03-05", "２０２４０３０５", "hôm nay", "?", "#REF!", "#N/A",
)  # fmt: skip

MOMENTS: tuple[tuple[str, datetime | None, bool], ...] = (
    *((text, _DAY, False) for text in _DAYS),
    *((text, _MORNING, True) for text in _MORNINGS),
    *((text, None, False) for text in _NO_MOMENTS),
    ("20240305000000", _DAY, True),
    ("2024-03-05T00:00:00", _DAY, True),
    ("05/03/2024 00:00", _DAY, True),
    ("2024-02-29", datetime(2024, 2, 29), False),
    ("45313.441875", datetime(2024, 1, 22, 10, 36, 18), True),
    ("45313.441875e0", datetime(2024, 1, 22, 10, 36, 18), True),
    ("45313,441875", datetime(2024, 1, 22, 10, 36, 18), True),
    ("2024-03-05T09:30:00 UTC", datetime(2024, 3, 5, 16, 30), True),
)
"""Text, moment by the city's clock, and whether it gives a time of day."""

NUMBERS: tuple[tuple[str, str | None], ...] = (
    ("0", "0"), ("50000", "50000"), ("-5", "-5"), ("50.000", "50000"), ("50,000", "50000"),
    ("50 000", "50000"), ("50\u00a0000", "50000"), ("1.234.567", "1234567"),
    ("1,234,567", "1234567"), ("1 234 567", "1234567"), ("1.234.567,5", "1234567.5"),
    ("1,234,567.5", "1234567.5"), ("1,234.56", "1234.56"), ("50.000,00", "50000"),
    ("12500,5", "12500.5"), ("12500.5", "12500.5"), ("12.5", "12.5"), ("50000.00", "50000"),
    ("1.2345", "1.2345"), ("0.25", "0.25"), ("1.5e0", "1.5"), ("1.234e0", "1.234"),
    ("1,23,456", None), ("12.34.5", None), ("1.234,567", None), ("12500,500", None),
    ("1.234 567", None), ("1 23", None), ("1e5", None), ("5,00E+04", None), ("e0", None),
    ("50.000 đ", None), ("50.000VNĐ", None), ("50.000₫", None), ("năm mươi", None), ("-", None),
    ("Miễn phí", None), ("12%", None), ("５０", None), ("NaN", None), ("#VALUE!", None),
)  # fmt: skip
"""Text and number; amounts of money have two decimals."""

WHOLE_NUMBERS: tuple[tuple[str, int | None], ...] = (
    ("0", 0), ("2", 2), ("10", 10), ("10.0", 10), ("10,0", 10), ("2.00", 2), ("10.0e0", 10),
    ("1e1", 10), ("9999", 9999), ("10000", None), ("5e9", None), ("1.000", None), ("1.5", None),
    ("-1", None), ("hai", None), ("٢", None), ("#NUM!", None),
)  # fmt: skip

CODES: tuple[tuple[str, str, int | None], ...] = (
    ("KenhThucHien", "Trực tuyến", 2), ("KenhThucHien", "2.0", 2), ("KenhThucHien", "#N/A", None),
    ("KenhThucHien", "BUU CHINH CONG ICH", 3), ("KenhThucHien", "9", None),
    ("MucDo", "toàn  trình", 4), ("MucDo", "4.0", 4), ("MucDo", "Mức độ 4", 4),
    ("MucDo", "40", None),
    ("TrangThaiHoSo", "Đã trả kết quả", 10), ("TrangThaiHoSo", "10.0", 10),
    ("TrangThaiHoSo", "10,0", 10), ("TrangThaiHoSo", "1e1", 10), ("TrangThaiHoSo", "1.5", None),
    ("TrangThaiHoSo", "11", None), ("TrangThaiHoSo", "100", None),
    ("DuocThanhToanTrucTuyen", "Cổng bộ, ngành, địa phương", 2), ("LuanChuyenNoiBo", "Điện tử", 1),
    ("LuanChuyenNoiBo", "0.0", 0), ("MucDoHaiLong", "5.0", 5), ("MucDoHaiLong", "4,5", None),
    ("MucDoHaiLong", "50", None), ("DaDongBoDVCQG", "không", 0), ("DaDongBoDVCQG", "1.0", 1),
    ("DaDongBoDVCQG", "có thể", None), ("HoSoCoThanhPhanSoHoa", "x", 1),
    ("HoSoCoThanhPhanSoHoa", "Chưa", 0), ("HoSoCoThanhPhanSoHoa", "10", None),
)  # fmt: skip
"""Field, text and code."""

PROCEDURES: tuple[tuple[str, str | None], ...] = (
    ("2.000815", "2.000815"), ("2.000815.000.00.00.H24", "2.000815"), ("1.00123", "1.001230"),
    ("1.00123e0", "1.001230"), ("1,00123", "1.001230"), ("9.901e0", "9.901000"),
    ("9.901002e0", "9.901002"), ("9.99", None), ("2", None), ("12.000815", None),
    ("2.0008150", None), ("2.00081.000.00.00.H24", None), ("2.000815.", None), ("#REF!", None),
)  # fmt: skip


def decimal(text: str | None) -> Decimal | None:
    """A number of the table."""
    return None if text is None else Decimal(text)
