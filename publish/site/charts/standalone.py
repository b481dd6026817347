"""A chart as a file of its own: its finding above it, its mark and its citation below.

Belongs here: finding the drawings of a page's text, and setting one on a sheet. Does not: any kind
of chart, or where the files lie (``publish.site.kept``).

It works on the text of the page, as the glossary does: what is saved is what is shown. The script
of a page does the same where no file is kept, and makes a PNG of it.
"""

import re
from collections.abc import Iterator
from functools import cache
from html import escape, unescape
from importlib.resources import files
from textwrap import wrap

_FIGURE = re.compile(
    r'<figure(?: data-source="([^"]*)")?>\s*<figcaption>(.*?)</figcaption>\s*(<svg .*?</svg>)',
    re.DOTALL,
)
_CITED = re.compile(r"<(dd|div) data-cite[^>]*>(.*?)</\1>", re.DOTALL)
_NAMED, _HIGH = re.compile(r'aria-labelledby="(\S+)-t '), re.compile(r'height="([\d.]+)"')
_TAG, _MARK = re.compile(r"<[^>]+>"), re.compile(r'<strong class="mark">.*?</strong>')
_WIDTH, _MARGIN, _LINE, _LETTERS = 768, 24, 18, 96
_SHEET = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
    'height="{height}"><style>{style}</style><rect width="100%" height="100%" '
    'style="fill:var(--page)"/>{lines}</svg>\n'
)


def drawings(page: str) -> Iterator[tuple[str, bytes]]:
    """The charts of a page as files, each by its id.

    The citation is that of the page; its mark stands below a chart of sample figures only.

    Args:
        page: The text of the page.
    """
    cited = [text for _, text in _CITED.findall(page)]
    unmarked = [_MARK.sub("", text) for text in cited]
    for source, finding, drawing in _FIGURE.findall(page):
        own = map(_plain, cited if _MARK.search(finding) else unmarked)
        told = [text for text in (unescape(source), *own) if text]
        yield chart_id(drawing), _sheet(_plain(finding), drawing, told).encode()


def chart_id(drawing: str) -> str:
    """The id by which a drawing is known on its page."""
    found = _NAMED.search(drawing)
    return found[1] if found else ""


def _sheet(finding: str, drawing: str, cited: list[str]) -> str:
    """A drawing between its finding and what is told below it."""
    head, *told = (wrap(text, _LETTERS, break_on_hyphens=False) for text in (finding, *cited))
    foot = [line for lines in told for line in lines]
    found = _HIGH.search(drawing)
    high = round(float(found[1])) if found else 0
    top = _LINE * len(head) + _MARGIN
    below = top + high + _MARGIN + _LINE
    placed = f'<svg x="{_MARGIN}" y="{top}" width="{_WIDTH - 2 * _MARGIN}" '
    return _SHEET.format(
        width=_WIDTH,
        height=below + _LINE * len(foot),
        style=_style(),
        lines=_texts("title", head, _MARGIN)
        + drawing.replace('width="100%" ', "", 1).replace("<svg ", placed, 1)
        + _texts("note", foot, below),
    )


def _texts(kind: str, lines: list[str], top: int) -> str:
    drawn = (
        f'<text class="{kind}" x="{_MARGIN}" y="{top + _LINE * place}">{escape(line)}</text>'
        for place, line in enumerate(lines)
    )
    return "".join(drawn)


def _plain(text: str) -> str:
    """HTML as a reader sees it, in one line."""
    return " ".join(unescape(_TAG.sub(" ", text.replace("</dt>", ":"))).split())


@cache
def _style() -> str:
    """The style of every chart; a file has no page around it that would bring it."""
    folder = files("publish.site").joinpath("templates")
    names = ("charts.css", "chart_file.css")
    return "".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names)
