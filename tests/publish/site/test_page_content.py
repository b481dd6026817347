"""The pages: complete, true to the tables, honest about what is missing, and readable anywhere."""

import gzip
import itertools
import json
import pickle
import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.code_lists import indicator_rows, metric_rows, obs_status_rows
from cchc_pipeline.indicators.comparability import is_comparable
from cchc_pipeline.indicators.plan_indicators import plan_indicator_rows
from cchc_pipeline.indicators.task_progress import task_rows, task_states
from cchc_pipeline.methodology import load_methodology
from cchc_pipeline.plan import PublicationLog
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.storage.lake import table_from_rows
from publish.model import PUBLISHED_TABLES, Draft, Identity, Published, ReleaseId, Source
from publish.package.descriptor import describe
from publish.package.formats import cell_text
from publish.portal.links import listing_files
from publish.portal.publication import release_files
from publish.site.page import imprint_of_draft, root_row, script_text, style_text
from publish.site.pages.releases import page_recipes
from publish.site.words import load_words, number_text, parse_messages
from publish.store.state import Act, Edition
from tests.publish.site.page_tree import Element, parse

SEPTEMBER, MARCH_2024 = Month(2026, 9), Month(2024, 3)
CAPTURED = "2026-10-10T07:00:40Z"
METHOD = load_methodology("766-2026")
MAXIMA = {group.code: float(group.max_score) for group in METHOD.groups}
HAI_PHONG = {
    "CKMB": 11.08, "TDGQ": 17.94, "CLGQ": 9.14, "TTTT": 6.94, "MDHL": 11.35, "MDSH": 10.73,
}  # fmt: skip
Rows = list[dict[str, Any]]

# A draft of a few rows


def _score(unit: str, metric: str, score: float | None, **other: Any) -> dict[str, Any]:
    known = score is not None
    return {
        "period": "2026-09", "basis": "ytd", "unit_code": unit, "metric_code": metric,
        "score": score, "max_score": MAXIMA.get(metric, 100.0), "numerator": None,
        "denominator": None, "ratio": None, "rank": None, "obs_status": "A" if known else "O",
        "quality_flag": None, "source_system": "dvcqg-2026" if known else None,
        "methodology": "766-2026" if known else None, "captured_at": CAPTURED if known else None,
        "recomputed_score": None, "difference": None, "release": "2026-09.r1",
    } | other  # fmt: skip


def _scores(unit: str, parts: dict[str, float], rank: int | None, **other: Any) -> Rows:
    total = _score(unit, "TOTAL", round(sum(parts.values()), 2), rank=rank, **other)
    return [total, *(_score(unit, group, score, **other) for group, score in parts.items())]


def _halves(share: float) -> dict[str, float]:
    return {group: round(maximum * share, 2) for group, maximum in MAXIMA.items()}


def _unit(code: str, name: str, level: str, provenance: str = "source") -> dict[str, Any]:
    return {
        "unit_code": code, "name_vi": name, "name_en": name, "level": level,
        "parent_code": "H24" if "." in code else None, "valid_from": date(2024, 1, 1),
        "valid_to": None, "provenance": provenance, "basis": "kiểm thử",
    }  # fmt: skip


UNITS = [
    _unit("H24", "UBND thành phố Hải Phòng", "city", "official"),
    _unit("H49", "UBND thành phố Quảng Ninh", "province"),
    _unit("H24.01", "Sở Nội vụ", "agency"),
    _unit("H24.101", "Phường Đồ Sơn", "commune"),
    _unit("H24.102", "Phường Ân Thi", "commune"),
]
UNIT = "H24.01"
SCORES = [
    *_scores("H24", HAI_PHONG, 2, obs_status="P"),
    *_scores("H49", _halves(0.9), 1),
    *_scores("H24.01", _halves(0.8), 1),
    *_scores("H24.101", _halves(0.5), 1),
    *_scores("H24.102", _halves(0.5), 1),
    _score("H24", "DOSSIER_SYNC", 6.0, max_score=6.0, numerator=647123, denominator=647123,
           ratio=100.0, recomputed_score=6.0, difference=0.0,
           quality_flag="TEMP_NATIONAL_REPORT_DENOMINATOR"),
    _score("H24", "TOTAL", None, basis="month"),
]  # fmt: skip
NOTHING_OF_2024 = [
    _score("H24", "TOTAL", None, period="2024-03", basis=basis) for basis in ("month", "ytd")
]


def _submission(period: str, status: str, rows: int | None) -> dict[str, Any]:
    return {
        "period": period, "unit_code": "H24", "table": "scores",
        "received_at": CAPTURED if rows is not None else None, "rows": rows, "accepted": rows,
        "quarantined": rows and 0, "duplicates": rows and 0, "status": status,
        "release": "2026-09.r1",
    }  # fmt: skip


def _draft(**given: Rows) -> Draft:
    """September 2026 (scores, no plan) and March 2024 (a plan, no scores), with given tables."""
    indicators = [
        row | {"release": "2026-09.r1"}
        for row in plan_indicator_rows(MARCH_2024, "H24", PublicationLog())
    ]
    rows: dict[str, Rows] = {
        "scores": [*SCORES, *NOTHING_OF_2024],
        "plan_indicators": indicators,
        "plan_tasks": task_rows(
            MARCH_2024, task_states(MARCH_2024, (), load_register(), "H24", PublicationLog())
        ),
        "submissions": [
            _submission("2026-09", "received", 163),
            _submission("2024-03", "missing", None),
        ],
        "revisions": [],
        "units": UNITS,
        "successions": [],
        "metrics": metric_rows("766-2026"),
        "indicators": indicator_rows([2024]),
        "obs_status": obs_status_rows(),
    } | given  # fmt: skip
    return Draft(
        id=ReleaseId(SEPTEMBER, 1),
        published_at=datetime(2026, 10, 20, 3, tzinfo=UTC),
        tables={
            name: table_from_rows(load_contract(name), rows.get(name, []))
            for name in PUBLISHED_TABLES
        },
        periods=(MARCH_2024, SEPTEMBER),
        sources=(Source("Cổng DVCQG", CAPTURED, "published", "2026-09", "ytd"),),
        identity=Identity("Văn phòng", "Văn phòng", "Giấy phép", "LICENSE.md", "", "H24"),
    )  # fmt: skip


def _with(unit: str, metric: str, **cells: Any) -> Rows:
    """The scores with some cells of the year-to-date row of a unit and metric replaced."""
    key = (unit, metric, "ytd")
    return [
        row | cells if (row["unit_code"], row["metric_code"], row["basis"]) == key else row
        for row in SCORES
    ]


def _published(draft: Draft, number: int = 1, digest: str = "ab" * 32) -> Published:
    return Published(
        id=ReleaseId(draft.id.month, number),
        version=f"1.0.{number - 1}",
        published_at=draft.published_text,
        provenance=draft.provenance,
        periods=draft.periods,
        schema_digests=dict.fromkeys(PUBLISHED_TABLES, "0" * 16),
        folder=Path("releases"),
        digest=digest,
    )


_MADE: dict[bytes, dict[str, bytes]] = {}


def _site(draft: Draft | None = None, releases: Sequence[Published] = ()) -> dict[str, bytes]:
    """The site of a draft, made once however many tests look at it."""
    asked = (draft or _draft(), releases)
    key = pickle.dumps(asked)
    if key not in _MADE:
        _MADE[key] = _made(*asked)
    return dict(_MADE[key])


def _made(draft: Draft, releases: Sequence[Published]) -> dict[str, bytes]:
    descriptor = describe(draft, release_files(draft))
    out = tuple(releases or (_published(draft),))
    acts = tuple(Act(release.published_at, "published", release.id) for release in out)
    root = root_row(draft.tables["units"].to_pylist(), draft.identity.root_unit)
    edition = Edition(out, acts, draft.identity, root, descriptor)
    imprint = imprint_of_draft(draft)
    pages = {
        path: content
        for recipe in page_recipes(draft, descriptor)
        for path, content in recipe.rendered(imprint)
    }
    return {**pages, **listing_files(edition)}


def _page(path: str = "thang/2026-09.html", **given: Rows) -> Element:
    draft = _draft(**given)
    recipes = page_recipes(draft, describe(draft, release_files(draft)))
    (recipe,) = (recipe for recipe in recipes if recipe.name == path.removeprefix("en/"))
    return parse(dict(recipe.rendered(imprint_of_draft(draft)))[path].decode())


def _plan_page(*changed: dict[str, Any], path: str = "thang/2024-03.html") -> Element:
    """March 2024 with some cells of ``plan_indicators`` replaced."""
    rows = {
        (row["indicator_id"], row["basis"]): row
        for row in plan_indicator_rows(MARCH_2024, "H24", PublicationLog())
    }
    for change in changed:
        rows[change["indicator_id"], change["basis"]] |= change
    return _page(path, plan_indicators=list(rows.values()))


def _pages(site: dict[str, bytes]) -> Iterable[tuple[str, Element]]:
    return ((path, parse(c.decode())) for path, c in site.items() if path.endswith(".html"))


def _framed(site: dict[str, bytes]) -> Iterable[tuple[str, Element]]:
    """The pages in the portal's own frame, which those to embed elsewhere do not have."""
    return ((path, page) for path, page in _pages(site) if "nhung/" not in path)


# Which pages there are


def test_each_period_has_its_page_and_the_newest_is_the_front_page() -> None:
    site = _site()
    assert {"index.html", "thang/2026-09.html", "thang/2024-03.html", "phat-hanh.html"} <= set(site)
    assert "Tháng 9/2026" in parse(site["index.html"].decode()).one("h1").text


def test_each_page_has_its_english_twin_and_they_point_at_each_other() -> None:
    site = _site()
    vietnamese = {path for path in site if path.endswith(".html") and not path.startswith("en/")}
    assert {f"en/{path}" for path in vietnamese} == {p for p in site if p.startswith("en/")}
    for path, page in _pages(site):
        twin = page.one("link", hreflang="vi" if path.startswith("en/") else "en").attributes
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), twin["href"]))
        assert target == (path.removeprefix("en/") if path.startswith("en/") else f"en/{path}")
        assert page.one("html").attributes["lang"] == ("en" if path.startswith("en/") else "vi")


def test_the_same_draft_gives_the_same_bytes() -> None:
    assert _made(_draft(), ()) == _made(_draft(), ())


def test_the_index_lists_every_release_oldest_first_and_only_the_last_is_current() -> None:
    draft = _draft()
    releases = (_published(draft, 1), _published(draft, 2, "cd" * 32))
    index = json.loads(_site(draft, releases)["index.json"])
    assert index["latest"] == "2026-09.r2"
    assert [(entry["id"], entry["status"]) for entry in index["releases"]] == [
        ("2026-09.r1", "superseded"),
        ("2026-09.r2", "current"),
    ]
    assert index["releases"][1] == {
        "id": "2026-09.r2", "period": "2026-09", "path": "releases/2026-09/r2/",
        "version": "1.0.1", "published_at": "2026-10-20T03:00:00Z", "status": "current",
        "digest": "cd" * 32, "provenance": "official",
    }  # fmt: skip


def test_the_releases_page_shows_versions_and_digests_newest_first() -> None:
    draft = _draft()
    releases = (_published(draft, 1), _published(draft, 2, "cd" * 32))
    page = parse(_site(draft, releases)["phat-hanh.html"].decode())
    rows = page.all("tbody")[0].all("tr")
    assert [row.one("th").text for row in rows] == ["2026-09.r2", "2026-09.r1"]
    assert "Hiện hành" in rows[0].text and "cd" * 32 in rows[0].text
    assert "Không còn hiện hành" in rows[1].text


# Links and independence


def test_every_link_leads_to_a_page_a_file_of_the_data_or_of_a_release() -> None:
    site = _site()
    release_files = {
        "datapackage.json", "croissant.json", "release.json", "SHA256SUMS", "CHANGES.md",
        "LICENSE.md", "quality.json", "verify.py", "hp-chat-luong-phuc-vu.xlsx",
        "hp-chat-luong-phuc-vu.zip",
    }  # fmt: skip
    known = set(site) | {f"releases/2026-09/r1/{name}" for name in release_files}
    known |= {f"latest/{name}" for name in release_files}
    for table, ending in itertools.product(PUBLISHED_TABLES, ("csv", "xlsx", "parquet", "json")):
        folder = "data" if ending == "csv" else "formats"
        known |= {f"data/{table}.{ending}", f"releases/2026-09/r1/{folder}/{table}.{ending}"}
    pages = dict(_pages(site))
    places = {path: {e.attributes.get("id") for e in page.walk()} for path, page in pages.items()}
    for path, page in pages.items():
        for link in page.all("a"):
            place, _, anchor = link.attributes["href"].partition("#")
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), place))
            assert not place or target in known, (path, place)
            assert not anchor or anchor in places[target if place else path], (path, anchor)


def test_pages_need_no_script_no_other_file_and_no_third_party() -> None:
    for path, page in _framed(_site()):
        kinds = {script.attributes.get("type") for script in page.all("script")}
        assert kinds <= {"application/ld+json", None}, path
        own = [script.text for script in page.all("script") if "type" not in script.attributes]
        assert own == [" ".join(script_text().split())], path
        for element in page.walk():
            for name in ("src", "href", "action", "data", "poster"):
                value = element.attributes.get(name, "")
                assert not re.match(r"(?!data:)[a-z][a-z0-9+.-]*:|/", value), (path, value)
            assert not any(name.startswith("on") for name in element.attributes), path
        assert "url(" not in page.one("style").text


def test_a_known_public_address_makes_the_permalink_absolute() -> None:
    draft = _draft()
    public = replace(draft, identity=replace(draft.identity, public_url="https://example.vn/cl"))
    page = parse(_site(public)["en/index.html"].decode())
    address = "https://example.vn/cl/en/thang/2026-09.html"
    assert page.one("link", rel="canonical").attributes["href"] == address
    assert address in page.one("footer").text
    twins = {link.attributes["hreflang"]: link.attributes["href"] for link in page.all("link")
             if "hreflang" in link.attributes}  # fmt: skip
    vietnamese = "https://example.vn/cl/thang/2026-09.html"
    assert twins == {"vi": vietnamese, "en": address, "x-default": vietnamese}
    assert page.one("meta", property="og:url").attributes["content"] == address


def test_each_page_says_how_to_share_and_to_cite_it() -> None:
    for path, page in _framed(_site()):
        said = {e.attributes["property"]: e.attributes["content"] for e in page.all("meta")
                if "property" in e.attributes}  # fmt: skip
        assert said["og:title"] in page.one("head").one("title").text, path
        assert said["og:description"] == page.one("meta", name="description").attributes["content"]
        cited = [e.text for e in page.one("footer").all("dd")]
        assert any(said["og:title"] in text and "2026-09.r1" in text for text in cited), path


def test_ids_are_unique_on_a_page() -> None:
    for path, page in _pages(_site()):
        ids = [e.attributes["id"] for e in page.walk() if "id" in e.attributes]
        assert len(ids) == len(set(ids)), path


def test_names_from_the_data_are_escaped() -> None:
    hostile = '<script>alert(1)</script>"&'
    units = [*UNITS[:3], _unit("H24.101", hostile, "commune"), UNITS[4]]
    page = _page(units=units)
    assert not [script for script in page.all("script") if "alert" in script.text]
    assert hostile in page.one("tr", data_row="H24.101").text


# Figures


def test_every_number_is_the_cell_of_its_table_and_reads_as_such() -> None:
    draft = _draft()
    contract = load_contract("scores")
    cells = {
        (row["basis"], row["unit_code"], row["metric_code"]): row
        for row in draft.tables["scores"].to_pylist()
        if row["period"] == "2026-09"
    }
    checked = 0
    for language, path in (("vi", "index.html"), ("en", "en/index.html")):
        page = parse(_site(draft)[path].decode())
        for table in page.all("table", data_table="scores"):
            columns = [th.attributes.get("data-col") for th in table.one("thead").all("th")]
            for tr in (row for row in table.all("tr") if "data-row" in row.attributes):
                for column, cell in zip(columns, _cells(tr), strict=True):
                    key, name = _address(table, tr, column)
                    if not name:
                        continue
                    value = cells[key][name] if key in cells else None
                    _assert_shows(cell, value, contract.field(name), language)
                    checked += value is not None
    assert checked > 60


def _cells(row: Element) -> list[Element]:
    return [part for part in row.content if isinstance(part, Element)]


def _address(table: Element, row: Element, column: str | None) -> tuple[tuple[str, ...], str]:
    """The key in ``scores`` and the column of a cell: a league has units in rows, else metrics."""
    basis, key = table.attributes["data-basis"], row.attributes["data-row"]
    if column and "." in column:
        metric, name = column.split(".")
        return (basis, key, metric), name
    return (basis, table.attributes.get("data-unit", ""), key), column or ""


def _assert_shows(cell: Element, value: Any, declared: Any, language: Any) -> None:
    numbers = cell.all("data")
    if value is None:
        assert not numbers and "–" in cell.text
        return
    assert numbers[0].attributes["value"] == cell_text(value, declared)
    whole = declared.name == "max_score" and value == int(value)
    decimals = 0 if whole else declared.decimals or 0
    assert numbers[0].text == number_text(value, decimals, language)


def test_the_headline_names_total_rank_window_source_and_capture() -> None:
    headline = _page().one("section", class_="headline")
    assert headline.one("p", class_="figure").text == "67,18 trên 100 điểm"
    assert headline.one("p", class_="rank").text == "Hạng 2 trong 2 tỉnh, thành phố"
    assert (
        "Lũy kế năm 2026, theo Cổng DVCQG (Dịch vụ công quốc gia) lúc 14:00 ngày 10/10/2026"
        in headline.text
    )


def test_a_year_to_date_taken_after_the_month_says_that_it_covers_later_days() -> None:
    assert "những ngày sau 30/9/2026" in _page().one("section", class_="headline").text


def test_a_year_to_date_taken_on_the_last_day_says_nothing_of_later_days() -> None:
    early = [row | {"captured_at": row["captured_at"] and "2026-09-30"} for row in SCORES]
    text = _page(scores=early).one("section", class_="headline").text
    assert "ngày 30/9/2026" in text
    assert "những ngày sau" not in text


def test_the_months_own_figures_come_before_the_year_to_date() -> None:
    month = [row | {"basis": "month"} for row in _scores("H24", _halves(0.7), None)]
    others = [row for row in SCORES if row["basis"] != "month"]
    page = _page(scores=[*others, *month])
    first, second = page.all("section", class_="headline")
    assert "70,00" in first.text and "Không xếp hạng" in first.text
    assert "67,18" in second.text
    assert second in list(page.one("details", id_="ytd").walk())


def test_a_window_without_figures_is_named() -> None:
    texts = [p.text for p in _page().all("p", class_="absent")]
    assert texts == ["Không có số liệu riêng của tháng 9/2026 (tình trạng: Thiếu)."]


def test_provisional_figures_say_so() -> None:
    page = _page()
    assert "Tạm tính" in page.one("section", class_="headline").text
    assert "Tạm tính" in page.one("footer").text


def test_settled_figures_are_not_called_provisional() -> None:
    settled = [row | {"obs_status": "A"} if row["score"] is not None else row for row in SCORES]
    page = _page(scores=settled)
    assert "Tạm tính" not in page.one("main").text
    assert "Không còn tạm tính" in page.one("footer").text


def test_a_flag_on_the_total_is_explained_in_the_headline() -> None:
    mixed = [
        row | {"quality_flag": "MIXED_SNAPSHOT"} if row["metric_code"] == "TOTAL" else row
        for row in SCORES
    ]
    flag = next(
        c for c in load_contract("scores").field("quality_flag").codes if c.code == "MIXED_SNAPSHOT"
    )
    assert flag.name.vi in _page(scores=mixed).one("section", class_="headline").text
    assert flag.description.en in _page("en/index.html", scores=mixed).text


def test_a_flag_of_a_metric_stands_in_its_row_and_in_the_notes() -> None:
    page = _page()
    codes = load_contract("scores").field("quality_flag").codes
    flag = next(c for c in codes if c.code == "TEMP_NATIONAL_REPORT_DENOMINATOR")
    rows = page.all("table", class_="metrics")[0]
    assert flag.name.vi in rows.one("tr", data_row="DOSSIER_SYNC").text
    assert flag.description.vi in page.text


@pytest.mark.parametrize(("difference", "marked"), [(0.01, False), (-0.02, True), (0.02, True)])
def test_a_difference_beyond_the_tolerance_is_marked_in_words(
    difference: float, marked: bool
) -> None:
    scores = _with("H24", "DOSSIER_SYNC", difference=difference)
    row = _page(scores=scores).all("table", class_="metrics")[0].one("tr", data_row="DOSSIER_SYNC")
    assert ("lệch" in row.text) is marked


# Charts and leagues


def test_the_chart_states_its_finding_and_its_table_has_the_same_figures() -> None:
    page = _page()
    title = page.one("svg").one("title").text
    assert title == page.one("figcaption").text
    assert "Tiến độ giải quyết (17,94 trên 20 điểm)" in title
    assert "Mức độ số hóa hồ sơ (10,73 trên 22 điểm)" in title
    values = [text.text for text in page.one("svg").all("text", class_="value")]
    rows = page.all("table", data_unit="H24")[0].one("tbody").all("tr")
    assert values == [" / ".join(td.text for td in row.all("td")) for row in rows]


def test_five_groups_are_shown_where_the_source_gives_five() -> None:
    merged = {k: v for k, v in HAI_PHONG.items() if k not in {"CLGQ", "TTTT"}} | {"DVTT": 16.08}
    scores = [
        row | {"max_score": 22.0} if row["metric_code"] == "DVTT" else row
        for row in _scores("H24", merged, None)
    ]
    assert len(_page(scores=scores).one("svg").all("text", class_="value")) == 5


def test_agencies_and_communes_stand_in_leagues_of_their_own() -> None:
    page = _page()
    leagues = {
        table.one("caption").text.split(":")[0]: [
            row.attributes["data-row"] for row in table.one("tbody").all("tr")
        ]
        for table in page.all("table", class_="league")
    }
    assert leagues == {
        "Tỉnh, thành phố": ["H49", "H24"],
        "Sở, ban, ngành": ["H24.01"],
        "Xã, phường, đặc khu": ["H24.102", "H24.101"],
    }


def test_units_without_a_total_come_last_with_a_dash_and_the_reason() -> None:
    silent = [_score("H24.102", "TOTAL", None), *(_score("H24.102", g, None) for g in MAXIMA)]
    scores = [row for row in SCORES if row["unit_code"] != "H24.102"]
    table = _page(scores=[*scores, *silent]).all("table", class_="league")[-1]
    last = table.one("tbody").all("tr")[-1]
    assert last.attributes["data-row"] == "H24.102"
    assert not last.all("data")
    assert "– Thiếu" in last.text


def test_the_list_of_units_says_until_when_one_was_there_that_has_ended() -> None:
    ended = [row | {"valid_to": date(2025, 6, 30)} if row["unit_code"] == UNIT else row
             for row in UNITS]  # fmt: skip
    page = _page("don-vi/index.html", units=ended)
    assert "đến hết ngày 30/6/2025" in page.one("tr", data_row=UNIT).text
    assert "đến hết ngày" not in page.one("tr", data_row="H24.101").text


def test_a_unit_that_is_scored_without_a_total_shows_what_there_is() -> None:
    scores = [row for row in SCORES if (row["unit_code"], row["metric_code"]) != (UNIT, "TOTAL")]
    page = _page(f"don-vi/{UNIT}.html", scores=scores)
    assert "Không có tổng điểm" in page.one("h2", id_="total").text
    shown = page.one("section", aria_labelledby="metrics").one("table")
    rows = {tr.attributes["data-row"] for tr in shown.all("tr") if "data-row" in tr.attributes}
    assert rows == {row["metric_code"] for row in scores if row["unit_code"] == UNIT}
    listed = _page("don-vi/index.html", scores=scores).one("tr", data_row=UNIT)
    assert "không có tổng điểm" in listed.text


def test_a_month_whose_root_is_scored_without_a_total_says_so_and_shows_the_groups() -> None:
    scores = [row for row in SCORES if row["metric_code"] != "TOTAL"]
    page = _page(scores=scores)
    assert "không cho tổng điểm" in page.one("section", class_="headline").text
    assert not page.all("h2", id_="missing")
    assert page.all("table", class_="metrics")


@pytest.mark.parametrize(
    ("basis", "before", "after", "alike"),
    [
        ("month", "2025-12", "2026-01", True), ("ytd", "2025-12", "2026-01", False),
        ("ytd", "2026-01", "2026-02", True), ("quarter", "2026-03", "2026-04", False),
        ("quarter", "2026-04", "2026-05", True),
    ],
)  # fmt: skip
def test_what_counts_since_a_day_is_compared_with_what_counts_since_the_same_day(
    basis: str, before: str, after: str, alike: bool
) -> None:
    same = {"methodology": "766-2026", "source_system": "dvcqg-2026", "basis": basis}
    assert is_comparable(same | {"period": before}, same | {"period": after}) is alike


def test_a_published_zero_is_a_zero() -> None:
    scores = _with("H24.01", "TDGQ", score=0.0)
    assert '<data value="0.00">0,00</data>' in _site(_draft(scores=scores))["index.html"].decode()


def test_a_group_with_an_empty_metric_is_marked_as_not_comparable() -> None:
    scores = _with("H24.01", "TDGQ", quality_flag="NULL_METRIC")
    page = _page(scores=scores)
    row = page.all("table", class_="league")[1].one("tr", data_row="H24.01")
    assert "† không so sánh được" in row.text
    assert any(p.text.startswith("† ") for p in page.all("p", class_="small"))


def test_without_figures_of_subordinate_units_the_page_says_so() -> None:
    scores = [row for row in SCORES if "." not in row["unit_code"]]
    assert "chưa cung cấp điểm của từng đơn vị trực thuộc" in _page(scores=scores).text
    assert "chưa cung cấp điểm của từng đơn vị trực thuộc" not in _page().text


# Missing months and samples


def test_a_month_without_any_total_has_a_box_and_no_headline() -> None:
    page = _page("thang/2024-03.html")
    assert page.one("h2", id_="missing").text == "Nguồn chưa cung cấp số liệu tháng 3/2024"
    assert not page.all("section", class_="headline") and not page.all("svg")
    assert not page.all("data", value="0.00")


def test_without_sample_data_there_is_no_banner() -> None:
    assert all(not page.all("section", class_="banner") for _, page in _pages(_site()))


def test_sample_figures_are_marked_and_the_real_ones_beside_them_are_not() -> None:
    scores = [
        row | {"source_system": "sample", "provenance": "sample"}
        if row["unit_code"].startswith("H24.1")
        else row
        for row in SCORES
    ]
    draft = _draft(scores=[*scores, *NOTHING_OF_2024])
    sampled = replace(draft, sources=(Source("mẫu", CAPTURED, "sample", "2026-09", "ytd"),))
    page = parse(_site(sampled)["index.html"].decode())
    banner = page.one("section", class_="banner").text
    assert banner.startswith("DỮ LIỆU MẪU") and "2 đơn vị" in banner
    marked = {
        row.attributes["data-row"]
        for row in page.all("tr")
        if any(m.text == "mẫu" for m in row.all("span", class_="mark"))
    }
    assert marked == {"H24.101", "H24.102"}


def test_a_month_of_samples_only_says_that_all_is_sample() -> None:
    scores = [row | {"source_system": "sample", "provenance": "sample"} for row in SCORES]
    draft = _draft(scores=scores)
    sampled = replace(draft, sources=(Source("mẫu", CAPTURED, "sample", "2026-09", "ytd"),))
    site = _site(sampled)
    page = parse(site["index.html"].decode())
    assert "Toàn bộ điểm" in page.one("section", class_="banner").text
    assert "theo dữ liệu mẫu" in page.one("section", class_="headline").text
    elsewhere = parse(site["thang/2024-03.html"].decode()).one("section", class_="banner").text
    assert "ở kỳ khác" in elsewhere and "tháng 9/2026" in elsewhere
    assert "DỮ LIỆU MẪU" in parse(site["phat-hanh.html"].decode()).text


def test_a_sample_unit_marks_its_figures_whatever_their_source() -> None:
    units = [*UNITS[:4], _unit("H24.102", "Phường Ân Thi", "commune", "sample")]
    page = _page(units=units)
    assert "mẫu" in page.one("tr", data_row="H24.102").text
    assert "1 đơn vị" in page.one("section", class_="banner").text


# The plan


def test_a_year_without_a_plan_says_so() -> None:
    section = _page().one("section", aria_labelledby="plan")
    assert "Chưa có kế hoạch cải cách hành chính năm 2026" in section.text
    assert not section.all("table")


def test_every_target_is_shown_and_what_nobody_reported_is_unknown_with_who_owes_it() -> None:
    page = _page("thang/2024-03.html")
    rows = page.one("table", class_="plan").one("tbody").all("tr")
    assert len(rows) == 32
    assert "32 chỉ tiêu: 0 đạt, 0 chưa đạt, 32 chưa đủ số liệu." in page.text
    first = page.one("tr", data_row="II.2").text
    assert "Chưa rõ" in first and "= 100 %" in first and "Thiếu" in first
    assert "Văn phòng UBND thành phố" in first


def test_targets_in_conflict_stand_next_to_each_other() -> None:
    rows = _page("thang/2024-03.html").one("table", class_="plan").one("tbody").all("tr")
    order = [row.attributes["data-row"] for row in rows]
    assert order[order.index("II.6a") : order.index("II.6a") + 4] == [
        "II.6a",
        "28b",
        "II.6b",
        "28a",
    ]
    assert order[:2] == ["II.2", "II.3"] and order[-1] == "54"
    assert "xem 28b" in rows[order.index("II.6a")].text


def test_a_target_with_a_value_shows_it_with_its_counts_and_verdict() -> None:
    figures = {"indicator_id": "25b", "obs_status": "A", "owed_by": None, "attained": False}
    page = _plan_page(
        figures | {"basis": "month", "numerator": 900.0, "denominator": 2000.0, "value": 45.0},
        figures | {"basis": "ytd", "numerator": 12429.0, "denominator": 28765.0, "value": 43.21,
                   "required_run_rate": 52.26},
    )  # fmt: skip
    row = page.one("tr", data_row="25b").text
    assert "Chưa đạt" in row and "43,21 %" in row and "12.429 trên 28.765" in row
    assert "cần 52,26 %" in row
    assert "1 chưa đạt, 31 chưa đủ số liệu" in page.text


def test_a_verdict_of_the_month_alone_is_called_so() -> None:
    figures = {"indicator_id": "25b", "obs_status": "A", "value": 60.0, "attained": True}
    row = _plan_page(figures | {"basis": "month"}).one("tr", data_row="25b").text
    assert "Đạttheo tháng" in row or "Đạt theo tháng" in row


def test_all_63_tasks_are_there_by_group_and_folded_away() -> None:
    section = _page("thang/2024-03.html").one("section", aria_labelledby="tasks")
    details = section.all("details")[0]
    assert "open" not in details.attributes
    assert "63" in details.all("summary")[0].text
    tables = details.all("table")
    assert len(tables) == 7
    assert sum(len(table.one("tbody").all("tr")) for table in tables) == 63
    assert "Chưa báo cáo" in details.one("tr", data_row="31").text


# Readable by everybody


def test_every_table_has_a_caption_and_every_heading_a_scope() -> None:
    for path, page in _pages(_site()):
        for table in page.all("table"):
            assert table.one("caption").text, path
            assert all(th.attributes.get("scope") in {"row", "col"} for th in table.all("th")), path


def test_tables_scroll_in_their_own_frame_that_the_keyboard_reaches() -> None:
    for path, page in _pages(_site()):
        frames = page.all("div", class_="scroll")
        framed = sum(len(frame.all("table")) for frame in frames)
        assert framed == len(page.all("table")), path
        for frame in frames:
            assert frame.attributes["tabindex"] == "0", path
            assert frame.attributes["aria-labelledby"], path


def test_each_page_has_one_first_heading_a_skip_link_and_the_basics() -> None:
    for path, page in _framed(_site()):
        page.one("h1")
        page.one("main", id_="main")
        assert page.all("a")[0].attributes == {"class": "skip", "href": "#main"}, path
        page.one("meta", charset="utf-8")
        page.one("meta", name="viewport")
        assert page.one("head").one("title").text, path
        levels = [int(e.tag[1]) for e in page.walk() if re.fullmatch(r"h[1-6]", e.tag)]
        after_first = levels[levels.index(1) :]
        assert all(b - a <= 1 for a, b in itertools.pairwise(after_first)), path


def test_the_footer_says_what_a_reader_must_know_of_the_page() -> None:
    facts = _page().one("footer").text
    for said in (
        "Tháng 9/2026", "10:00 ngày 20/10/2026", "2026-09.r1, phiên bản 1.0.0", "Tạm tính",
        "14:00 ngày 10/10/2026", "Giấy phép", "Văn phòng", "2026-09.html",
    ):  # fmt: skip
        assert said in facts


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [
        ("ink", "page", 4.5), ("ink", "band", 4.5), ("ink", "root", 4.5), ("soft", "page", 4.5),
        ("soft", "band", 4.5), ("soft", "root", 4.5), ("link", "page", 4.5), ("link", "band", 4.5),
        ("warn-ink", "warn", 4.5), ("yes", "page", 4.5), ("no", "page", 4.5), ("fill", "page", 3),
        ("fill", "track", 3), ("warn-line", "page", 3),
    ],
)  # fmt: skip
def test_colours_contrast_enough_in_both_themes(
    theme: str, ink: str, ground: str, least: float
) -> None:
    blocks = re.findall(r":root\{([^}]*)\}", style_text())
    colours = dict(re.findall(r"--([\w-]+):(#\w+)", blocks[theme == "dark"]))
    light, dark = sorted((_luminance(colours[ink]), _luminance(colours[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= least


def _luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    digits = colour[1:] if len(colour) == 7 else "".join(d * 2 for d in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_page_of_130_units_weighs_at_most_100_kb_compressed() -> None:
    units = [_unit(f"H24.{n}", f"Phường số {n}", "commune") for n in range(200, 330)]
    many = [
        row | {"basis": basis}
        for basis in ("month", "ytd")
        for n, unit in enumerate(units)
        for row in _scores(unit["unit_code"], _halves(0.4 + n / 300), n + 1)
    ]
    month = [row | {"basis": "month"} for row in _scores("H24", HAI_PHONG, None)]
    others = [row for row in SCORES if row["basis"] != "month"]
    site = _site(_draft(units=[*UNITS, *units], scores=[*others, *month, *many]))
    weights = {path: len(gzip.compress(content)) for path, content in site.items()}
    assert max(weights.values()) <= 100_000, weights


# Words


def test_every_message_is_used_and_every_use_has_its_message() -> None:
    root = files("publish.site")
    sources = [
        entry.read_text(encoding="utf-8")
        for folder in (
            root,
            *(root.joinpath(name) for name in ("templates", "charts", "blocks", "pages")),
        )
        for entry in folder.iterdir()
        if entry.name.endswith((".py", ".html"))
    ]
    text = "\n".join(sources)
    keys = set(load_words("vi").messages)
    whole = set(re.findall(r"""["']([a-z_]+(?:\.[a-z_]+)+)["']""", text)) - _addresses(text)
    stems = set(re.findall(r"""f?["']([a-z_]+(?:\.[a-z_]+)*\.)["'{]""", text))
    stems |= {key for key in whole if key.endswith("_")}
    stems |= set(re.findall(r"""["']([a-z_]+(?:\.[a-z_]+)*\.[a-z_]+_)\{""", text))
    whole -= stems
    assert {key for key in whole if key.split(".")[0] in _sections(keys)} <= keys
    unused = {k for k in keys - whole if not any(k.startswith(stem) for stem in stems)}
    assert not unused


def _addresses(text: str) -> set[str]:
    return set(re.findall(r"""["']([\w./-]+\.(?:html|json|css|yaml|py|ics|zip|xlsx))["']""", text))


def _sections(keys: set[str]) -> set[str]:
    return {key.split(".")[0] for key in keys}


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ({"a": {"b": {"vi": "Có"}}}, "words, a.b: no en"),
        ({"a": {"b": {"vi": "Có", "en": ""}}}, "words, a.b: no en"),
        ({"a": {"vi": "{n} mục", "en": "items"}}, "words, a: vi and en have different places"),
        ({"a": {"vi": "Có", "en": "Yes", "b": {}}}, "words, a: words beside a section"),
        ({"a": "Có"}, "words, a: neither words nor a section"),
    ],
)
def test_incomplete_words_are_refused_with_the_message_named(tree: object, said: str) -> None:
    with pytest.raises(SchemaDataError, match=re.escape(said)):
        parse_messages(tree, "words")


def test_an_unknown_message_is_an_error_not_an_empty_text() -> None:
    with pytest.raises(SchemaDataError, match="no such message"):
        load_words("vi")("site.nothing")


def test_values_are_escaped_in_messages() -> None:
    assert "&lt;b&gt;" in load_words("en")("site.about", unit="<b>")
