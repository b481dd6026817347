"""The command ``report``: a period's report with its brief, or the letter to a unit.

Belongs here: its arguments, what it prints, where it goes. Does not: which figures
(``publish.release.reported``), what is said (``cchc_pipeline.reports``).
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cchc_pipeline.cli.options import AsJson, Home, end_of, moment_of, settings_for
from cchc_pipeline.core.errors import UsageError

if TYPE_CHECKING:
    from cchc_pipeline.reports.document import Paper
    from cchc_pipeline.reports.released import Released
    from cchc_pipeline.reports.span import ReportKind, ReportSpan
    from cchc_pipeline.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(report)


def report(
    month: Annotated[str, typer.Argument(help="The last month that is told of, as 2024-03.")],
    quarter: Annotated[bool, typer.Option("--quarter", help="Its quarter, up to it.")] = False,
    half: Annotated[bool, typer.Option("--half", help="Its half-year, up to it.")] = False,
    year: Annotated[bool, typer.Option("--year", help="Its year, up to it.")] = False,
    unit: Annotated[str, typer.Option(help="The letter to this unit instead.")] = "",
    as_of: Annotated[str, typer.Option(help="A date or moment: what was shown then.")] = "",
    pdf: Annotated[bool, typer.Option("--pdf", help="A PDF too, by LibreOffice.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write the report to sign (DOCX and HTML) and its one-page brief, or a letter to a unit."""
    from cchc_pipeline.core.period import Month, utc_text
    from cchc_pipeline.reports.made import FOLDER, MadeReport, record, write_papers
    from cchc_pipeline.reports.paper_page import to_html
    from cchc_pipeline.reports.span import ReportSpan
    from cchc_pipeline.reports.word_file import to_docx
    from publish.release.reported import released_rows, reported_release, require_unit
    from publish.store.store import Portal

    settings, moment = settings_for(home), moment_of(None)
    span = ReportSpan(_kind(quarter=quarter, half=half, year=year), Month.parse(month))
    until = end_of(as_of, "--as-of") if as_of else None
    release = reported_release(Portal(settings.portal_dir), span, until)
    released = released_rows(release, span, settings.root_unit, unit)
    if unit:
        require_unit(released, span, unit)
    papers = _papers(settings, released, span, unit)
    folder = settings.home / FOLDER / month / released.release
    files = {
        f"{paper.name}.{ending}": write(paper)
        for paper in papers
        for ending, write in (("docx", to_docx), ("html", to_html))
    }
    digests = write_papers(folder, files)
    made = MadeReport(
        utc_text(moment), span.kind.value, month, unit, released.release, as_of, digests
    )  # fmt: skip
    is_new = record(settings.home, made)
    paths = [folder / name for name in files]
    if pdf:
        paths += _printed(path for path in paths if path.suffix == ".docx")
    _tell(papers[0], released, span, unit, paths, is_new=is_new, as_json=as_json)


def _kind(*, quarter: bool, half: bool, year: bool) -> "ReportKind":
    from cchc_pipeline.reports.span import ReportKind
    from cchc_pipeline.reports.wording import say

    asked = [
        kind
        for is_asked, kind in (
            (quarter, ReportKind.QUARTER), (half, ReportKind.HALF), (year, ReportKind.YEAR),
        )
        if is_asked
    ]  # fmt: skip
    if len(asked) > 1:
        raise UsageError(say("refusals.one_length"))
    return asked[0] if asked else ReportKind.MONTH


def _papers(
    settings: "Settings", released: "Released", span: "ReportSpan", unit: str
) -> "tuple[Paper, ...]":
    from cchc_pipeline.reports.brief import leaders_brief
    from cchc_pipeline.reports.letter import unit_letter
    from cchc_pipeline.reports.report import Writer, period_report
    from publish.model import identity_of

    writer = Writer(settings.root_unit, identity_of(settings).publisher)
    if unit:
        return (unit_letter(released, span, writer, unit, _sheets(settings, span, unit)),)
    return period_report(released, span, writer), leaders_brief(released, span, writer)


def _sheets(settings: "Settings", span: "ReportSpan", unit: str) -> Iterable[str]:
    """The sheets of the unit's errors that lie in the home, by their month and name."""
    from cchc_pipeline.reports.error_sheets import sheet_path
    from cchc_pipeline.reports.wording import month_name

    for month in span.months:
        path = sheet_path(settings.error_sheets_dir / str(month), unit)
        if path.is_file():
            yield f"{path.name} ({month_name(month)})"


def _printed(papers: Iterable[Path]) -> list[Path]:
    from cchc_pipeline.reports.office import to_pdf

    return [to_pdf(paper) for paper in papers]


def _tell(
    paper: "Paper",
    released: "Released",
    span: "ReportSpan",
    unit: str,
    paths: Sequence[Path],
    *,
    is_new: bool,
    as_json: bool,
) -> None:
    from cchc_pipeline.reports.wording import say, span_name

    if as_json:
        told = {
            "period": str(span.last), "kind": span.kind.value, "unit": unit or None,
            "months": [str(month) for month in span.months], "release": released.release,
            "sample": bool(paper.mark), "new": is_new, "files": [str(path) for path in paths],
        }  # fmt: skip
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    key = "told.letter" if unit else "told.report"
    name = say(key, span=span_name(span), unit=unit)
    said = "told.written" if is_new else "told.kept"
    typer.echo(say(said, name=name, release=released.release))
    for path in paths:
        typer.echo(f"  {path}")
    if paper.mark:
        typer.echo(say("told.sample"))
