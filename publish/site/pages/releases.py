"""Pages of releases: files and changes of one, the difference of two, and what acts renew.

Belongs here: the notes of a release; which kinds of pages it has, in the order in which they are
made; the pages that an edition has anew after every act; the difference of two releases as one page
to be sent, Vietnamese with English below. Does not: what another kind shows (its module), comparing
(``publish.release.diff``), which files list all releases (``publish.portal.links``), words, HTML.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow.compute as pc
from jinja2 import Environment, PackageLoader, StrictUndefined

from cchc_pipeline.calendar import ReleaseCalendar, ReleaseDate, load_calendar
from cchc_pipeline.contracts import contract_names, load_code_list, load_contract
from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.period import TIMEZONE, Month
from cchc_pipeline.plan.due_reports import carried_rule
from publish.catalogue.feeds import coming_reports, missed
from publish.model import REVISIONS, Draft, Published, ReleaseId
from publish.release.diff import CellDiff, Diff, own_tables
from publish.site.extract import Extract, Figures, Row
from publish.site.forms import Forms
from publish.site.kept import Material, PageRecipe
from publish.site.page import Imprint, Page, in_each_language, render, style_text
from publish.site.pages.embeds import embed_pages
from publish.site.pages.indicators import indicator_pages
from publish.site.pages.periods import month_pages, period_pages
from publish.site.pages.plans import plan_pages
from publish.site.pages.procedures import procedure_pages
from publish.site.pages.provinces import province_pages
from publish.site.pages.quality import quality_pages
from publish.site.pages.reference import TableFiles, download_pages, reference_pages, table_files
from publish.site.pages.statement import statement_pages
from publish.site.pages.units import unit_pages
from publish.site.revised import NAMING, REVISED, Names, RevisedRow, names_for, revised_rows
from publish.site.words import LANGUAGES, load_words, moment_text, month_text
from publish.store.state import Edition

LISTED = 50
"""The most revised rows that are listed of a cause."""
CALENDAR_PAGE, CHANGES_PAGE, ACCESS_PAGE = "lich-cong-bo.html", "thay-doi.html", "tiep-can.html"


def release_page(release: ReleaseId | str) -> str:
    """The name of a release's page."""
    return f"phat-hanh/{release}.html"


@dataclass(frozen=True)
class ReleaseNotes:
    """What the page of a release says.

    ``step`` is ``first``, ``major``, ``minor`` or ``patch``; ``changes`` are rows added, revised
    and removed, by table.
    """

    step: str
    descriptor: Mapping[str, Any]
    files: tuple[TableFiles, ...]
    changes: Mapping[str, Mapping[str, int]]
    revisions: tuple[Row, ...]
    names: Names


def release_notes_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PageRecipe]:
    """The page of the release itself; those of earlier ones were made with them."""
    draft = figures.draft
    log = figures.whole(REVISIONS)
    changes = {
        name: {"added": change.added, "revised": change.revised, "removed": change.removed}
        for name, change in draft.changes.items()
        if change.any
    }
    own = log.filter(pc.equal(log["release"], str(draft.id)))
    extract = figures.extract(
        {REVISIONS: own},
        names=names_for(draft.tables, own.to_pylist()),
        descriptor=descriptor,
        rows={name: table.num_rows for name, table in draft.tables.items()},
        changes=changes,
    )
    yield PageRecipe(release_page(draft.id), "release.html", extract, release_material)


def release_material(extract: Extract) -> Material:
    """What the template of a release needs."""
    values = {"notes": release_notes(extract), "listed": LISTED, **REVISED}
    return Material({**values, "is_sample_release": extract.is_sample})


def release_notes(extract: Extract) -> ReleaseNotes:
    """Choose and count what the page of a release shows."""
    descriptor, rows = extract.more["descriptor"], extract.rows(REVISIONS)
    return ReleaseNotes(
        step=_step(descriptor),
        descriptor=descriptor,
        files=table_files(descriptor, extract.more["rows"]),
        changes=extract.more["changes"],
        revisions=tuple(rows),
        names=extract.more["names"],
    )


def _step(descriptor: Mapping[str, Any]) -> str:
    """Which number of the version rose."""
    before = descriptor.get("previousVersion")
    if not before:
        return "first"
    pairs = zip(descriptor["version"].split("."), before.split("."), strict=True)
    return next(
        (n for n, (new, old) in zip(("major", "minor", "patch"), pairs, strict=True) if new != old),
        "patch",
    )


KINDS: tuple[Callable[[Figures, Mapping[str, Any]], Iterable[PageRecipe]], ...] = (
    month_pages,
    period_pages,
    province_pages,
    unit_pages,
    indicator_pages,
    plan_pages,
    embed_pages,
    quality_pages,
    statement_pages,
    procedure_pages,
    reference_pages,
    download_pages,
    release_notes_pages,
)
"""Each gives its pages from the figures of a release and its ``datapackage.json``."""


def page_recipes(draft: Draft, descriptor: Mapping[str, Any]) -> Iterator[PageRecipe]:
    """Every page of a release.

    Args:
        draft: The release.
        descriptor: Its ``datapackage.json``.
    """
    figures = Figures(draft)
    for pages_of in KINDS:
        yield from pages_of(figures, descriptor)


@dataclass(frozen=True)
class Kept:
    """A publication against the calendar: when a month was due, and first published."""

    due: ReleaseDate
    release: Published

    @property
    def published_on(self) -> date:
        """The day of publication in the city's time."""
        return datetime.fromisoformat(self.release.published_at).astimezone(TIMEZONE).date()

    @property
    def days_late(self) -> int:
        """Whole days after the date; 0 if in time."""
        return max((self.published_on - self.due.moment.date()).days, 0)


def act_pages(edition: Edition, imprint: Imprint) -> Iterable[tuple[Page, bytes]]:
    """The pages in both languages."""
    calendar = load_calendar()
    contents = {
        CALENDAR_PAGE: ("calendar.html", _calendar(edition, calendar)),
        CHANGES_PAGE: ("changelog.html", {"edition": edition, "schema_changes": _changes()}),
        ACCESS_PAGE: ("access.html", {}),
    }
    for name, (template, content) in contents.items():
        for page in in_each_language(name, edition.identity):
            yield page, render(template, page, imprint, content)


def _calendar(edition: Edition, calendar: ReleaseCalendar) -> dict[str, object]:
    after, reports = datetime.fromisoformat(edition.updated_at), coming_reports(edition, calendar)
    believed = any(report.status == "believed" for report in reports)
    return {
        "reports": reports,
        "believed_reports": carried_rule() if believed else None,
        "upcoming": calendar.upcoming(after),
        "missed": [(due, due.days_late(after)) for due in missed(edition, calendar)],
        "rule": calendar.rule,
        "moved": calendar.changes,
        "kept": tuple(reversed(list(_kept(edition, calendar)))),
    }


def _kept(edition: Edition, calendar: ReleaseCalendar) -> Iterable[Kept]:
    """Each month with the release that first had it."""
    seen = set()
    for release in edition.readable:
        for month in release.periods:
            if month not in seen:
                seen.add(month)
                yield Kept(calendar.release_date(month), release)


def _changes() -> list[dict[str, object]]:
    """Changes of columns and meanings, the newest first."""
    changes: list[dict[str, object]] = read_yaml("pages/data-changelog.yaml")["changes"]
    return changes


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
    environment.filters["table_title"] = _title
    return environment.get_template("diff.html").render(
        diff=diff,
        releases=(old, new),
        style=style_text(),
        vi=load_words("vi"),
        en=load_words("en"),
        title_of=_title,
        column_of=Forms(load_words("vi"), {}).column,
        rows_of=_rows_in_words(diff, old, new),
        moment=lambda text: moment_text(text, "vi"),
        month=lambda text: month_text(Month.parse(text), "vi"),
        bases={code.code: code.name.vi for code in load_code_list("bases").codes},
    )


def _rows_in_words(
    diff: Diff, *releases: Published
) -> Callable[[str], list[tuple[RevisedRow, ...]]]:
    """For each table the rows that differ, in both languages, with the releases' names."""
    named = {
        name: table
        for release in releases
        for one in NAMING
        for name, table in own_tables(release, one).items()
    }
    cells = {table.table: [_as_logged(cell) for cell in table.cells] for table in diff.tables}
    names = names_for(named, [cell for rows in cells.values() for cell in rows])
    forms = [Forms(load_words(language), {}) for language in LANGUAGES]
    return lambda table: list(
        zip(*(revised_rows(cells[table], names, form) for form in forms), strict=True)
    )


def _as_logged(cell: CellDiff) -> Row:
    return {
        "release": "", "table": cell.table, "key": cell.key, "column": cell.column,
        "old_value": cell.old, "new_value": cell.new,
    }  # fmt: skip


def _title(table: str) -> str:
    """What readers call a table; one that is declared no more is called by its name."""
    return load_contract(table).title.vi if table in contract_names() else table
