"""A data file that lacks a part is refused in one line: the file, the place, what is expected."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from cchc_pipeline.core import data
from cchc_pipeline.core.data import load, read_yaml
from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.unit_lists import CodedUnits, LocalUnits
from cchc_pipeline.reports.error_sheets import SheetWords
from cchc_pipeline.simulation.profile import Breakages
from cchc_pipeline.sources.dossiers.rules import DossierRules
from cchc_pipeline.sources.national_portal.envelope import AnswerLayout
from cchc_pipeline.sources.national_portal.legacy_gateway import Gateway
from cchc_pipeline.sources.national_portal.request import NationalPortal
from cchc_pipeline.sources.records.procedures import CatalogueRules
from cchc_pipeline.sources.records.rows import RuleWords
from cchc_pipeline.sources.records.values import ValueWords

Place = tuple[str | int, ...]
LACKING: tuple[tuple[type[Any], str, Place, str], ...] = (
    (NationalPortal, "portal/endpoints.yaml", ("service_start", "month"), "service_start.month"),
    (NationalPortal, "portal/endpoints.yaml", ("manners", "tries"), "manners.tries"),
    (
        NationalPortal,
        "portal/endpoints.yaml",
        ("endpoints", 0, "rows"),
        "endpoints.service-results.rows",
    ),
    (Gateway, "portal/legacy.yaml", ("service", "ceased_on"), "service.ceased_on"),
    (Gateway, "portal/legacy.yaml", ("levels", 2, "to"), "levels.2.to"),
    (AnswerLayout, "portal/answers.yaml", ("limits", "number"), "limits.number"),
    (
        AnswerLayout,
        "portal/answers.yaml",
        ("endpoints", "transparency", "shape"),
        "endpoints.transparency.shape",
    ),
    (CodedUnits, "units/units.yaml", ("reorganised", 0, "date"), "reorganised.0.date"),
    (CodedUnits, "units/units.yaml", ("provinces", "units", 0, "name_en"), "units.H01.name_en"),
    (LocalUnits, "units/hai-phong.yaml", ("abolished", "date"), "abolished.date"),
    (DossierRules, "records/dossier_rules.yaml", ("absent", "en"), "absent.en"),
    (DossierRules, "records/dossier_rules.yaml", ("faults", 1, "field"), "CODE_MISSING.field"),
    (ValueWords, "records/dossier_values.yaml", ("codes", "MucDo", "words"), "codes.MucDo.words"),
    (CatalogueRules, "forms/procedures.yaml", ("targets", "25a", "met"), "targets.25a.met"),
    (dict[str, RuleWords], "quarantine/petitions.yaml", ("CODE_MISSING", "expected_vi"), "vi"),
    (SheetWords, "pages/error_sheets.yaml", ("unknown_unit",), "unknown_unit"),
    (Breakages, "simulation/broken.yaml", ("kinds", 0, "id"), "kinds.0.id"),
)


def _kept_as(content: Any, path: str, folder: Path) -> None:
    file = folder / path
    file.parent.mkdir(parents=True)
    file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")


@pytest.mark.parametrize(("kind", "path", "place", "told"), LACKING)
def test_a_part_that_is_lacking_is_named_with_its_file(
    kind: type[Any],
    path: str,
    place: Place,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = deepcopy(read_yaml(path))
    at = content
    for step in place[:-1]:
        at = at[step]
    del at[place[-1]]
    _kept_as(content, path, tmp_path)
    monkeypatch.setattr(data, "ROOT", tmp_path)
    with pytest.raises(SchemaDataError, match="Field required") as refused:
        load(kind, path)
    assert refused.value.where == f"schemas/{path}"
    assert f"{told}: Field required" in str(refused.value)


def test_a_month_that_is_none_is_named_with_what_is_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = deepcopy(read_yaml("portal/legacy.yaml"))
    content["service"]["first_month"] = "2022-13"
    _kept_as(content, "portal/legacy.yaml", tmp_path)
    monkeypatch.setattr(data, "ROOT", tmp_path)
    with pytest.raises(SchemaDataError, match=r"service.first_month: '2022-13' is not a month"):
        load(Gateway, "portal/legacy.yaml")


def test_a_key_that_nobody_reads_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = read_yaml("forms/procedures.yaml") | {"target": {}}
    _kept_as(content, "forms/procedures.yaml", tmp_path)
    monkeypatch.setattr(data, "ROOT", tmp_path)
    with pytest.raises(SchemaDataError, match="target: Unexpected keyword argument"):
        load(CatalogueRules, "forms/procedures.yaml")


def test_months_and_places_of_a_file_are_typed() -> None:
    portal = load(NationalPortal, "portal/endpoints.yaml")
    assert (portal.first_month, portal.date_format) == (Month(2026, 1), "%Y-%m-%d")
    gateway = load(Gateway, "portal/legacy.yaml")
    assert (gateway.levels[0].first, gateway.levels[0].last) == (Month(2022, 6), None)
