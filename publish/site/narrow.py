"""Tables and long texts on a narrow screen, without a second copy of anything.

Belongs here: a table's headings as values that the style sheet writes before each cell; how many
rows a table has; where a long text is folded. Does not: the look (``templates/style.css``), or
which cells a table has (``templates``).
"""

import re
from functools import cache
from html import unescape

from markupsafe import Markup

_HEAD = re.compile(r'<th scope="col"[^>]*>(.*?)</th>', re.DOTALL)
_TAG, _ROW = re.compile(r"<[^>]+>"), re.compile(r"<tr[ >]")
_UNSAFE = re.compile(r"[^\w .,:%()/+−–-]")
"""What a string of a style sheet is given without, by number instead."""
_SLACK = 12
"""So few letters are not worth folding."""


def labelled(table: Markup) -> Markup:
    """A table that carries its headings as ``--h1``, ``--h2``: a phone shows them beside cells."""
    head, _, _ = table.partition("</thead>")
    names = tuple(_HEAD.findall(head))
    if not names:
        return table
    style = f'<table style="{_style(names)}"'
    return Markup(str(table).replace("<table", style, 1))  # noqa: S704 - all else is escaped


@cache
def _style(names: tuple[str, ...]) -> str:
    texts = (" ".join(unescape(_TAG.sub("", name)).split()) for name in names)
    return ";".join(f"--h{place}:'{_quoted(text)}'" for place, text in enumerate(texts, 1))


def _quoted(text: str) -> str:
    return _UNSAFE.sub(lambda found: f"\\{ord(found[0]):x} ", text)


def rows_in(table: Markup) -> int:
    """How many rows a table has below its headings."""
    return len(_ROW.findall(table.partition("</thead>")[2]))


def parted(text: str, most: int) -> tuple[str, str]:
    """A text in what is in sight on a phone, of at most so many letters, and what is folded."""
    if len(text) <= most + _SLACK:
        return text, ""
    cut = text.rfind(" ", 0, most) + 1 or most
    return text[:cut], text[cut:]
