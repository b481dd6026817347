"""Units in time, and the lists that extend them."""

import os
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.unit_lists import last_day_of_set, load_register
from cchc_pipeline.registers.units import Unit, fold_name

HEADING = "unit_code,name_vi,name_en,level,parent_code,valid_from,valid_to\n"


def _inbox(tmp_path: Path, rows: str, heading: str = HEADING) -> Path:
    (tmp_path / "units.csv").write_text(heading + rows, encoding="utf-8")
    return tmp_path


def test_the_districts_of_2024_are_seven_and_eight_and_wait_for_their_codes() -> None:
    names = [unit.name_vi for unit in load_register().awaiting_code(Month(2024, 3))]
    assert sum(name.startswith("Quận ") for name in names) == 7
    assert sum(name.startswith("Huyện ") for name in names) == 8


def test_thuy_nguyen_and_an_duong_change_their_kind_on_1_january_2025() -> None:
    names = {unit.name_vi for unit in load_register().awaiting_code(Month(2025, 1))}
    assert {"Thành phố Thủy Nguyên", "Quận An Dương"} <= names
    assert not {"Huyện Thủy Nguyên", "Huyện An Dương"} & names


def test_districts_end_with_june_2025_and_are_mapped_onto_nothing() -> None:
    register = load_register()
    assert register.awaiting_code(Month(2025, 6))
    assert not register.awaiting_code(Month(2025, 7))
    abolished = [s for s in register.successions if s.kind == "abolished"]
    assert len(abolished) == 15
    assert {s.new_name for s in abolished} == {""}
    assert {s.date for s in abolished} == {date(2025, 7, 1)}


def test_there_are_114_communes_by_law_from_july_2025() -> None:
    counts = {(c.level, c.valid_from): c.count for c in load_register().counts}
    assert counts["commune", date(2025, 7, 1)] == 114
    assert counts["district", date(2024, 1, 1)] == 15


def test_h24_keeps_its_code_through_the_merger() -> None:
    register = load_register()
    for month in (Month(2024, 3), Month(2026, 9)):
        unit = register.find("H24", month)
        assert unit is not None
        assert unit.level == "city"


def test_units_csv_adds_units_and_gives_a_named_one_its_code(tmp_path: Path) -> None:
    inbox = _inbox(
        tmp_path, "H24.31,Huyện Thuỷ Nguyên,Thuy Nguyen,district,H24,2024-01-01,2024-12-31\n"
    )
    register = load_register(inbox)
    assert register.find("H24.31", Month(2024, 12)) is not None
    assert register.find("H24.31", Month(2025, 1)) is None
    waiting = {unit.name_vi for unit in register.awaiting_code(Month(2024, 3))}
    assert "Huyện Thủy Nguyên" not in waiting
    assert [unit.code for unit in register.below("H24", Month(2024, 3))] == ["H24.31"]


def test_a_row_replaces_the_shipped_one_of_the_same_code_and_start(tmp_path: Path) -> None:
    inbox = _inbox(tmp_path, "H24,Thành phố Hải Phòng,Hai Phong,city,,2024-01-01,\n")
    unit = load_register(inbox).find("H24", Month(2026, 9))
    assert unit is not None
    assert unit.name_vi == "Thành phố Hải Phòng"


def test_a_row_that_overlaps_a_shipped_one_replaces_it_and_is_told(tmp_path: Path) -> None:
    whole = load_register(_inbox(tmp_path, "H26,Hà Nội,Ha Noi,city,,2025-01-01,\n"))
    assert [u.name_vi for u in whole.units if u.code == "H26"] == ["Hà Nội"]
    later = load_register(_inbox(tmp_path, "H26,Hà Nội,Ha Noi,city,,2026-01-01,\n"))
    ends = [unit.valid_to for unit in later.units if unit.code == "H26"]
    assert ends == [date(2025, 12, 31), None]
    assert [unit.code for unit in (*whole.replaced, *later.replaced)] == ["H26", "H26"]


def test_a_row_that_ends_before_the_shipped_one_replaces_nothing(tmp_path: Path) -> None:
    register = load_register(_inbox(tmp_path, "H26,Hà Nội,Ha Noi,city,,2024-01-01,2025-06-30\n"))
    assert len([unit for unit in register.units if unit.code == "H26"]) == 2
    assert register.replaced == ()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("24,Sở A,A,agency,H24,2024-01-01,\n", "row 2: unit_code '24'"),
        ("H24.01,Sở A,A,sở,H24,2024-01-01,\n", "row 2: level 'sở'"),
        ("H24.01,,A,agency,H24,2024-01-01,\n", "row 2: name_vi is empty"),
        ("H24.01,=Sở A,A,agency,H24,2024-01-01,\n", "row 2: name_vi begins like a formula"),
        ("H24.01,Sở A,A,agency,H24,01/01/2024,\n", "row 2, valid_from: '01/01/2024'"),
        ("H24.01,Sở A,A,agency,H99,2024-01-01,\n", "parent 'H99'"),
        ("H24.01,Sở A,A,agency,H24,2024-01-01,2023-01-01\n", "ends before it begins"),
        ("H24.01,Sở A\n", "row 2: another number of cells"),
        (
            "H24.01,Sở A,A,agency,H24,2024-01-01,\nH24.01,Sở B,B,agency,H24,2025-01-01,\n",
            "exists twice on 2025-01-01",
        ),
    ],
)
def test_an_unusable_row_is_named(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(SchemaDataError) as caught:
        load_register(_inbox(tmp_path, row))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


GOOD = "H24.01,Sở A,A,agency,H24,2024-01-01,\n"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("H24.01,Sở A,A,agency,H24,2024-02-30,\n", "row 2, valid_from: '2024-02-30' is not a date"),
        ("H24.01,Sở A,A,agency,H24,20240101,\n", "row 2, valid_from: '20240101' is not a date"),
        ("H24.01,Sở A,A,agency,H24,0001-01-01,\n", "row 2, valid_from"),
        ("H24.01,Sở A,A,agency,H24,,\n", "row 2, valid_from: '' is not a date"),
        ("H24.01,Sở A,A,agency,H24.01,2024-01-01,\n", "row 2: H24.01 is above itself"),
        ("H24.01,Sở A,A,agency,x,2024-01-01,\n", "row 2: parent_code 'x' is not a code"),
        ("H24.01,Sở \x1b[31mA,A,agency,H24,2024-01-01,\n", r"row 2: name_vi holds a control"),
        ("H24.01,Sở\u202eA,A,agency,H24,2024-01-01,\n", r"Sở\u202eA"),
        ('H24.01,"Sở\nA",A,agency,H24,2024-01-01,\n', r"a line break: Sở\nA"),
        ("H24.01,Sở A,=A,agency,H24,2024-01-01,\n", "row 2: name_en begins like a formula"),
        ("H24.01,＝Sở A,A,agency,H24,2024-01-01,\n", "row 2: name_vi begins like a formula"),
        (f"H24.01,{'Sở ' * 99}A,A,agency,H24,2024-01-01,\n", "name_vi is longer than 200"),
        ("H24.01,Sở A,A,agency,H24,2024-01-01,2023-01-01\n", "row 2: H24.01 ends before"),
        (GOOD + GOOD, "row 3: H24.01 exists twice on 2024-01-01, also in row 2"),
        (GOOD + "H24.01,Sở B,B,agency,H24,2025-01-01,\n", "row 3: H24.01 exists twice"),
        (GOOD + "H24.02,Sở B,B,agency,H99,2024-01-01,\n", "row 3: parent 'H99'"),
        (
            "H24.01,Sở A,A,agency,H24.02,2024-01-01,\nH24.02,Sở B,B,agency,H24.01,2024-01-01,\n",
            "row 2: H24.01 is above itself",
        ),
        ('H24.01,"Sở A,A,agency,H24,2024-01-01,\n', "not CSV"),
        ("H24.01,Sở A,A,agency,H24,2024-01-01,,,\n", "row 2: another number of cells"),
    ],
)  # fmt: skip
def test_every_refusal_of_a_row_names_file_and_row(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(SchemaDataError) as caught:
        load_register(_inbox(tmp_path, row))
    line = str(caught.value)
    assert line.startswith(f"{tmp_path / 'units.csv'}, row ")
    assert said in line
    assert line.isprintable()
    assert len(line) <= 500


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",", "\t"),
        lambda text: "sep=,\n" + text,
        lambda text: "\ufeff" + text.replace("\n", "\r\n"),
        lambda text: text.replace("unit_code", " Unit Code ").replace("name_vi", "NAME-VI"),
        lambda text: text.replace("H24.01,Sở A", "'H24.01,\u200eSở A"),
        lambda text: text.replace("H24.01,", '"=""H24.01""",'),
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: text + ",,,,,,\n\n",
    ],
)
def test_a_list_is_read_as_spreadsheets_save_it(
    tmp_path: Path, change: Callable[[str], str]
) -> None:
    text = HEADING + "H24.01,Sở A,A,agency,H24,2024-01-01,\n"
    (tmp_path / "units.csv").write_bytes(change(text).encode())
    unit = load_register(tmp_path).find("H24.01", Month(2024, 3))
    assert unit is not None
    assert (unit.name_vi, unit.parent_code) == ("Sở A", "H24")


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    heading = HEADING.replace("\n", ",Name VI\n")
    with pytest.raises(SchemaDataError, match="two columns name_vi"):
        load_register(_inbox(tmp_path, "", heading=heading))


@pytest.mark.parametrize("name", ["units.csv", "successions.csv"])
def test_only_a_regular_file_of_some_size_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for make in (
        lambda: os.mkfifo(path),
        path.mkdir,
        lambda: path.symlink_to(tmp_path / "nowhere"),
        lambda: path.write_bytes(b"x" * ((4 << 20) + 1)),
    ):
        make()
        with pytest.raises(SchemaDataError, match=f"{name}: "):
            load_register(tmp_path)
        path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("H24.01,H24,2025-02-30,merged", r"row 2, date: '2025-02-30' is not a date"),
        ("H24.01,H24,2025-03-01,eaten", r"row 2: kind 'eaten' is unknown"),
        (",,2025-03-01,merged", r"row 2: a unit that was merged needs its code"),
        (",H24.01,2025-03-01,abolished", r"row 2: a unit that was abolished"),
        ("H24.01,,2025-03-01,established", r"row 2: a unit that was established"),
        ("H24.01,H24,2025-03-01,merged\nH24.01,H24,2025-03-01,split", r"row 3: .* twice"),
        ("H24.01,H24,2025-03-01,merged\nH24,H24.01,2025-03-01,split", r"row 3: .* twice"),
        ("H24.01,H24", r"row 2: another number of cells"),
    ],
)
def test_a_succession_that_cannot_be_used_is_named(tmp_path: Path, rows: str, said: str) -> None:
    _inbox(tmp_path, GOOD)
    text = f"old_code,new_code,date,kind\n{rows}\n"
    (tmp_path / "successions.csv").write_text(text, encoding="utf-8")
    with pytest.raises(SchemaDataError, match=rf"successions\.csv, {said}"):
        load_register(tmp_path)


def test_a_file_without_its_columns_or_in_another_encoding_is_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaDataError, match="no column level, parent_code"):
        load_register(
            _inbox(tmp_path, "", heading="unit_code,name_vi,name_en,valid_from,valid_to\n")
        )
    (tmp_path / "units.csv").write_bytes(HEADING.encode() + "H24.01,Sở Y tế".encode("utf-16"))
    with pytest.raises(SchemaDataError, match="not UTF-8"):
        load_register(tmp_path)


def test_successions_csv_needs_known_units(tmp_path: Path) -> None:
    _inbox(tmp_path, "H24.01,Sở A,A,agency,H24,2024-01-01,\n")
    path = tmp_path / "successions.csv"
    path.write_text("old_code,new_code,date,kind\nH24.01,H24,2025-03-01,merged\n", encoding="utf-8")
    assert load_register(tmp_path).successions[-1].old_name == "Sở A"
    path.write_text("old_code,new_code,date,kind\nH24.77,H24,2025-03-01,merged\n", encoding="utf-8")
    with pytest.raises(SchemaDataError, match=r"successions\.csv, row 2: unit 'H24\.77'"):
        load_register(tmp_path)


def test_units_that_only_the_source_knows_are_added_once_from_their_first_month() -> None:
    def seen(month: Month) -> Unit:
        return Unit(
            "H24.07", "Sở A", "Sở A", "agency", "H24", month.first_day, None, "source", "answer"
        )

    register = load_register().with_source_units([seen(Month(2026, 9)), seen(Month(2026, 8))])
    assert register.find("H24.07", Month(2026, 8)) is not None
    assert register.find("H24.07", Month(2026, 7)) is None
    assert sum(unit.code == "H24.07" for unit in register.units) == 1


def test_names_meet_over_case_spacing_and_tone_placement_but_never_without_accents() -> None:
    assert fold_name("Huyện  Thuỷ NGUYÊN") == fold_name("huyện Thủy Nguyên")
    assert fold_name("Hòa") == fold_name("Hoà")
    assert fold_name("Thọ") != fold_name("Thổ")
    assert fold_name("Đồ Sơn") != fold_name("Do Son")


def _seen(code: str, month: Month, name: str = "Tên khi đó", level: str = "agency") -> Unit:
    end, parent = last_day_of_set(month), "H24" if level == "agency" else None
    return Unit(code, name, name, level, parent, month.first_day, end, "source", "answer")


def test_a_set_of_units_ends_with_the_merger_of_july_2025() -> None:
    assert last_day_of_set(Month(2025, 6)) == date(2025, 6, 30)
    assert last_day_of_set(Month(2025, 7)) is None


def test_what_a_source_named_before_the_merger_says_nothing_of_the_time_after() -> None:
    seen = [_seen("H24.07", Month(2024, 5)), _seen("H24.07", Month(2026, 9), "Tên sau này")]
    register = load_register().with_source_units(seen)
    names = [unit and unit.name_vi for unit in (
        register.find("H24.07", month)
        for month in (Month(2025, 6), Month(2025, 12), Month(2026, 9))
    )]  # fmt: skip
    assert names == ["Tên khi đó", None, "Tên sau này"]


def test_a_province_of_the_list_was_another_one_before_its_first_day() -> None:
    seen = [_seen("H26", Month(2024, 5), level="province")]
    register = load_register().with_source_units([*seen, _seen("H26", Month(2026, 9))])
    spans = [(u.valid_from, u.valid_to) for u in register.units if u.code == "H26"]
    assert spans == [(date(2024, 5, 1), date(2025, 6, 30)), (date(2025, 7, 1), None)]


def test_the_city_exists_from_the_first_month_of_decision_766_also_beside_a_later_row(
    tmp_path: Path,
) -> None:
    assert load_register().find("H24", Month(2022, 6)) is not None
    register = load_register(_inbox(tmp_path, "H24,Hải Phòng,Hai Phong,city,,2024-01-01,\n"))
    names = [u.name_vi for m in (Month(2023, 12), Month(2024, 1)) if (u := register.find("H24", m))]
    assert names == ["UBND thành phố Hải Phòng", "Hải Phòng"]
