"""What the documents promise is there, and what is there stands in the documents."""

import re
from pathlib import Path

import pytest
import typer

from cchc_pipeline.cli.app import app
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.settings import Settings
from publish.documents import tables_page, with_definitions
from publish.model import PUBLISHED_TABLES

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
COMMANDS = typer.main.get_group(app)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def commands() -> dict[str, set[str]]:
    """Every command with the options that it takes."""
    return {
        name: {
            option for parameter in command.params for option in parameter.opts if "--" in option
        }
        for name, command in COMMANDS.commands.items()
    }


def section(page: str, command: str) -> str:
    """The part of a page under a command's heading."""
    return page.partition(f"## `cchc {command}")[2].partition("\n## ")[0]


def fenced(page: str) -> list[str]:
    """The lines of a page's code blocks, without what follows a ``#``."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("command", commands())
def test_every_command_and_option_is_described(command: str) -> None:
    described = section(text_of("docs/commands.md"), command)
    assert described
    for option in commands()[command]:
        assert f"`{option}" in described, option


def test_the_options_of_all_commands_are_described() -> None:
    page = text_of("docs/commands.md").partition("## For every command")[2]
    for parameter in COMMANDS.params:
        assert f"`{parameter.opts[0]}`" in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_line_that_a_page_shows_can_be_typed(page: Path) -> None:
    known = commands()
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    for line in fenced(page.read_text(encoding="utf-8")):
        words = line.split()
        if words[:1] == ["cchc"]:
            assert words[1] in known, line
            used = {word for word in words if word.startswith("--")}
            assert used <= known[words[1]] | {"--debug", "--lang"}, line
        elif words[:1] == ["make"]:
            assert set(words[1:]) <= targets, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_exit_code_is_described() -> None:
    for code in range(5):
        assert f"| {code} |" in text_of("docs/commands.md")


def test_every_setting_stands_in_the_page_of_settings_with_its_default() -> None:
    page = text_of("docs/settings.md")
    for name, field in Settings.model_fields.items():
        row = next(line for line in page.splitlines() if f"`CCHC_{name.upper()}`" in line)
        default = None if field.default_factory else field.get_default()
        assert f"`{default}`" in row if default not in (None, "") else "| – |" in row
    named = set(re.findall(r"^\| `(CCHC_\w+)`", page, re.MULTILINE))
    assert named == {f"CCHC_{name.upper()}" for name in Settings.model_fields}


def test_the_page_of_tables_is_the_one_that_the_contracts_make() -> None:
    assert text_of("docs/tables.md") == tables_page(), "python -m publish.documents"


@pytest.mark.parametrize("table", PUBLISHED_TABLES)
def test_every_published_column_stands_in_the_page_of_tables(table: str) -> None:
    part = text_of("docs/tables.md").partition(f"## `{table}`")[2].partition("\n## ")[0]
    for field in load_contract(table).fields:
        assert f"| `{field.name}` |" in part
        assert field.title.vi in part


def test_the_changelog_of_the_data_names_every_published_table() -> None:
    for table in PUBLISHED_TABLES:
        assert f"`{table}`" in text_of("docs/data-changelog.md")


def test_the_method_page_defines_targets_in_the_words_that_are_published() -> None:
    page = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
    assert with_definitions(page) == page, "python -m publish.documents"
    assert "| 25b |" in page
