"""Pages of ``docs/`` that are made from data: the tables, and the definitions of targets.

Belongs here: ``docs/tables.md`` as a whole, and the marked part of ``docs/method.md``. Does not:
what is written by hand, the pages of the portal (``publish.site``), or the words, which contracts
and plan hold.

    python -m publish.documents    (in the repository; writes both)
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from cchc_pipeline.contracts import Contract, dictionary_rows, load_contract
from cchc_pipeline.indicators.code_lists import indicator_rows
from cchc_pipeline.plan import plan_years
from publish.model import PUBLISHED_TABLES

TABLES, METHOD = Path("docs/tables.md"), Path("docs/method.md")
BEGIN = "<!-- definitions: made by `python -m publish.documents` -->\n"
END = "<!-- end of definitions -->\n"
_HEAD = """\
# Published tables

Made from the contracts in `schemas/tables` by `python -m publish.documents`; a test holds
the two together. Every table comes as CSV, Parquet, JSON and XLSX with the same cells.
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


def definitions() -> str:
    """The targets of every plan with their definitions, a Markdown table a year."""
    return "\n".join(line for year in plan_years() for line in _lines(year))


def _lines(year: int) -> Iterator[str]:
    yield f"\nPlan of {year}:\n"
    yield "| id | definition | định nghĩa |"
    yield "|---|---|---|"
    for row in indicator_rows({year}):
        yield f"| {row['indicator_id']} | {row['definition_en']} | {row['definition_vi']} |"


def with_definitions(page: str) -> str:
    """The page with its marked part made anew."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{definitions()}\n{END}{after}"


if __name__ == "__main__":
    TABLES.write_text(tables_page(), encoding="utf-8")
    METHOD.write_text(with_definitions(METHOD.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{TABLES}\n{METHOD}\n")
