"""``croissant.json``: what Croissant demands, and nothing that the descriptor does not say.

MLCommons' own library reads whole releases back in ``croissant_trial``, by hand.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import rdflib
from rdflib.namespace import DCTERMS, RDF, SDO

from cchc_pipeline.contracts import load_contract
from publish.gates.package import croissant_agrees
from publish.model import DESCRIPTOR, PUBLISHED_TABLES, Draft
from publish.package.croissant import CROISSANT, TYPES, VERSION, croissant
from publish.store.reading import Package, Subject
from tests.publish.small_release import IDENTITY, written_once
from tests.publish.verify.damaged_release import whole_release

CR = rdflib.Namespace("http://mlcommons.org/croissant/")
ADDRESS = "https://example.org/data/"
Node = dict[str, Any]


@pytest.fixture(scope="module")
def descriptor(good_draft: Draft) -> Node:
    found: Node = json.loads(written_once(good_draft)[DESCRIPTOR])
    return found


@pytest.fixture(scope="module")
def told(good_draft: Draft) -> Node:
    found: Node = json.loads(written_once(good_draft)[CROISSANT])
    return found


@pytest.fixture(scope="module")
def graph(told: Node) -> rdflib.Graph:
    return rdflib.Graph().parse(data=json.dumps(told), format="json-ld", publicID=ADDRESS)


def test_it_says_which_version_it_meets_and_has_what_that_demands(
    graph: rdflib.Graph, descriptor: Node
) -> None:
    (data,) = graph.subjects(RDF.type, SDO.Dataset)
    assert str(graph.value(data, DCTERMS.conformsTo)) == VERSION
    wanted = ("name", "description", "license", "creator", "datePublished", "version",
              "distribution", "publisher", "keywords", "inLanguage")  # fmt: skip
    assert [name for name in wanted if graph.value(data, SDO[name]) is None] == []
    assert "@misc{" in str(graph.value(data, CR.citeAs))
    assert {name.language for name in graph.objects(data, SDO.name)} == {"vi", "en"}
    assert str(graph.value(data, SDO.description)) == descriptor["description"]


def test_each_table_is_a_record_set_over_its_csv_file(
    graph: rdflib.Graph, descriptor: Node
) -> None:
    tables = [one for one in descriptor["resources"] if one.get("type") == "table"]
    assert len(tables) == len(PUBLISHED_TABLES)
    for table in tables:
        file = rdflib.URIRef(f"{ADDRESS}{table['path']}")
        assert graph.value(file, RDF.type) == CR.FileObject
        assert f"sha256:{graph.value(file, SDO.sha256)}" == table["hash"]
        assert str(graph.value(file, SDO.contentUrl)) == table["path"]
        records = rdflib.URIRef(f"{ADDRESS}{table['name']}")
        key = {str(node).rpartition("/")[2] for node in graph.objects(records, CR.key)}
        assert key == set(table["schema"]["primaryKey"])
        columns = {
            str(graph.value(graph.value(graph.value(one, CR.source), CR.extract), CR.column))
            for one in graph.objects(records, CR.field)
        }
        assert columns == {column["name"] for column in table["schema"]["fields"]}


def test_columns_have_the_types_of_their_contract_in_its_order(told: Node) -> None:
    for name, records in zip(PUBLISHED_TABLES, told["recordSet"], strict=True):
        fields = load_contract(name).fields
        assert [one["dataType"] for one in records["field"]] == [TYPES[one.type] for one in fields]
        assert [one["description"]["en"] for one in records["field"]] == [
            one.description.en for one in fields
        ]


def test_a_reference_leads_to_the_whole_key_of_another_table(told: Node, descriptor: Node) -> None:
    keys = {
        f"{one['name']}/{'+'.join(one['schema']['primaryKey'])}"
        for one in descriptor["resources"]
        if one.get("type") == "table"
    }
    referred = {
        one["references"]["field"]["@id"]
        for records in told["recordSet"]
        for one in records["field"]
        if "references" in one
    }
    assert "obs-status/code" in referred <= keys


def test_addresses_are_absolute_where_the_sites_own_is_known(descriptor: Node) -> None:
    public = croissant(descriptor, replace(IDENTITY, public_url=ADDRESS))
    assert public["distribution"][0]["contentUrl"] == (
        f"{ADDRESS}releases/2024-03/r1/data/scores.csv"
    )
    assert public["license"] == f"{ADDRESS}releases/2024-03/r1/LICENSE.md"
    assert public["url"] == ADDRESS
    assert "url" not in croissant(descriptor, IDENTITY)


def test_a_release_from_before_it_passes_without_it(tmp_path: Path) -> None:
    folder = whole_release(tmp_path / "r1")
    (folder / CROISSANT).unlink()
    package = Package(Subject("2024-03.r1", folder))
    assert package.tables and list(croissant_agrees(package)) == []
