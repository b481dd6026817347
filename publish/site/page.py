"""A page: its place in the site, who signs it, its script, and how a template becomes bytes.

Belongs here: addresses, the twin in the other language, the frame of every page, the shipped script
and the digest by which a page's policy lets it run. Does not: what pages show (``pages``,
``publish.portal.links``), their look and what the script does (``templates/``), or words
(``schemas/pages``).

Pages know each other by relative addresses only, so that they work below any base path and from a
folder; each Vietnamese page has its English twin at the same path below ``en/``.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cchc_pipeline.calendar import load_calendar
from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.terms import ReuseTerms
from publish.model import Draft, Identity, ReleaseId
from publish.site.charts.standalone import chart_id
from publish.site.forms import Forms
from publish.site.glossary import explained
from publish.site.narrow import labelled, parted, rows_in
from publish.site.words import LANGUAGES, Language, load_words

_FORBIDDEN = ("</script", "<!--")
"""What would end the element, or begin a comment in it."""
_STYLES = ("charts.css", "style.css", "script.css")
INDEX_PAGE = "index.html"
RELEASES_PAGE = "phat-hanh.html"
DOWNLOADS_PAGE = "tai-ve.html"
EMBEDS = "nhung"
"""The folder of pages to embed; servers let other sites show what lies in it."""
NAVIGATION = (
    ("newest", INDEX_PAGE),
    ("units", "don-vi/index.html"),
    ("indicators", "chi-so/index.html"),
    ("plan", "ke-hoach/index.html"),
    ("quality", "chat-luong.html"),
    ("downloads", DOWNLOADS_PAGE),
)
"""The pages that every page leads to: the word for each, and its name."""
FOOT_NAVIGATION = (
    ("periods", "thang/index.html"),
    ("provinces", "cac-tinh.html"),
    ("procedure_changes", "thu-tuc.html"),
    ("releases", RELEASES_PAGE),
    ("calendar", "lich-cong-bo.html"),
    ("changes", "thay-doi.html"),
    ("method", "phuong-phap.html"),
    ("dictionary", "tu-dien.html"),
    ("access", "tiep-can.html"),
)
"""Those that the foot of every page leads to."""


@dataclass(frozen=True)
class Page:
    """A page's place in the site.

    Args:
        name: Its path within its language.
        language: Its language.
        lasting: The name under which its content can be found again; ``name`` for most.
        public_url: Where the site is served, or empty.
    """

    name: str
    language: Language
    lasting: str
    public_url: str = ""

    @property
    def path(self) -> str:
        """Its path in the site."""
        return path_in(self.name, self.language)

    @property
    def other(self) -> Language:
        """The language of its twin."""
        return "en" if self.language == "vi" else "vi"

    @property
    def root(self) -> str:
        """The way from the page to the site's root; empty at the root."""
        return "../" * self.path.count("/")

    @property
    def twin(self) -> str:
        """The way to the same page in the other language."""
        return self.root + path_in(self.name, self.other)

    @property
    def permalink(self) -> str:
        """The lasting address: absolute if the site's own is known."""
        return self.address_in(self.language)

    @property
    def canonical(self) -> str:
        """The lasting absolute address, or empty."""
        return self.permalink if self._base else ""

    def address_in(self, language: Language) -> str:
        """The lasting address of the page in a language; absolute if the site's own is known."""
        return self.to_file(path_in(self.lasting, language))

    def to_file(self, path: str) -> str:
        """The address of a file of the site: absolute if the site's own is known, else the way."""
        return f"{self._base}{path}" if self._base else self.root + path

    @property
    def _base(self) -> str:
        return f"{self.public_url.rstrip('/')}/" if self.public_url else ""

    def to(self, name: str) -> str:
        """The way to a page in the same language."""
        return self.root + path_in(name, self.language)


def embed_of(page: str) -> str:
    """The name of the page to embed for a page."""
    return f"{EMBEDS}/{page}"


def path_in(name: str, language: Language) -> str:
    """A page's path in the site from its path within its language."""
    return name if language == "vi" else f"{language}/{name}"


@dataclass(frozen=True)
class Imprint:
    """The release that a page speaks for, and who publishes it.

    Args:
        identity: Who publishes, and under which terms.
        root: The publishing unit's row in the list of units.
        terms: Those of the release, or of the moment where none is shown.
        id: The release; None where none is shown.
        version: Its version.
        published_text: When it was published.
        next_text: When the next one is due by the calendar, as it stood then.
        is_sample: Whether any of its figures is sample data.
        lacking: The pages of the foot that it was made without.
    """

    identity: Identity
    root: Mapping[str, Any]
    terms: ReuseTerms
    id: ReleaseId | None = None
    version: str = ""
    published_text: str = ""
    next_text: str = ""
    is_sample: bool = False
    lacking: frozenset[str] = frozenset()


def imprint_of_draft(draft: Draft) -> Imprint:
    """The imprint of a release in the making."""
    root = root_row(draft.tables["units"].to_pylist(), draft.identity.root_unit)
    return Imprint(
        draft.identity, root, draft.terms, draft.id, draft.version, draft.published_text,
        next_release_text(draft.published_text), draft.is_sample,
    )  # fmt: skip


def next_release_text(after: str) -> str:
    """The next date of the calendar after a moment, as ISO 8601."""
    return load_calendar().next_release(datetime.fromisoformat(after)).moment.isoformat()


def root_row(units: Iterable[Mapping[str, Any]], code: str) -> Mapping[str, Any]:
    """The publishing unit's latest row; a unit that stands in no list names itself."""
    rows = [row for row in units if row["unit_code"] == code]
    unnamed = {"unit_code": code, "name_vi": code, "name_en": code}
    return max(rows, key=lambda row: row["valid_from"], default=unnamed)


def in_each_language(name: str, identity: Identity, *, lasting: str = "") -> Iterable[Page]:
    """A page and its twin.

    Args:
        name: Their path within their language.
        identity: Who publishes, and where.
        lasting: The name under which the content can be found again; ``name`` if empty.
    """
    for language in LANGUAGES:
        yield Page(name, language, lasting or name, identity.public_url)


def render(
    template: str,
    page: Page,
    imprint: Imprint,
    content: Mapping[str, Any],
    statuses: Mapping[str, Mapping[str, Any]] | None = None,
) -> bytes:
    """A page's bytes.

    Args:
        template: The name of the template.
        page: The page.
        imprint: Which release it speaks for.
        content: What the template shows beside the frame.
        statuses: The list of observation statuses by code, where the page shows figures.
    """
    forms = Forms(load_words(page.language, imprint.identity.root_unit), statuses or {})
    context = {
        "page": page,
        "imprint": imprint,
        "root": imprint.root,
        "license": _license(page, imprint),
        "terms": getattr(imprint.terms.name, page.language),
        "navigation": NAVIGATION,
        "foot_navigation": [one for one in FOOT_NAVIGATION if one[1] not in imprint.lacking],
        "t": forms.words,
        "f": forms,
        "chart_files": "",
        **content,
    }
    text = _environment().get_template(template).render(context)
    return explained(text, page.language).encode()


def render_alone(template: str, forms: Forms, content: Mapping[str, Any]) -> str:
    """A page by itself, which belongs to no site.

    Args:
        template: The name of the template.
        forms: The language.
        content: What the template shows.
    """
    context = {"t": forms.words, "f": forms, **content}
    return _environment().get_template(template).render(context)


def _license(page: Page, imprint: Imprint) -> str:
    """The address of the terms: one on the web, the file of the newest release, or empty."""
    place = imprint.identity.license_path
    if place.startswith(("https://", "http://")):
        return place
    return f"{page.root}latest/{place}" if imprint.id else ""


def style_text() -> str:
    """The style sheet, which every page carries within itself."""
    folder = files("publish.site").joinpath("templates")
    return "".join(folder.joinpath(name).read_text(encoding="utf-8") for name in _STYLES)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("publish.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"labelled": labelled, "rows_in": rows_in, "parted": parted}
    environment.globals["style"] = style_text()
    environment.globals["script"] = script_text()
    environment.globals["script_hash"] = script_hash()
    environment.globals |= {"path_in": path_in, "chart_id": chart_id}
    return environment


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
