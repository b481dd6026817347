"""The front page of a preview: go or no-go, on one page, with the line to type.

Belongs here: which facts of the draft, its gates and its months the page shows, and where it lies.
Does not: finding them (``month_summary``, ``publish.gates``, ``publish.site.revised``), words
(``schemas/pages/messages/decision.yaml``), HTML (``publish/site/templates/decision.html``).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cchc_pipeline.calendar import load_calendar
from cchc_pipeline.contracts import Language
from cchc_pipeline.contracts.sources import source_named
from cchc_pipeline.core.files import write_whole
from cchc_pipeline.core.period import Month
from cchc_pipeline.core.wording import worded
from cchc_pipeline.settings import Settings
from publish.installation.month_summary import MonthSummary, OwingUnit, Sheet, month_summary
from publish.installation.release_summary import summary_of_draft
from publish.model import REVISIONS, Acceptance, Draft
from publish.portal.publication import Built
from publish.release.approval import DIGEST_SHOWN
from publish.site.forms import Forms
from publish.site.page import render_alone
from publish.site.pages.releases import release_page
from publish.site.revised import names_for, revised_heading, revised_rows
from publish.site.words import load_words
from publish.store.store import PREVIEW

LISTED, REVISED = 6, 4
"""How many units or failures, and revised rows, are named; of the others the number."""
_LONGEST_VALUE = 48
"""Letters of a revised value: the page is one page, and the log has all of it."""
_MONTHS = 3
"""Of how many months the page tells what is missing: those that go out, the newest first."""
_SITE = "portal/current/"


@dataclass(frozen=True)
class Asked:
    """What was asked: months, none if by the calendar; what ``run`` is told; the language."""

    months: tuple[Month, ...] = ()
    acceptance: Acceptance | None = None
    is_empty: bool = False
    lang: Language = "vi"

    @property
    def options(self) -> str:
        """The options that ``run`` and another preview are to be given."""
        said = [" --empty"] if self.is_empty else []
        if self.acceptance:
            said.append(f" --accept-revisions {self.acceptance.reason}")
            said += [f' --note "{self.acceptance.note}"'] if self.acceptance.note else []
        return "".join(said)


def front_page(home: Path) -> Path:
    """Where the page of an installation's preview lies."""
    return home / PREVIEW / "index.html"


def write_front_page(settings: Settings, built: Built, asked: Asked) -> Path:
    """Write the page of a preview, whether it may go out or not.

    Args:
        settings: The installation.
        built: The judged draft.
        asked: For what it was made.
    """
    draft = built.draft
    facts = DecisionFacts(
        tuple(month_summary(settings, month) for month in told_months(draft, asked.months)),
        month_summary(settings, draft.id.month),
    )
    page = front_page(settings.home)
    write_whole(page, decision_html(built, facts, settings, asked).encode())
    page.chmod(0o600)
    return page


def told_months(draft: Draft, asked: Iterable[Month]) -> tuple[Month, ...]:
    """The months to tell of: those asked for and the new ones, else the newest; newest first."""
    before = draft.previous.periods if draft.previous else ()
    told = {*asked} | ({*draft.periods} - {*before})
    found = sorted(told & {*draft.periods} or {draft.id.month}, reverse=True)
    return tuple(found[:_MONTHS])


@dataclass(frozen=True)
class DecisionFacts:
    """The months that are told of, newest first; the newest of all, which the front page shows."""

    months: tuple[MonthSummary, ...]
    newest: MonthSummary


def decision_html(built: Built, facts: DecisionFacts, settings: Settings, asked: Asked) -> str:
    """The page.

    Args:
        built: What would go out, and the verdict of every gate.
        facts: What is known of its months.
        settings: Whether an office approves, and whether the date decides.
        asked: For what it was made.
    """
    forms = Forms(load_words(asked.lang, built.draft.identity.root_unit), {})
    draft, failed = built.draft, [gate for gate in built.gates if not gate.passed]
    content = {
        "draft": draft,
        "digest": draft.input_digest[:DIGEST_SHOWN],
        "gates": built.gates,
        "failed": failed,
        "listed": LISTED,
        "months": facts.months,
        "newest": facts.newest,
        "sample": draft.is_sample,
        "site": "" if failed else _SITE,
        "release_page": release_page(draft.id),
        **_lines(draft, settings, asked),
        **_out(draft),
        **_revised(draft, forms),
        **_names(forms),
        "worded": lambda line: worded(line, asked.lang),
    }
    return render_alone("decision.html", forms, content)


def _lines(draft: Draft, settings: Settings, asked: Asked) -> dict[str, object]:
    """What is to be typed, on go and on no-go."""
    month = max(asked.months, default=draft.id.month)
    options = f"{settings.root_option}{asked.options}"
    due = load_calendar().release_date(draft.id.month).moment.isoformat()
    return {
        "needs_approval": settings.approval,
        "root": settings.root_option,
        "run": "" if settings.automation else f"cchc run {month}{options}",
        "goes_out": due if settings.automation else "",
        "again": f"cchc preview {month}{options}",
        "drop_folder": settings.inbox_dir / str(month),
    }


def _out(draft: Draft) -> dict[str, object]:
    before = {*draft.previous.periods} if draft.previous else set()
    return {
        "rows": sum(table.num_rows for table in draft.tables.values()),
        "periods": [str(month) for month in draft.periods],
        "new_months": [str(m) for m in draft.periods if m not in before] if before else [],
        "changes": {n: c for n, c in draft.changes.items() if c.any} if before else {},
    }


def _revised(draft: Draft, forms: Forms) -> dict[str, object]:
    """The revisions by cause, and the biggest in words, the city's own first."""
    rows = draft.tables[REVISIONS].to_pylist()
    log = [row for row in rows if row["release"] == str(draft.id)]
    largest = summary_of_draft(draft, draft.identity.root_unit).largest
    places = list(dict.fromkeys((revision.table, revision.key) for revision in largest))[:REVISED]
    cells = [row for place in places for row in log if (row["table"], row["key"]) == place]
    causes = Counter((row["reason_code"] or "", row["note"] or "") for row in log)
    return {
        "heading_of_revisions": revised_heading(log, forms) if log else "",
        "causes": causes.most_common(),
        "revised": revised_rows(cells, names_for(draft.tables, cells), forms),
        "unlisted": len(log) - len(cells),
        "longest": _LONGEST_VALUE,
    }


def _names(forms: Forms) -> Mapping[str, Callable[..., Any]]:
    """How sources and lists of units are said."""

    def short(units: Sequence[OwingUnit]) -> str:
        more = [forms.words.text("decision.more", count=len(units) - LISTED)]
        named = [unit.name for unit in units[:LISTED]]
        return ", ".join([*named, *(more if len(units) > LISTED else [])])

    def named(sheets: Sequence[Sheet]) -> str:
        return short([sheet.unit or OwingUnit("", sheet.path.name) for sheet in sheets])

    def source(table: str) -> str:
        return str(getattr(source_named(table).name, forms.language))

    def owes(table: str) -> str:
        owing = source_named(table).owes
        return str(getattr(owing, forms.language)) if owing else ""

    return {"short": short, "named": named, "source": source, "owes": owes}
