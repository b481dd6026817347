"""What comes by month is declared once: declarations that hold together, and no second list."""

import ast
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.sources import (
    DeclaredSource,
    declared_sources,
    listed_sources,
    owed_sources,
    problems_of,
    source_named,
)
from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema
from cchc_pipeline.sources.records.other_inputs import read_sources, reader_of

PRODUCT = Path(__file__).parents[2]
SOURCES = declared_sources()
NAMED_AGAIN: Mapping[str, str] = {
    "assets/computed.py": "computes from their accepted rows",
    "cchc_pipeline/indicators/records.py": "targets measured from the catalogue",
    "cchc_pipeline/indicators/dossier_targets.py": "counts procedures of dossiers",
    "cchc_pipeline/plan/model.py": "what a target is measured from",
    "cchc_pipeline/sources/agency_forms/forms.py": "the source's own module",
    "cchc_pipeline/sources/inbox/files.py": "forms are known by their layout, under any name",
    "cchc_pipeline/sources/records/petitions.py": "the source's own module",
    "cchc_pipeline/sources/records/procedures.py": "the source's own module",
    "cchc_pipeline/sources/national_portal/formalities.py": "the source's own module",
    "cchc_pipeline/sources/summed_tables/judging.py": "the source's own module",
    "cchc_pipeline/indicators/procedure_changes.py": "compares the catalogues of procedures",
    "cchc_pipeline/reports/released.py": "names fields by the list of procedures",
    "publish/release/reported.py": "which tables a report is made of",
    "publish/site/pages/procedures.py": "names a procedure's field by the list of procedures",
    "publish/release/assemble.py": "publishes the list of procedures",
    "publish/gates/figures.py": "counts procedures of dossiers",
    "publish/model.py": "publishes the list of procedures",
    "publish/site/revised.py": "names a procedure by the list of procedures",
    "publish/release/provenance.py": "which targets rest on forms and the catalogue",
}
"""The files that name a smaller source, or a table of it, and why; none of them is a list."""


def _ids(source: DeclaredSource) -> str:
    return source.source


@pytest.mark.parametrize("source", SOURCES, ids=_ids)
def test_a_source_has_its_record_and_words(source: DeclaredSource) -> None:
    assert source_named(source.source) is source
    if source.record:
        assert load_upload_schema(source.record).record == source.record
    columns = {field.name for field in load_contract(source.raw).fields}
    assert columns >= {"period", *source.told_apart_by}


@pytest.mark.parametrize("source", read_sources(), ids=_ids)
def test_a_declared_reader_is_there_and_its_tables_say_who_is_to_mend_a_row(
    source: DeclaredSource,
) -> None:
    assert callable(reader_of(source))
    columns = {field.name for field in load_contract(str(source.quarantine)).fields}
    assert columns >= {"period", "file", "row", "unit_code", "rule", "message_vi", "expected_vi"}


def test_no_two_sources_take_the_same_file() -> None:
    of_records = [
        (one.folder, load_upload_schema(one.record).files) for one in SOURCES if one.record
    ]
    for (one, begins), (other, also) in combinations(of_records, 2):
        shares = one == other and (begins.startswith(also) or also.startswith(begins))
        assert not shares, (one, begins, also)


def test_what_each_unit_owes_is_told_last_and_what_nobody_owes_is_known() -> None:
    assert [one.source for one in listed_sources()][-1] == "agency_reports"
    assert {one.source for one in SOURCES} - {one.source for one in owed_sources()} == {
        "corrections", "national_procedures", "dossier_summaries"
    }  # fmt: skip


def test_settings_expect_what_is_declared_as_expected() -> None:
    expected = Settings.model_fields["expected_sources"].default.split(",")
    assert expected == [one.source for one in owed_sources() if one.expected]


def _changed(**changes: object) -> list[DeclaredSource]:
    """The declarations with those of petitions changed."""
    return [
        replace(one, **changes) if one.source == "petitions" else one  # type: ignore[arg-type]
        for one in SOURCES
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"order": 1}, "order 1: declared twice"),
        ({"record": "procedures"}, "input procedures: declared twice"),
        ({"raw": "raw_procedures"}, "table raw_procedures: declared twice"),
        ({"accepted": ("petition_table",)}, "petition_table: no such table"),
        ({"quarantine": "petition_faults"}, "petition_faults: no such table"),
        ({"source": "phan_anh"}, "phan_anh: no such table"),
        ({"reader": None}, "record, quarantine and reader are declared"),
        ({"quarantine": None}, "record, quarantine and reader are declared"),
        ({"owes": None}, "it is expected, and nobody owes it"),
    ],
)
def test_declarations_that_do_not_hold_together_are_refused(
    changes: dict[str, object], said: str
) -> None:
    assert not list(problems_of(list(SOURCES)))
    assert any(said in problem for problem in problems_of(_changed(**changes)))


@pytest.mark.parametrize(
    "reader",
    ["cchc_pipeline.sources.nowhere:read", "cchc_pipeline.sources.records.petitions:red", "", ":"],
)
def test_a_reader_that_is_not_there_is_refused_with_the_file_that_names_it(reader: str) -> None:
    source = replace(source_named("petitions"), reader=reader)
    with pytest.raises(SchemaDataError, match=r"schemas/sources/petitions\.yaml.*no reader"):
        reader_of(source)


def _named_in(path: Path, words: set[str]) -> bool:
    """Whether a text of a program is one of the words; docstrings are longer."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.Constant) and node.value in words for node in ast.walk(tree))


def test_no_other_file_of_the_product_names_a_smaller_source() -> None:
    words = {
        word
        for one in read_sources()
        for word in (one.source, one.input, one.folder, one.raw, *one.read)
        if word
    }
    found = {
        path.relative_to(PRODUCT).as_posix()
        for package in ("assets", "cchc_pipeline", "publish")
        for path in (PRODUCT / package).rglob("*.py")
        if _named_in(path, words)
    }
    assert found == NAMED_AGAIN.keys()


def test_no_other_file_of_data_lists_the_sources() -> None:
    names = {one.source for one in read_sources()}
    for path in (PRODUCT / "schemas").rglob("*.yaml"):
        lines = path.read_text(encoding="utf-8").splitlines()
        keys = {line.partition(":")[0].strip() for line in lines}
        assert len(names & keys) <= 1, path
