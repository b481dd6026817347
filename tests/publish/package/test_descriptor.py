"""``datapackage.json``: what it says of the release, and that it says it of the bytes beside it."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from publish.model import PUBLISHED_TABLES, Draft, Published, ReleaseId
from publish.package.descriptor import describe
from publish.portal.publication import release_files
from tests.publish.small_release import APRIL, IDENTITY, MARCH, small_draft, source


@pytest.fixture(scope="module")
def files(good_draft: Draft) -> dict[str, bytes]:
    """The files of the release."""
    return release_files(good_draft)


@pytest.fixture(scope="module")
def descriptor(good_draft: Draft, files: dict[str, bytes]) -> dict[str, Any]:
    """Its descriptor."""
    return describe(good_draft, files)


def test_it_names_the_release_its_version_and_its_span(descriptor: dict[str, Any]) -> None:
    assert descriptor["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert descriptor["name"] == IDENTITY.package
    assert (descriptor["release"], descriptor["version"]) == ("2024-03.r1", "1.0.0")
    assert descriptor["created"] == "2024-05-10T01:00:00Z"
    assert descriptor["temporalCoverage"] == "2024-03/2024-03"
    assert descriptor["accrualPeriodicity"] == "P1M"
    assert "previousVersion" not in descriptor


def test_it_names_who_publishes_and_the_terms_of_the_settings(descriptor: dict[str, Any]) -> None:
    assert descriptor["contributors"] == [{"title": IDENTITY.publisher, "roles": ["publisher"]}]
    assert descriptor["licenses"] == [{"title": IDENTITY.license_name, "path": "LICENSE.md"}]


def test_it_names_the_sources_with_their_time_of_capture(files: dict[str, bytes]) -> None:
    draft = small_draft(sources=(source(), source(month=APRIL)))
    captured = [entry["capturedAt"] for entry in describe(draft, files)["sources"]]
    assert captured == ["2024-04-05T03:00:00Z", "2024-05-05T03:00:00Z"]


def test_it_names_the_version_before(good_draft: Draft, files: dict[str, bytes]) -> None:
    before = Published(
        ReleaseId(MARCH, 1), "1.4.2", "2024-04-10T01:00:00Z", "official", (MARCH,),
        good_draft.schema_digests, Path("absent"), "0" * 64,
    )  # fmt: skip
    following = replace(good_draft, previous=before, id=ReleaseId(MARCH, 2))
    described = describe(following, files)
    assert (described["previousVersion"], described["version"]) == ("1.4.2", "1.4.3")


def test_every_table_is_a_csv_with_three_other_forms(descriptor: dict[str, Any]) -> None:
    main = [r for r in descriptor["resources"] if r.get("type") == "table"]
    assert [r["path"] for r in main] == [f"data/{name}.csv" for name in PUBLISHED_TABLES]
    for resource in main:
        forms = [r for r in descriptor["resources"] if r.get("alternateOf") == resource["name"]]
        assert [r["path"].rpartition(".")[2] for r in forms] == ["parquet", "json", "xlsx"]
        assert not any("schema" in r for r in forms)


def test_every_digest_and_size_is_that_of_the_bytes(
    descriptor: dict[str, Any], files: dict[str, bytes]
) -> None:
    for resource in descriptor["resources"]:
        content = files[resource["path"]]
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_the_csv_form_is_told_in_full_with_its_schema(descriptor: dict[str, Any]) -> None:
    scores = descriptor["resources"][0]
    assert scores["dialect"]["lineTerminator"] == "\n"
    assert scores["encoding"] == "utf-8"
    assert scores["mediatype"] == "text/csv"
    assert scores["schema"]["primaryKey"] == ["period", "basis", "unit_code", "metric_code"]
    assert scores["schema"]["missingValues"] == [""]
    assert {"title", "description", "unit"} <= scores["schema"]["fields"][0].keys()


def test_foreign_keys_name_resources_of_the_package(descriptor: dict[str, Any]) -> None:
    names = {resource["name"] for resource in descriptor["resources"]}
    keys = [k for r in descriptor["resources"] for k in r.get("schema", {}).get("foreignKeys", ())]
    assert keys
    assert {k["reference"]["resource"] for k in keys if "resource" in k["reference"]} <= names


@pytest.mark.parametrize("sample", [True, False])
def test_a_sample_is_called_one_in_the_first_words(sample: bool) -> None:
    draft = small_draft(sample=sample)
    described = describe(draft, release_files(draft))
    assert described["description"].startswith("DỮ LIỆU MẪU.") is sample
    assert described["provenance"] == ("sample" if sample else "official")


def test_a_home_page_is_named_only_if_one_is_known(files: dict[str, bytes]) -> None:
    known = small_draft(identity=replace(IDENTITY, public_url="https://example.org/data/"))
    assert describe(known, files)["homepage"] == "https://example.org/data/"
    assert "homepage" not in describe(small_draft(), files)
