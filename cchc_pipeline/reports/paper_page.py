"""A paper as one HTML page that prints on A4: no script, no second file.

Belongs here: filling the template. Does not: what it says (``document``), or DOCX (``word_file``).
"""

from base64 import b64encode
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from cchc_pipeline.reports.document import Paper
from cchc_pipeline.reports.wording import say


def to_html(paper: Paper) -> bytes:
    """The paper as a page."""
    title = " – ".join(part for part in (paper.mark, paper.head.subject) if part)
    blocks = [(type(block).__name__, block) for block in paper.blocks]
    return _template().render(paper=paper, blocks=blocks, title=title, say=say).encode()


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("cchc_pipeline.reports", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["base64"] = lambda content: b64encode(content).decode()
    return environment.get_template("paper_page.html")
