"""Settings: where they come from, and what a misspelt one says."""

from pathlib import Path

import pytest

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.settings import (
    DAGSTER_URL,
    DOSSIERS_URL,
    Settings,
    dagster_url,
    load_settings,
)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_defaults_keep_everything_under_var() -> None:
    settings = load_settings()
    assert settings.home == Path("var")
    assert settings.inbox_dir == Path("var/inbox")
    assert not settings.portal_fetch


def test_the_environment_wins_over_the_file_and_an_argument_over_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("cchc.toml").write_text('root_unit = "H26"\nhome = "from-file"\n', encoding="utf-8")
    monkeypatch.setenv("CCHC_ROOT_UNIT", "H44")
    assert load_settings().root_unit == "H44"
    assert load_settings().home == Path("from-file")
    assert load_settings(home=Path("given")).home == Path("given")


def test_a_misspelt_variable_is_named_with_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_QUARANTINE_LIMT", "0.02")
    with pytest.raises(UsageError, match=r"CCHC_QUARANTINE_LIMT.*CCHC_QUARANTINE_LIMIT"):
        load_settings()


def test_a_misspelt_name_in_the_file_is_named_too() -> None:
    Path("cchc.toml").write_text('rot_unit = "H24"\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"rot_unit.*CCHC_ROOT_UNIT"):
        load_settings()


def test_a_value_of_the_wrong_kind_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_QUARANTINE_LIMIT", "7")
    with pytest.raises(UsageError, match="quarantine_limit"):
        load_settings()


def test_the_databases_address_is_taken_from_the_environment_and_is_no_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load_settings().dossiers_url is None
    monkeypatch.setenv(DOSSIERS_URL, "postgresql://a:bi-mat@b/c")
    assert load_settings().dossiers_url == "postgresql://a:bi-mat@b/c"
    assert "bi-mat" not in repr(load_settings())


@pytest.mark.parametrize(
    "view", ["ho_so; DROP TABLE x", "a.b.c", "ho so", '"ho_so"', "1x", "x" * 64]
)
def test_a_view_is_named_by_an_identifier(view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_DOSSIERS_VIEW", "mot_cua.ho_so")
    assert load_settings().dossiers_view == "mot_cua.ho_so"
    monkeypatch.setenv("CCHC_DOSSIERS_VIEW", view)
    with pytest.raises(UsageError, match="dossiers_view"):
        load_settings()


def test_a_file_that_is_not_toml_is_one_line() -> None:
    Path("cchc.toml").write_text("root_unit = \n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"cchc\.toml: not TOML") as caught:
        load_settings()
    assert "\n" not in str(caught.value)


def test_what_runs_by_itself_waits_for_an_office_unless_the_setting_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (load_settings().automation, load_settings().approval) == (False, False)
    monkeypatch.setenv("CCHC_AUTOMATION", "on")
    assert load_settings().approval
    monkeypatch.setenv("CCHC_APPROVAL", "off")
    assert (load_settings().automation, load_settings().approval) == (True, False)


def test_every_setting_is_described_in_the_docs() -> None:
    text = (Path(__file__).parents[1] / "docs" / "settings.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert f"`CCHC_{name.upper()}`" in text, name
        assert field.description
        assert field.description in text, name


@pytest.mark.parametrize(
    "name",
    ["alert_webhook", "dagster_url", "dossiers_url", "signing_passphrase", "smtp_password"],
)
def test_a_secret_is_refused_in_the_file_and_not_repeated(name: str) -> None:
    Path("cchc.toml").write_text(f'{name} = "rat-kin"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="give it by the environment") as caught:
        load_settings()
    assert "rat-kin" not in str(caught.value)


def test_an_address_of_another_database_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for other in ("mysql://a:rat-kin@b/c", "postgresql://a:rat-kin@b/c"):
        monkeypatch.setenv(DAGSTER_URL, other)
        with pytest.raises(UsageError, match=r"URL: not an address of PostgreSQL with") as caught:
            dagster_url()
        assert "rat-kin" not in str(caught.value)
        assert "postgresql+psycopg2://USER" in str(caught.value)
    monkeypatch.setenv(DAGSTER_URL, "postgresql+psycopg2://a:b@c/d")
    assert dagster_url() == "postgresql+psycopg2://a:b@c/d"
    monkeypatch.setenv(DAGSTER_URL, "")
    assert dagster_url() is None
