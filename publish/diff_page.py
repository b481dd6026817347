"""The difference between two releases as one page that needs nothing else, not even a server.

Belongs here: filling the template. Does not: comparing (``diff``), words (``schemas/pages``), or
the pages of the portal (``page``). It is Vietnamese with English below, to be sent as one file.
"""

from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from cchc_pipeline.contracts import contract_names, load_code_list, load_contract
from cchc_pipeline.period import Month
from publish.diff import Diff
from publish.release import Published
from publish.site.words import load_words
from publish.vietnamese import moment_text, month_text


def diff_page(diff: Diff, old: Published, new: Published) -> str:
    """The page as HTML.

    Args:
        diff: How the later release differs.
        old: The earlier release.
        new: The later release.
    """
    environment = Environment(
        loader=PackageLoader("publish.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = files("publish.site").joinpath("templates/style.css").read_text(encoding="utf-8")
    return environment.get_template("diff.html").render(
        diff=diff,
        releases=(old, new),
        style=style,
        vi=load_words("vi"),
        en=load_words("en"),
        title_of=_title,
        moment=lambda text: moment_text(text, "vi"),
        month=lambda text: month_text(Month.parse(text), "vi"),
        bases={code.code: code.name.vi for code in load_code_list("bases").codes},
    )


def _title(table: str) -> str:
    """What readers call a table; one that is declared no more is called by its name."""
    return load_contract(table).title.vi if table in contract_names() else table
