"""The definitions in ``docs/method.md``: the same texts that the table ``indicators`` publishes.

Belongs here: the marked part of the page. Does not: the rest of it, which is written by hand.

    python -m publish.method_page
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from cchc_pipeline.indicators.code_lists import indicator_rows

BEGIN = "<!-- definitions: made by `python -m publish.method_page` -->\n"
END = "<!-- end of definitions -->\n"
PAGE = Path("docs/method.md")


def definitions(year: int) -> str:
    """The plan's targets with their definitions, as a Markdown table."""
    rows = (
        f"| {row['indicator_id']} | {row['definition_en']} | {row['definition_vi']} |"
        for row in indicator_rows({year})
    )
    return "\n".join(_lines(rows)) + "\n"


def _lines(rows: Iterator[str]) -> Iterator[str]:
    yield "| id | definition | định nghĩa |"
    yield "|---|---|---|"
    yield from rows


def with_definitions(page: str, year: int) -> str:
    """The page with its marked part made anew."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{definitions(year)}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_definitions(PAGE.read_text(encoding="utf-8"), 2024), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
