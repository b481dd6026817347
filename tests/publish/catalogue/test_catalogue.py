"""The catalogue for portals, the feed, the sitemap and the markup: valid, and of one mind."""

import csv
import hashlib
import io
import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyshacl
import pytest
import rdflib
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF

from cchc_pipeline.calendar import CalendarWords, DateChange, ReleaseCalendar, load_calendar
from cchc_pipeline.core.period import TIMEZONE, utc_text
from publish.catalogue.dcat import catalogue, dataset_markup, script_text
from publish.catalogue.feeds import MOST_ENTRIES, calendar_list, feed, sitemap
from publish.catalogue.open_data_list import open_data_list
from publish.model import ReleaseId
from publish.portal.acts import retract, show_again
from publish.portal.links import edition_after, index, listing_files
from publish.release.diff import change_kinds
from publish.store.state import Act, Edition
from publish.store.store import Portal
from tests.publish.crash_worker import go_out, next_draft
from tests.publish.small_release import APRIL, IDENTITY, MARCH, MOMENT

ADDRESS = "https://example.vn/cl"
PUBLIC = replace(IDENTITY, public_url=ADDRESS)
SHAPES = Path(__file__).parent / "shapes" / "dcat_ap.ttl"
SPDX = rdflib.Namespace("http://spdx.org/rdf/terms#")
VCARD = rdflib.Namespace("http://www.w3.org/2006/vcard/ns#")
ADMS = rdflib.Namespace("http://www.w3.org/ns/adms#")
ATOM = "{http://www.w3.org/2005/Atom}"
CALENDAR = load_calendar()


def parsed(content: bytes) -> ElementTree.Element:
    """XML that this project wrote."""
    return ElementTree.fromstring(content)  # noqa: S314


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    """March, April, April mended; back to the first April, and March retracted."""
    portal = Portal(tmp_path_factory.mktemp("catalogue") / "portal")
    for _ in range(3):
        go_out(portal, next_draft(portal))
    back = Act(
        utc_text(MOMENT + timedelta(days=10)), "rolled_back", ReleaseId(APRIL, 1), "Sai", "A"
    )
    show_again(portal, back, IDENTITY)
    gone = Act(utc_text(MOMENT + timedelta(days=20)), "retracted", ReleaseId(MARCH, 1), "Lộ", "A")
    before = edition_after(portal, gone, PUBLIC)
    retract(portal, gone, IDENTITY)
    return before


@pytest.fixture(scope="module")
def graph(edition: Edition) -> rdflib.Graph:
    return rdflib.Graph().parse(data=catalogue(edition), format="json-ld")


def test_each_release_is_offered_under_the_terms_of_its_day(edition: Edition) -> None:
    days = {
        ReleaseId(APRIL, 1): "2025-08-18T10:00:00Z",
        ReleaseId(APRIL, 2): "2025-08-18T17:00:00Z",
    }
    dated = [replace(r, published_at=days[r.id]) for r in edition.readable]
    by_law = replace(edition, releases=tuple(dated), identity=replace(PUBLIC, license_name=""))
    graph = rdflib.Graph().parse(data=catalogue(by_law), format="json-ld")
    assert violations(graph) == ""
    for release, basis in zip(dated, ("Nghị định 47/2020", "Luật Dữ liệu 60/2024"), strict=True):
        place = rdflib.URIRef(f"{ADDRESS}/releases/{release.id.path}/")
        files = list(graph.objects(place, DCAT.distribution))
        licences = {graph.value(file, DCTERMS.license) for file in files}
        assert len(licences) == 1
        titles = [str(title) for title in graph.objects(licences.pop(), DCTERMS.title)]
        assert any(title.startswith(basis) for title in titles)


def violations(graph: rdflib.Graph) -> str:
    conforms, _, text = pyshacl.validate(graph, shacl_graph=str(SHAPES))
    return "" if conforms else str(text)


# The list of open data


def test_every_table_is_listed_with_its_files_and_days(edition: Edition) -> None:
    text = open_data_list(edition).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    tables = [r for r in edition.descriptor["resources"] if r.get("type") == "table"]
    assert [row["Tên dữ liệu"] for row in rows] == [table["title"] for table in tables]
    assert rows[0]["STT"] == "1"
    assert rows[0]["Địa chỉ"] == f"{ADDRESS}/latest/{tables[0]['path']}"
    assert rows[0]["Định dạng"] == "CSV, PARQUET, JSON, XLSX"
    first, shown = edition.releases[0], edition.current
    assert shown is not None
    days = [
        day.astimezone(TIMEZONE).strftime("%d/%m/%Y")
        for day in map(datetime.fromisoformat, (first.published_at, shown.published_at))
    ]
    assert [rows[0]["Công bố lần đầu"], rows[0]["Cập nhật gần nhất"]] == days
    assert {row["Ghi chú"] for row in rows} == {""}


def test_where_the_release_holds_sample_data_each_line_of_the_list_says_so(
    edition: Edition,
) -> None:
    samples = tuple(replace(release, provenance="sample") for release in edition.releases)
    lines = open_data_list(replace(edition, releases=samples)).decode("utf-8-sig").splitlines()
    assert all(line.endswith(",DỮ LIỆU MẪU") for line in lines[1:])


def test_without_a_release_the_list_of_open_data_is_its_headings(edition: Edition) -> None:
    nothing = replace(edition, releases=(), acts=(), descriptor={})
    assert len(open_data_list(nothing).splitlines()) == 1


# The catalogue


def test_the_catalogue_meets_the_shapes_of_dcat_ap(graph: rdflib.Graph) -> None:
    assert violations(graph) == ""
    for kind in (DCAT.Catalog, DCAT.Dataset, DCAT.Distribution, DCTERMS.PeriodOfTime):
        assert list(graph.subjects(RDF.type, kind))


def test_each_release_points_to_its_own_account_of_its_quality(
    edition: Edition, graph: rdflib.Graph
) -> None:
    dqv, oa = (rdflib.Namespace(f"http://www.w3.org/ns/{name}#") for name in ("dqv", "oa"))
    for release in edition.readable:
        place = rdflib.URIRef(f"{ADDRESS}/releases/{release.id.path}/")
        note = graph.value(place, dqv.hasQualityAnnotation)
        assert str(graph.value(note, oa.hasBody)) == f"{place}quality.json"
        assert graph.value(note, oa.motivatedBy) == dqv.qualityAssessment
        assert graph.value(note, oa.hasTarget) == place


OFFICIAL = Path(__file__).parents[4] / "shared" / "dcat-ap-3.0.1"


@pytest.mark.shared
@pytest.mark.skipif(not OFFICIAL.is_dir(), reason="../shared is absent")
@pytest.mark.parametrize("shapes", ["shapes", "range", "shapes_recommended"])
@pytest.mark.parametrize("terms", ["", "Điều khoản thử nghiệm"])
def test_the_official_shapes_find_nothing(shapes: str, terms: str, edition: Edition) -> None:
    of_city = replace(edition, identity=replace(PUBLIC, root_unit="H24", license_name=terms))
    graph = rdflib.Graph().parse(data=catalogue(of_city), format="json-ld")
    conforms, _, text = pyshacl.validate(graph, shacl_graph=str(OFFICIAL / f"{shapes}.ttl"))
    assert conforms, text


def test_a_place_whose_whereabouts_are_not_known_is_named_without_them(edition: Edition) -> None:
    graph = rdflib.Graph().parse(data=catalogue(edition), format="json-ld")
    assert list(graph.objects(None, DCTERMS.spatial))
    assert not list(graph.objects(None, DCAT.bbox))


BROKEN: dict[str, tuple[Any, Any]] = {
    "Catalog": (DCAT.Catalog, DCTERMS.publisher),
    "Dataset": (DCAT.Dataset, DCAT.contactPoint),
    "Dataset, its version": (DCAT.Dataset, DCAT.version),
    "Dataset, its notes": (DCAT.Dataset, ADMS.versionNotes),
    "Series": (DCAT.DatasetSeries, DCTERMS.accrualPeriodicity),
    "Distribution": (DCAT.Distribution, DCAT.accessURL),
    "Checksum": (SPDX.Checksum, SPDX.checksumValue),
    "Agent": (FOAF.Agent, FOAF.name),
    "Contact": (VCARD.Organization, VCARD.fn),
    "Period": (DCTERMS.PeriodOfTime, DCAT.endDate),
    "titled": (DCAT.Catalog, DCTERMS.title),
}


@pytest.mark.parametrize("shape", BROKEN)
def test_each_shape_notices_what_is_missing(shape: str, edition: Edition) -> None:
    kind, lacking = BROKEN[shape]
    broken = rdflib.Graph().parse(data=catalogue(edition), format="json-ld")
    broken.remove((next(broken.subjects(RDF.type, kind)), lacking, None))
    assert "Constraint Violation" in violations(broken)


def test_the_current_release_has_every_file_an_earlier_one_its_descriptor(
    edition: Edition, graph: rdflib.Graph
) -> None:
    files = {f"{ADDRESS}/releases/2024-04/r1/{r['path']}" for r in edition.descriptor["resources"]}
    offered = {str(url) for url in graph.objects(None, DCAT.downloadURL)}
    assert files <= offered
    assert offered - files == {
        f"{ADDRESS}/releases/2024-04/{number}/{name}"
        for number in ("r1", "r2")
        for name in ("datapackage.json", "SHA256SUMS")
    }


def test_a_retracted_release_is_in_no_catalogue(edition: Edition, graph: rdflib.Graph) -> None:
    assert "2024-03" not in {str(v)[:7] for v in graph.objects(None, DCTERMS.identifier)}
    assert f"{ADDRESS}/releases/2024-03/r1/" not in {str(node) for node in graph.all_nodes()}


def test_relative_addresses_are_those_of_the_place_that_it_was_fetched_from(
    edition: Edition,
) -> None:
    nowhere = catalogue(replace(edition, identity=IDENTITY))
    found = rdflib.Graph().parse(
        data=nowhere, format="json-ld", publicID="https://mirror.vn/x/catalog.jsonld"
    )
    urls = {str(url) for url in found.objects(None, DCAT.downloadURL)}
    assert "https://mirror.vn/x/releases/2024-04/r1/data/scores.csv" in urls


# The feed


def test_the_feed_has_what_atom_demands(edition: Edition) -> None:
    root = parsed(feed(edition, CALENDAR))
    assert root.tag == f"{ATOM}feed"
    for node in (root, *root.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            found = node.findall(f"{ATOM}{name}")
            assert len(found) == 1 and found[0].text, name
        assert datetime.fromisoformat(node.findtext(f"{ATOM}updated") or "").tzinfo is not None
        assert any(link.get("rel") == "alternate" for link in node.findall(f"{ATOM}link"))
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    ids = [node.text for node in root.iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids))


def test_each_act_is_an_entry_newest_first_with_its_reason(edition: Edition) -> None:
    root = parsed(feed(edition, CALENDAR))
    told = [
        (node.find(f"{ATOM}category").get("term"), node.findtext(f"{ATOM}summary"))  # type: ignore[union-attr]
        for node in root.iter(f"{ATOM}entry")
    ]
    kinds = [kind for kind, _ in told]
    assert kinds == ["retracted", "rolled_back", "correction", "release", "release"]
    assert "Lý do: Lộ / Reason: Lộ" in (told[0][1] or "")


def test_an_entry_keeps_its_identifier_when_others_follow(edition: Edition) -> None:
    earlier = replace(edition, acts=edition.acts[:3])
    first = parsed(feed(earlier, CALENDAR))
    later = parsed(feed(edition, CALENDAR))
    ids = {node.findtext(f"{ATOM}id") for node in first.iter(f"{ATOM}entry")}
    assert ids <= {node.findtext(f"{ATOM}id") for node in later.iter(f"{ATOM}entry")}


def test_a_moved_date_is_told_once_it_was_announced(edition: Edition) -> None:
    change = DateChange(
        "2024-06",
        date(2024, 7, 12),
        date(2024, 7, 15),
        date(2024, 5, 20),
        CalendarWords("Bão", "Storm"),
    )
    moved = ReleaseCalendar(CALENDAR.rule, (change,))
    assert "Bão / Storm" in feed(edition, moved).decode()
    before = replace(edition, acts=edition.acts[:1])
    assert "Bão" not in feed(before, moved).decode()


def test_the_feed_has_a_bound(edition: Edition) -> None:
    many = tuple(replace(edition.acts[3], at=f"2025-01-01T00:{n:02d}:{m:02d}Z")
                 for n in range(4) for m in range(40))  # fmt: skip
    long = replace(edition, acts=(*edition.acts, *many))
    root = parsed(feed(long, CALENDAR))
    assert len(list(root.iter(f"{ATOM}entry"))) == MOST_ENTRIES


# Sitemap, calendar, markup


def test_the_sitemap_names_every_page_and_needs_an_address(edition: Edition) -> None:
    assert sitemap(replace(edition, identity=IDENTITY), ["index.html"]) == {}
    files = listing_files(edition)
    root = parsed(files["sitemap.xml"])
    named = {node.text for node in root.iter() if node.tag.endswith("loc")}
    gone = {f"phat-hanh/{release}.html" for release in edition.retractions}
    lists = (path for path in files if path.endswith(".html") and "releases/" not in path)
    pages = {*(page for page in edition.pages if page.endswith(".html")), *lists}
    pages |= {f"phat-hanh/{release.id}.html" for release in edition.readable}
    pages |= {f"en/phat-hanh/{release.id}.html" for release in edition.readable}
    pages = {path for path in pages if path.removeprefix("en/") not in gone}
    pages = {path for path in pages if not path.removeprefix("en/").startswith("nhung/")}
    assert named == {f"{ADDRESS}/{path}" for path in pages}
    assert f"{ADDRESS}/thang/2024-04.html" in named


def test_the_calendar_tells_twelve_dates_and_that_the_rule_is_believed(edition: Edition) -> None:
    told = json.loads(calendar_list(edition, CALENDAR))
    assert len(told["upcoming"]) == 12
    assert told["rule"]["status"] == "believed"
    assert told["upcoming"][0] == {
        "period": "2024-05", "moment": "2024-06-12T08:30:00+07:00", "moved": False,
    }  # fmt: skip


def test_the_markup_has_what_search_engines_ask_for(edition: Edition) -> None:
    markup = dataset_markup(edition.descriptor, PUBLIC)
    assert 50 <= len(markup["description"]) <= 5000
    assert markup["url"] == f"{ADDRESS}/"
    assert markup["license"] == f"{ADDRESS}/releases/2024-04/r1/LICENSE.md"
    assert markup["isAccessibleForFree"] is True
    for name in ("name", "creator", "temporalCoverage", "spatialCoverage", "variableMeasured"):
        assert markup[name]


def test_no_name_can_end_the_element_that_the_markup_stands_in() -> None:
    text = script_text({"name": "</script><!-- & <script>"})
    assert not set("<>&") & set(text)
    assert json.loads(text) == {"name": "</script><!-- & <script>"}


# Agreement


def test_catalogue_markup_descriptor_and_bytes_agree_on_sizes_and_digests(
    edition: Edition, graph: rdflib.Graph
) -> None:
    current = edition.current
    assert current is not None
    markup = {
        d["contentUrl"]: d for d in dataset_markup(edition.descriptor, PUBLIC)["distribution"]
    }
    sums = dict(
        line.split("  ")[::-1] for line in (current.folder / "SHA256SUMS").read_text().splitlines()
    )
    for resource in edition.descriptor["resources"]:
        url = f"{ADDRESS}/releases/2024-04/r1/{resource['path']}"
        content = (current.folder / resource["path"]).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        node = next(graph.subjects(DCAT.downloadURL, rdflib.URIRef(url)))
        checksum = graph.value(graph.value(node, SPDX.checksum), SPDX.checksumValue)
        assert str(graph.value(node, DCAT.byteSize)) == str(len(content))
        assert markup[url]["contentSize"] == f"{len(content)} B"
        assert {str(checksum).lower(), markup[url]["sha256"], sums[resource["path"]]} == {digest}


def test_index_catalogue_and_feed_agree_on_the_releases(
    edition: Edition, graph: rdflib.Graph
) -> None:
    listed = {r["id"]: r for r in json.loads(index(edition))["releases"]}
    for entry in listed.values():
        folder = rdflib.URIRef(f"{ADDRESS}/{entry['path']}")
        if entry["status"] == "retracted":
            assert (folder, None, None) not in graph
            continue
        assert str(graph.value(folder, DCAT.version)) == entry["version"]
        issued = datetime.fromisoformat(str(graph.value(folder, DCTERMS.issued)))
        assert issued == datetime.fromisoformat(entry["published_at"])
    titles = feed(edition, CALENDAR).decode()
    assert all(release in titles for release in listed)


@pytest.mark.parametrize(
    ("versions", "kinds"),
    [
        (["1.0.0", "1.1.0", "1.1.1", "2.0.0"], ["first", "period", "correction", "schema"]),
        (["1.0.0", "1.0.1", "1.0.1"], ["first", "correction", "correction"]),
    ],
)
def test_the_kind_of_a_change_follows_from_the_versions(
    versions: list[str], kinds: list[str], edition: Edition
) -> None:
    made = [
        replace(edition.releases[0], id=ReleaseId(MARCH, n), version=version)
        for n, version in enumerate(versions, start=1)
    ]
    assert list(change_kinds(made).values()) == kinds
