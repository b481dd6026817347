"""The one script of the pages: sorting, filtering, copying. Everything can be read without it.

Belongs here: the shipped script as it stands in a page, and the digest by which the page's policy
lets it run. Does not: what it does (``templates/script.js``).
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from markupsafe import Markup

from cchc_pipeline.errors import SchemaDataError

_FORBIDDEN = ("</script", "<!--")
"""What would end the element, or begin a comment in it."""


@cache
def script_text() -> Markup:
    """The script, safe inside a ``script`` element.

    Raises:
        SchemaDataError: It holds what would end the element.
    """
    path = "templates/script.js"
    text = files("publish.site").joinpath(path).read_text(encoding="utf-8")
    if any(sign in text.lower() for sign in _FORBIDDEN):
        raise SchemaDataError("the script would end its own element", where=f"publish/site/{path}")
    return Markup(text)  # noqa: S704 - shipped with the program, and refused above where unsafe


@cache
def script_hash() -> str:
    """``sha256-…`` of exactly the bytes between the tags, for the page's policy."""
    digest = hashlib.sha256(script_text().encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
