"""Which unit a text means, for every source; and who follows a unit that has ended."""

from datetime import date

import pytest

from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.units import Succession, Unit, UnitRegister, UnitTexts

JULY = Month(2025, 7)
BEGIN, END, AFTER = date(2024, 1, 1), date(2025, 6, 30), date(2025, 7, 1)


def _unit(code: str, name: str, since: date = BEGIN, until: date | None = None) -> Unit:
    level = "city" if code == "H24" else "commune"
    parent = None if code == "H24" else "H24"
    return Unit(code, name, name, level, parent, since, until, "sample", "DỮ LIỆU MẪU")


UNITS = (
    _unit("H24", "Thành phố Mẫu"),
    _unit("H24.1", "Sở Thủy sản Mẫu"),
    _unit("H24.2", "Phường Trùng Mẫu"),
    _unit("H24.3", "Phường trùng mẫu"),
    _unit("H24.4", "Quận Thọ Mẫu", until=END),
    _unit("H24.5", "Quận Giữa Mẫu", until=date(2024, 12, 31)),
    _unit("H24.6", "Thành phố Giữa Mẫu", date(2025, 1, 1), END),
    _unit("H24.7", "Xã Mới Mẫu", AFTER),
    _unit("H24.8", "Xã Sau Mẫu", date(2025, 9, 1)),
)


Row = tuple[str | None, str, str | None, str, date]


def _texts(*rows: Row, with_root: bool = False) -> UnitTexts:
    successions = (Succession(*row, "merged", "DỮ LIỆU MẪU") for row in rows)
    return UnitTexts(UnitRegister(UNITS, successions=tuple(successions)), "H24", JULY, with_root)


@pytest.mark.parametrize(
    ("text", "code"),
    [("h24.1", "H24.1"), (" SỞ  Thuỷ sản mẫu", "H24.1"), ("So Thuy san Mau", None),
     ("Quận Thổ Mẫu", None), ("Phường Trùng Mẫu", None), ("H24.3", "H24.3"), ("H24", None)],
)  # fmt: skip
def test_a_unit_is_found_by_code_or_name_and_a_shared_name_is_nobody_s(
    text: str, code: str | None
) -> None:
    found = _texts().resolve(text)
    assert (found.code if found else None) == code


@pytest.mark.parametrize("text", ["H24", "thành phố mẫu"])
def test_the_root_is_meant_only_where_it_may_be(text: str) -> None:
    assert _texts().holder(text) is None
    holder = _texts(with_root=True).holder(text)
    assert holder is not None
    assert holder.code == "H24"


ONE = ("H24.4", "Quận Thọ Mẫu", "H24.7", "Xã Mới Mẫu", AFTER)
CHAIN = (
    ("H24.5", "Quận Giữa Mẫu", "H24.6", "Thành phố Giữa Mẫu", date(2025, 1, 1)),
    ("H24.6", "Thành phố Giữa Mẫu", "H24.7", "Xã Mới Mẫu", AFTER),
)


@pytest.mark.parametrize(
    ("rows", "text", "code"),
    [
        ((ONE,), "H24.4", "H24.7"),
        ((ONE,), "quận thọ mẫu", "H24.7"),
        ((ONE, ONE), "H24.4", "H24.7"),
        (((None, "Quận Thọ Mẫu", None, "Xã Mới Mẫu", AFTER),), "H24.4", "H24.7"),
        ((("H24.4", "", "H24.7", "Xã Mới Mẫu", END),), "H24.4", "H24.7"),
        ((ONE, (None, "Quận Thọ Mẫu", None, "", AFTER)), "H24.4", "H24.7"),
        (CHAIN, "H24.5", "H24.7"),
        ((ONE, ("H24.4", "", "H24.1", "Sở", date(2025, 7, 15))), "H24.4", "H24.7"),
        ((), "H24.4", None),
        ((ONE, ("H24.4", "", "H24.1", "Sở Thủy sản Mẫu", AFTER)), "H24.4", None),
        ((ONE, ("H24.4", "", None, "Xã Chưa Có Mã", AFTER)), "H24.4", None),
        ((("H24.4", "", None, "Phường Trùng Mẫu", AFTER),), "H24.4", None),
        ((("H24.4", "", "H24.8", "Xã Sau Mẫu", date(2025, 9, 1)),), "H24.4", None),
        ((("H24.4", "", "H24", "Thành phố Mẫu", AFTER),), "H24.4", None),
        (CHAIN[:1], "H24.5", None),
        ((*CHAIN[:1], ("H24.6", "", "H24.5", "Quận Giữa Mẫu", END)), "H24.5", None),
    ],
)
def test_a_unit_that_ended_is_followed_to_exactly_one_successor(
    rows: tuple[Row, ...], text: str, code: str | None
) -> None:
    holder = _texts(*rows).holder(text)
    assert holder is not None
    assert holder.code == code
    assert (holder.moved_from is None) == (code is None)
    assert (holder.succession is None) == (code is not None)


def test_what_became_of_a_unit_is_told_in_a_sentence() -> None:
    two = (ONE, ("H24.4", "", "H24.1", "Sở Thủy sản Mẫu", AFTER))
    for rows, text, told in (
        (two, "H24.4", "Quận Thọ Mẫu kết thúc ngày 30/6/2025, các đơn vị thay thế: "
                       "Xã Mới Mẫu, Sở Thủy sản Mẫu."),
        ((), "H24.4", "Quận Thọ Mẫu kết thúc ngày 30/6/2025, danh sách kế thừa không nêu đơn vị "
                      "thay thế."),
        ((), "H24.8", "Xã Sau Mẫu có từ ngày 1/9/2025."),
    ):  # fmt: skip
        holder = _texts(*rows).holder(text)
        assert holder is not None
        assert holder.succession == told
