"""A release as CKAN takes it: fields with their dictionary, rows, and what a change asks."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.errors import SchemaDataError
from publish.places.ckan_tables import (
    RELEASE,
    STATE,
    CkanTable,
    batches,
    change,
    ckan_words,
    extra_of,
    is_same,
    kind_of,
    left_over,
    package_fields,
    rows_of,
    rows_told,
    said_otherwise,
    same_columns,
    tables_of,
    unlike,
    with_extras,
)
from publish.places.declared import token_name
from tests.publish.places.test_declared import declared

BASE, PACKAGE = "https://example.org/chat-luong/", "chat-luong-phuc-vu"
CSV = b"period,unit_code,value,is_late\n2024-01,H24,1.50,true\n2024-02,H24,,false\n"
PLACE = """
places:
  - name: du_lieu_mo
    title: {vi: Cổng dữ liệu mở, en: The open-data portal}
    kind: ckan
    shown_at: https://du-lieu.example.org/
    package: chat-luong-phuc-vu
    organization: van-phong
"""


def resource(name: str = "scores", **other: Any) -> dict[str, Any]:
    """A table of a descriptor."""
    columns = {
        "period": "yearmonth",
        "unit_code": "string",
        "value": "number",
        "is_late": "boolean",
    }
    fields = [
        {"name": n, "type": t, "title": n, "description": "Mô tả."} for n, t in columns.items()
    ]
    return {
        "type": "table", "name": name, "path": f"data/{name}.csv", "title": "Điểm",
        "hash": "sha256:1", "description": "Điểm của từng kỳ.", "mediatype": "text/csv",
        "schema": {"fields": fields, "primaryKey": ["period", "unit_code"]}, **other,
    }  # fmt: skip


def table(**other: Any) -> CkanTable:
    (one,) = tables_of({"resources": [resource(**other)]}, PACKAGE, BASE)
    return one


def there(*tables: CkanTable) -> Mapping[str, Any]:
    """A data set that has these tables."""
    return {"resources": [{"id": one.id, STATE: one.state, **one.about} for one in tables]}


def test_a_resource_keeps_its_id_whatever_the_release_says_of_the_table() -> None:
    assert table().id == table(hash="sha256:2", title="Điểm mới").id
    assert table().id != table(name="units").id


def test_other_formats_of_a_table_are_no_resources_of_their_own() -> None:
    other = {"type": None, "name": "scores-json", "alternateOf": "scores"}
    assert len(tables_of({"resources": [resource(), other]}, PACKAGE, BASE)) == 1


def test_a_resource_links_to_the_table_on_our_own_portal_and_carries_its_digest() -> None:
    assert table().about["url"] == f"{BASE}latest/data/scores.csv"
    assert table().about["hash"] == "sha256:1"


def test_columns_have_the_types_of_the_contract_not_guessed_ones() -> None:
    assert [one["type"] for one in table().fields] == ["text", "text", "numeric", "bool"]


def test_every_type_of_a_contract_has_a_type_there() -> None:
    kinds = {one["type"] for one in load_contract("scores").table_schema("vi")["fields"]}
    assert kinds <= {*ckan_words().types}


def test_the_dictionary_is_vietnamese_with_unit_and_codes() -> None:
    codes = [{"value": "month", "label": "Tháng"}, {"value": "ytd", "label": "Lũy kế"}]
    one = {"name": "basis", "type": "string", "title": "Phạm vi", "titleEn": "Basis",
           "description": "Của tháng hay lũy kế.", "unit": "điểm", "categories": codes}  # fmt: skip
    found = table(schema={"fields": [one], "primaryKey": ["basis"]}).fields[0]["info"]
    assert found["label"] == "Phạm vi"
    assert found["notes"] == "Của tháng hay lũy kế. Đơn vị tính: điểm. month: Tháng; ytd: Lũy kế."


def test_rows_go_as_the_csv_has_them_and_nothing_as_nothing() -> None:
    sent = change(table(), rows_of(table(), CSV), ()).records
    assert [one["value"] for one in sent] == ["1.50", None]


def test_rows_come_back_as_they_went_though_ckan_writes_truth_its_own_way() -> None:
    told = rows_told(table(), "1,2024-01,H24,1.50,t\n7,2024-02,H24,,f\n")
    assert is_same(rows_of(table(), CSV), told)


@pytest.mark.parametrize("rows", [[], [("2024-01", "H24", "1.50", "true")] * 2])
def test_a_row_that_lacks_or_stands_twice_is_seen(rows: list[tuple[str, ...]]) -> None:
    assert not is_same(rows_of(table(), CSV), rows)


def test_only_rows_that_differ_are_sent() -> None:
    ours = rows_of(table(), CSV)
    old = [("2024-01", "H24", "1.5", "true"), ("2024-02", "H24", "", "false")]
    assert [one["period"] for one in change(table(), ours, old).records] == ["2024-01"]


def test_a_month_that_is_gone_goes_by_one_call_a_single_row_by_its_key() -> None:
    ours = rows_of(table(), CSV)
    gone = [("2023-12", "H24", "", ""), ("2023-12", "H24.1", "", ""), ("2024-01", "H24.9", "", "")]
    found = change(table(), ours, [*ours.values(), *gone])
    assert found.records == ()
    assert found.gone == ({"period": "2023-12"}, {"period": "2024-01", "unit_code": "H24.9"})


def test_a_table_in_the_same_state_is_not_sent() -> None:
    assert unlike([table()], there(table())) == ()


@pytest.mark.parametrize("other", [{"hash": "sha256:2"}, {"title": "Điểm mới"}])
def test_a_table_with_other_bytes_or_words_is_sent(other: Mapping[str, str]) -> None:
    assert unlike([table(**other)], there(table())) == (table(**other),)


@pytest.mark.parametrize("changed", ["url", "name", "hash"])
def test_a_resource_that_somebody_changed_there_is_sent_again(changed: str) -> None:
    package = there(table())
    package["resources"][0][changed] = "https://example.org/khac.csv"
    assert unlike([table()], package) == (table(),)


def test_a_data_set_that_says_something_else_is_told_by_the_field() -> None:
    wanted = {"title": "Chất lượng", "notes": "Một\nHai", "private": False,
              "tags": [{"name": "b"}, {"name": "a"}]}  # fmt: skip
    told = {"title": "Chất lượng", "notes": "Một\r\nHai ", "private": False,
            "tags": [{"name": "a", "id": "1"}, {"name": "b", "id": "2"}]}  # fmt: skip
    assert said_otherwise(wanted, told) == ()
    changed = {**told, "title": "Thử", "private": True, "tags": []}
    assert said_otherwise(wanted, changed) == ("title", "private", "tags")


def test_a_table_whose_sending_was_cut_off_is_sent_again() -> None:
    cut = {"resources": [{"id": table().id, STATE: ""}]}
    assert unlike([table()], cut) == (table(),)


def test_resources_of_others_are_left_alone() -> None:
    package = {"resources": [*there(table(), table(name="units"))["resources"], {"id": "theirs"}]}
    assert left_over([table()], package) == (table(name="units").id,)


def test_a_release_that_is_taken_away_leaves_no_table() -> None:
    assert left_over(tables_of({}, PACKAGE, BASE), there(table())) == (table().id,)


@pytest.mark.parametrize("changed", [{"type": "text"}, {"id": "diem"}])
def test_columns_of_another_name_or_type_are_another_shape(changed: Mapping[str, str]) -> None:
    number = {"id": "_id", "type": "int4"}
    assert same_columns(table(), [number, *table().fields])
    other = replace(table(), fields=(*table().fields[:2], {**table().fields[2], **changed}))
    assert not same_columns(table(), [number, *other.fields])


def test_extras_of_the_portals_people_stay_beside_ours() -> None:
    old = [{"key": "linh_vuc", "value": "Hành chính"}, {"key": RELEASE, "value": "2024-01.r1"}]
    found = {"extras": with_extras(old, {RELEASE: "2024-02.r1"})}
    assert extra_of(found, "linh_vuc") == "Hành chính"
    assert extra_of(found, RELEASE) == "2024-02.r1"
    assert len(found["extras"]) == 2


def test_the_data_set_is_told_in_vietnamese_with_the_terms_of_its_day() -> None:
    release = {
        "title": "Chất lượng phục vụ", "description": "DỮ LIỆU MẪU. Kết quả.", "version": "1.0.0",
        "release": "2024-01.r1", "licenses": [{"title": "Luật Dữ liệu 60/2024/QH15, Điều 21"}],
        "contributors": [{"title": "Văn phòng"}], "keywords": ["dịch vụ công"],
    }  # fmt: skip
    told = package_fields(release, BASE)
    assert told["title"] == "Chất lượng phục vụ"
    assert told["notes"].startswith("DỮ LIỆU MẪU. Kết quả.")
    assert "Luật Dữ liệu 60/2024/QH15, Điều 21" in told["notes"]
    assert f"{BASE}latest/LICENSE.md" in told["notes"]


def test_many_rows_go_in_several_calls() -> None:
    most = ckan_words().rows_at_once
    assert [len(part) for part in batches(({"a": "b"},) * (most + 1))] == [most, 1]


def test_the_token_of_a_ckan_is_given_by_the_environment(tmp_path: Path) -> None:
    (place,) = declared(tmp_path, PLACE)
    assert token_name(place) == "CKAN_TOKEN_DU_LIEU_MO"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("    package: chat-luong-phuc-vu\n", "", "needs package"),
        ("https://", "http://", "a token goes there"),
        ("kind: ckan", "kind: manual", "needs package, which no other kind has"),
        ("organization:", "pointer: link\n    organization:", "pointer is for kind: files"),
        ("organization:", "path: x\n    organization:", "remote and path"),
    ],
)
def test_an_entry_that_cannot_be_used_is_refused(
    tmp_path: Path, old: str, new: str, why: str
) -> None:
    with pytest.raises(SchemaDataError, match=why):
        declared(tmp_path, PLACE.replace(old, new))


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("package_patch: NotAuthorized: {'message': 'Access denied'}", "refused"),
        ("package_show: ConnectionError: Max retries exceeded", "unreachable"),
        ("package_show: CKANAPIError: ['https://x/api/action', 502, 'Bad gateway']", "unreachable"),
        ("package_show: SSLError: [SSL: CERTIFICATE_VERIFY_FAILED] expired", "insecure"),
        ("package_patch: CKANAPIError: ['https://x/api/action', 500, '<html>']", "failing"),
        ("package_patch: CKANAPIError: ['https://x/api/action', 301, '']", "moved"),
        ("datastore_search: CKANAPIError: ['x', 400, 'Action name not known: d']", "no_datastore"),
        ("resource_patch: ValidationError: {'id': ['c403502']}", ""),
    ],
)
def test_a_refusal_is_told_by_its_kind(said: str, kind: str) -> None:
    assert kind_of(said) == kind
