"""Words: abbreviations are explained where a page first uses them; one thing has one word."""

import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import pytest
import yaml

from cchc_pipeline.contracts import contract_names
from publish.site.glossary import explained, glossary

PAGE = "<html><head><title>TTHC</title></head><body><main {}>{}</main></body></html>"
SHOWN = (
    "alerts", "calendar", "code-lists", "commands", "forms", "pages", "quarantine", "records",
    "release", "reports", "simulation", "sources", "tables", "verification",
)  # fmt: skip
"""The folders whose Vietnamese texts readers, officers and units see; others quote documents."""


def main_of(body: str, language: Any = "vi") -> str:
    """The main part after explaining."""
    return explained(PAGE.format('id="main"', body), language).partition("<main ")[2]


def test_the_first_use_is_explained_and_no_later_one() -> None:
    found = main_of("<h1>PAKN về TTHC</h1><p>TTHC và TTHC</p>")
    full = "thủ tục hành chính"
    assert f'<abbr title="{full}">TTHC</abbr> ({full})</h1><p>TTHC và TTHC</p>' in found
    assert found.count("<abbr") == 2


def test_each_language_has_its_full_form() -> None:
    assert 'title="administrative procedure">TTHC</abbr> (administrative' in main_of("TTHC", "en")


@pytest.mark.parametrize(
    "body",
    ["<svg><text>TTHC</text></svg>", "<code>TTHC</code>", '<a title="TTHC" href="TTHC.html">x</a>',
     "<abbr title='x'>TTHC</abbr>", "ATTHCX", "<script>TTHC</script>"],
)  # fmt: skip
def test_drawings_programs_attributes_and_longer_words_are_left_alone(body: str) -> None:
    assert main_of(body) == PAGE.format('id="main"', body).partition("<main ")[2]


def test_what_comes_after_a_drawing_is_explained() -> None:
    assert "</svg><abbr" in main_of("<svg><text>TTHC</text></svg>TTHC")


def test_no_brackets_stand_in_the_middle_of_a_name() -> None:
    assert '<abbr title="Ủy ban nhân dân">UBND</abbr> xã Thử' in main_of("<p>UBND xã Thử</p>")


def test_the_longer_of_two_abbreviations_is_meant() -> None:
    found = main_of("<p>Cổng DVCQG</p>")
    assert found.count("<abbr") == 1
    assert "Dịch vụ công quốc gia" in found


def test_nothing_above_the_main_part_is_touched() -> None:
    assert "<title>TTHC</title>" in explained(PAGE.format('id="main"', "TTHC"), "vi")


def shown_texts() -> Iterator[tuple[str, str]]:
    """Every Vietnamese text of the data files that people are shown, with the file's name."""
    root = files("schemas")
    for folder in SHOWN:
        for path, entry in _below(root.joinpath(folder), folder):
            for text in _texts(yaml.safe_load(entry.read_text(encoding="utf-8"))):
                yield path, text


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(entry, f"{path}/{entry.name}")
        elif entry.name.endswith(".yaml") and entry.name != "glossary.yaml":
            yield f"{path}/{entry.name}", entry


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    for inner in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from _texts(inner)


def avoided(text: str) -> list[str]:
    """The words in a text for which there is another one."""
    words = [word for preferred in glossary().words for word in preferred.avoid]
    return [word for word in words if re.search(rf"\b{word}\b", text, re.IGNORECASE)]


def test_no_text_that_people_are_shown_has_a_word_for_which_there_is_another() -> None:
    found = [(path, word, text) for path, text in shown_texts() for word in avoided(text)]
    assert found == []


def test_a_word_that_is_avoided_is_found() -> None:
    assert avoided("Hồ sơ Quá hạn bị cách ly") == ["quá hạn", "cách ly"]
    assert avoided("Hồ sơ trễ hạn bị tạm giữ") == []


def test_pages_name_no_table_of_ours() -> None:
    tables = "|".join(sorted(name for name in contract_names() if "_" in name))
    own = re.compile(rf"\b(?:{tables})\b")
    found = [
        (path, text)
        for path, text in shown_texts()
        if path.startswith("pages/messages/") and own.search(text)
    ]
    assert found == []


def test_the_program_itself_has_no_avoided_word() -> None:
    found = [
        (path, word)
        for package in ("cchc_pipeline", "publish", "assets")
        for path, entry in _sources(files(package), package)
        for word in avoided(entry.read_text(encoding="utf-8"))
    ]
    assert found == []


def _sources(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry, f"{path}/{entry.name}")
        elif entry.name.endswith((".py", ".html")):
            yield f"{path}/{entry.name}", entry
