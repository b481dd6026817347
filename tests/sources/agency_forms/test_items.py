"""Who owes what on a form, and the empty form that the system makes."""

import io
import re
from pathlib import Path
from zipfile import ZipFile

import pytest

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import Month
from cchc_pipeline.plan import load_plan
from cchc_pipeline.sources.agency_forms.blank import form_bytes, write_form
from cchc_pipeline.sources.agency_forms.forms import owing_forms
from cchc_pipeline.sources.agency_forms.items import form_for, form_items, load_bodies
from tests.builders.agency_form import COMMUNE, DISTRICT, EVERYONE, MARCH, OFFICE, SAMPLE


def _ids(code: str) -> list[str]:
    return [item.id for item in form_for(code, MARCH, EVERYONE, "H24").items]


def test_every_target_of_agency_forms_and_every_task_but_the_log_s_can_be_asked() -> None:
    plan, bodies = load_plan(2024), load_bodies(2024)
    assert plan is not None and bodies is not None
    items = form_items(plan, bodies)
    asked = {t.id for t in plan.targets if t.measured_from == "agency_form"}
    assert {i.id for i in items if i.target} == asked
    assert {i.id for i in items if i.task} == {t.id for t in plan.tasks} - {"31"}


def test_a_unit_that_the_plan_does_not_name_owes_what_its_class_owes() -> None:
    assert "1b" in _ids(SAMPLE.code) and "7b" in _ids(SAMPLE.code)
    assert not {"II.2", "45", "7a", "1c", "7c"} & set(_ids(SAMPLE.code))


def test_a_named_unit_owes_its_own_beside_its_class_however_the_name_is_spelt() -> None:
    assert {"II.2", "21", "26", "1b"} <= set(_ids(OFFICE.code))
    assert {"II.4a", "7a", "1a", "37"} <= set(_ids("H24.M02"))  # written Sở Nội Vụ


def test_districts_and_communes_owe_what_the_plan_asks_of_their_level() -> None:
    assert {"1b", "3b", "7c", "28", "22a"} <= set(_ids(DISTRICT.code))
    assert {"1c", "22a", "30"} <= set(_ids(COMMUNE.code))
    assert not {"1b", "7c", "28"} & set(_ids(COMMUNE.code))


def test_an_id_of_a_target_and_a_task_is_one_row_of_both() -> None:
    form = form_for("H24.M03", MARCH, EVERYONE, "H24")
    row = next(item for item in form.items if item.id == "45")
    assert row.target is not None and row.task is not None and row.is_share
    assert "Nhiệm vụ:" in row.text and "Mẫu số:" in row.text and "≥ 80%" in row.text


@pytest.mark.parametrize(
    ("code", "month", "what"),
    [
        ("H24.M99", MARCH, "no unit H24.M99 below H24"),
        ("H24", MARCH, "no unit H24 below H24"),
        ("H24.M31", Month(2025, 7), "no plan for 2025"),
        ("H24.M04", Month(2026, 9), "no plan for 2026"),
    ],
)
def test_a_form_that_nobody_owes_is_refused_in_one_line(code: str, month: Month, what: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        form_for(code, month, EVERYONE, "H24")
    assert "\n" not in str(caught.value) and "->" in str(caught.value)


def test_all_units_with_something_to_report_owe_a_form_and_none_in_a_year_without_a_plan() -> None:
    assert len(owing_forms(MARCH, EVERYONE, "H24")) == 6
    assert owing_forms(Month(2026, 9), EVERYONE, "H24") == ()


def test_the_same_form_has_the_same_bytes() -> None:
    form = form_for("H24.M03", MARCH, EVERYONE, "H24")
    assert form_bytes(form) == form_bytes(form)


def test_headings_are_locked_inputs_open_and_the_sheet_prints_on_a4() -> None:
    form = form_for("H24.M03", MARCH, EVERYONE, "H24")
    with ZipFile(io.BytesIO(form_bytes(form))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        styles = book.read("xl/styles.xml").decode()
    assert "<sheetProtection " in sheet and "password" not in sheet
    assert 'locked="0"' in styles
    assert 'paperSize="9"' in sheet and "<pane " in sheet
    assert 'type="list"' in sheet and "Không áp dụng" in sheet and 'type="decimal"' in sheet
    assert 'type="date"' in sheet
    heights = [float(text) for text in re.findall(r'<row [^>]* ht="([\d.]+)"', sheet)]
    assert len(heights) == len(form.items)
    assert max(heights) > 4 * min(heights)


def test_writing_never_replaces_another_file(tmp_path: Path) -> None:
    form, path = form_for("H24.M03", MARCH, EVERYONE, "H24"), tmp_path / "form.xlsx"
    write_form(path, form)
    write_form(path, form)
    path.write_bytes(b"filled in")
    with pytest.raises(UsageError, match="may be filled in"):
        write_form(path, form)
    assert path.read_bytes() == b"filled in"
