"""The definitions in ``docs/method.md``: the same texts that the table ``indicators`` publishes.

Belongs here: the marked part of the page. Does not: the rest of it, which is written by hand.

    python -m publish.method_page
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from cchc_pipeline.indicators.code_lists import indicator_rows
from cchc_pipeline.plan import plan_years

BEGIN = "<!-- definitions: made by `python -m publish.method_page` -->\n"
END = "<!-- end of definitions -->\n"
PAGE = Path("docs/method.md")


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
    PAGE.write_text(with_definitions(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
