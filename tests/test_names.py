"""Names in prose: what a docstring or a page calls a module or a function is there.

Belongs here: names between backticks in docstrings and in ``docs``. Does not: names in code, which
the linters see.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = tuple(
    path.relative_to(ROOT)
    for package in ("cchc_pipeline", "assets", "publish", "schemas")
    for path in sorted((ROOT / package).rglob("*.py"))
)


def module_of(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


TREES = {module_of(path): ast.parse((ROOT / path).read_text(encoding="utf-8")) for path in FILES}
TABLES = {path.stem for path in (ROOT / "schemas" / "tables").glob("*.yaml")}
PACKAGES = {module_of(path) for path in FILES if path.name == "__init__.py"}
DEFINED = {
    module: {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    | {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for module, tree in TREES.items()
}


def called_modules(module: str) -> Iterator[str]:
    """What its docstring calls by a module's name: whatever stands in brackets and backticks."""
    text = ast.get_docstring(TREES[module]) or ""
    for group in re.findall(r"\(([^()]*)\)", text):
        yield from re.findall(r"``([a-z_][a-z_0-9.]*)``", group)
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            said = ast.get_docstring(node) or ""
            yield from re.findall(r"``((?:cchc_pipeline|publish|assets)\.[a-z_0-9.]+)``", said)


def is_there(name: str, module: str) -> bool:
    """Whether it is a module, seen from another's package and those above, a name, or a table."""
    package = module if module in PACKAGES else module.rpartition(".")[0]
    above = [package, *(package.rsplit(".", n)[0] for n in range(1, package.count(".") + 1))]
    spelled = {name, *(f"{place}.{name}" for place in (*above, "cchc_pipeline", "publish"))}
    if spelled & TREES.keys() or name in DEFINED[module] | TABLES:
        return True
    return any(
        last in DEFINED.get(place, ()) for place, _, last in (s.rpartition(".") for s in spelled)
    )


@pytest.mark.parametrize("module", sorted(TREES))
def test_every_module_that_a_docstring_names_is_there(module: str) -> None:
    assert [name for name in called_modules(module) if not is_there(name, module)] == []


def test_a_name_that_is_not_there_is_seen() -> None:
    assert is_there("portal.acts", "publish.store.store")
    assert is_there("publish.portal.acts.perform", "publish.model")
    assert not is_there("publish.portal.actors", "publish.model")
    assert not is_there("actors", "publish.model")


PAGES = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / name for name in ("README.md", "README.vi.md", "benchmarks/README.md")),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_of_ours_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    rooms = "cchc_pipeline|assets|publish|schemas|tests|benchmarks"
    named = set(re.findall(rf"`((?:{rooms})/[\w./-]+|[\w-]+/[\w./-]+\.py)`", text))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
    dotted = set(re.findall(r"`((?:cchc_pipeline|assets|publish)(?:\.[a-z_0-9]+)+)`", text))
    assert [name for name in sorted(dotted) if not is_there(name, "cchc_pipeline")] == []


_HOP = re.compile(r"^\|[^|]*\| `([\w/.]+\.py)` \| `([\w.]+)` \|$", re.MULTILINE)
WALKS = [
    _HOP.findall(walk)
    for walk in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("\n## ")[1:]
]


@pytest.mark.parametrize(("file", "function"), [hop for walk in WALKS for hop in walk])
def test_every_hop_of_the_two_walks_is_there(file: str, function: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    names: list[ast.AST] = [tree]
    for part in function.split("."):
        names = [
            node
            for place in names
            for node in ast.iter_child_nodes(place)
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == part
        ]
    assert len(names) == 1


def test_the_two_walks_are_short() -> None:
    assert len(WALKS) == 2
    assert all(10 < len(walk) <= 40 for walk in WALKS)


def test_no_two_public_classes_are_of_one_name() -> None:
    names = Counter(
        node.name
        for tree in TREES.values()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_no_two_test_files_are_of_one_name() -> None:
    """The test runner knows a file by its name alone, and collects no second one of it."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
