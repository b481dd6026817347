"""Terms of reuse: the basis of a day, and what a release, its pages and the catalogue say of it."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.core.data import read_yaml, typed
from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.core.period import TIMEZONE
from cchc_pipeline.settings import load_settings
from cchc_pipeline.terms import TermsFile, checked_terms, load_terms, terms_on
from publish.model import Draft
from publish.package.descriptor import license_text
from publish.site.page import imprint_of_draft
from tests.publish.small_release import IDENTITY, small_draft

OLD, NEW = "Nghị định 47/2020/NĐ-CP, Điều 18", "Luật Dữ liệu 60/2024/QH15, Điều 21"
LAST_OF_OLD = datetime(2025, 8, 18, 23, 59, tzinfo=TIMEZONE)
FIRST_OF_NEW = datetime(2025, 8, 19, 0, 0, tzinfo=TIMEZONE)
BY_LAW = replace(IDENTITY, license_name="")


def published_at(moment: datetime) -> Draft:
    return replace(small_draft(), identity=BY_LAW, published_at=moment)


def test_the_basis_changes_at_midnight_in_viet_nam() -> None:
    assert terms_on(LAST_OF_OLD).name.vi == OLD
    assert terms_on(FIRST_OF_NEW).name.vi.startswith(NEW)


def test_a_basis_that_nobody_confirmed_says_so_in_both_languages() -> None:
    assert "chưa được xác nhận" in terms_on(date(2026, 1, 1)).name.vi
    assert "not confirmed" in terms_on(date(2026, 1, 1)).name.en
    assert "xác nhận" not in terms_on(date(2024, 4, 12)).name.vi


@pytest.mark.parametrize(("moment", "basis"), [(LAST_OF_OLD, OLD), (FIRST_OF_NEW, NEW)])
def test_descriptor_licence_and_pages_rest_on_the_basis_of_their_day(
    moment: datetime, basis: str, tmp_path: Path
) -> None:
    draft = published_at(moment)
    assert basis in license_text(draft)
    assert imprint_of_draft(draft).terms.name.vi.startswith(basis)
    other = NEW if basis == OLD else OLD
    assert other not in license_text(draft)


def test_the_terms_of_the_settings_stand_before_those_of_the_law() -> None:
    named = replace(published_at(FIRST_OF_NEW), identity=IDENTITY)
    assert named.terms.name.vi == IDENTITY.license_name
    assert load_settings().license_name == ""


@pytest.mark.parametrize("end", ["2025-08-17", "2025-08-19", None])
def test_a_day_without_one_basis_is_refused(end: str | None) -> None:
    tree: Any = read_yaml("government/terms.yaml")
    bases = [{**tree["bases"][0], "valid_to": end}, *tree["bases"][1:]]
    with pytest.raises(SchemaDataError, match="do not follow each other day by day"):
        checked_terms(typed(TermsFile, {**tree, "bases": bases}, "terms"), "terms")


def test_the_last_basis_has_no_end() -> None:
    known = load_terms()
    with pytest.raises(SchemaDataError, match="the last one no end"):
        checked_terms(replace(known, bases=known.bases[:1]), "terms")
