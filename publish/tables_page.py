"""``docs/tables.md``: every published table and column, from the contracts.

Belongs here: the page for people who read the repository. Does not: the pages of the portal
(``site``), or the words, which the contracts hold.

    python -m publish.tables_page > docs/tables.md
"""

import sys
from collections.abc import Iterator

from cchc_pipeline.contracts import Contract, dictionary_rows, load_contract
from publish.release import PUBLISHED_TABLES

_HEAD = """\
# Published tables

Made from the contracts in `schemas/tables` by `python -m publish.tables_page > docs/tables.md`; a
test holds the two together. Every table comes as CSV, Parquet, JSON and XLSX with the same cells.
"""


def tables_page() -> str:
    """The page as Markdown, ending in a line feed."""
    return "\n".join((_HEAD, *(_section(load_contract(name)) for name in PUBLISHED_TABLES)))


def _section(contract: Contract) -> str:
    lines = [
        f"## `{contract.table}`: {contract.title.en} ({contract.title.vi})",
        "",
        contract.description.en,
        "",
        f"Key: {', '.join(f'`{name}`' for name in contract.primary_key)}. Basis: {contract.basis}.",
        *_references(contract),
        "",
        "| column | name on pages | type | unit | may be empty | meaning | values |",
        "|---|---|---|---|---|---|---|",
        *_rows(contract),
    ]
    return "\n".join(lines) + "\n"


def _references(contract: Contract) -> Iterator[str]:
    for key in contract.foreign_keys:
        fields = ", ".join(f"`{name}`" for name in key.fields)
        yield f"{fields} refers to `{key.table}`."


def _rows(contract: Contract) -> Iterator[str]:
    for row in dictionary_rows(contract, "en"):
        empty = "no" if row.required else "yes"
        name = contract.field(row.name).title.vi
        cells = (f"`{row.name}`", name, row.type, row.unit, empty, row.description, row.values)
        yield f"| {' | '.join(_cell(text) for text in cells)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|") or "–"


if __name__ == "__main__":
    sys.stdout.write(tables_page())
