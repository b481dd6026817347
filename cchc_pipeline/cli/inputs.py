"""Commands on what is handed in: ``validate``, ``simulate``, ``form``, ``catalogue``, ``withdraw``.

Belongs here: their arguments, and what they print. Does not: reading, judging or writing the files
(``cchc_pipeline.sources``, ``cchc_pipeline.simulation``), which is imported when a command runs.
Only ``catalogue`` and ``withdraw`` change an installation.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cchc_pipeline.cli.options import AsJson, Home, Inbox, language, moment_of, say, settings_for
from cchc_pipeline.core.errors import UsageError

if TYPE_CHECKING:
    from cchc_pipeline.core.period import Month
    from cchc_pipeline.registers.units import UnitRegister
    from cchc_pipeline.settings import Settings
    from cchc_pipeline.sources.inbox.trial_kinds import TrialTerms


_MONTH = re.compile(r"(?<!\d)(20\d\d-(?:0[1-9]|1[0-2]))(?!\d)")
_Units = Annotated[Path | None, typer.Option("--inbox", help="Where units.csv is looked for.")]


def register(app: typer.Typer) -> None:
    """Add the commands, in this order."""
    for command in (validate, simulate, form, catalogue, withdraw):
        app.command()(command)


def validate(
    files: Annotated[
        list[Path], typer.Argument(help="Inputs of any kind; those of one kind are read as one.")
    ],
    table: Annotated[
        str | None,
        typer.Option(help="What the files are, if name and content are not to say it."),
    ] = None,
    month: Annotated[
        str | None, typer.Option(help="The month; that in the folder's or file's name if left out.")
    ] = None,
    home: Home = None,
    inbox: _Units = None,
    rows: Annotated[int, typer.Option(min=0, help="How many refused rows are shown.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Say what would be refused, and why; nothing is changed. Exit code 1 if anything is."""
    from cchc_pipeline.core.errors import SourceError
    from cchc_pipeline.sources.inbox.trial_kinds import TIMELESS, sorted_by_kind, try_kind

    settings = settings_for(home, inbox)
    kinds = sorted_by_kind(files, table)
    dated = [file for kind, found in kinds.items() if kind not in TIMELESS for file in found]
    terms = _trial_terms(settings, _month_of(dated, month) if dated or month else None)
    outcomes = [try_kind(kind, found, terms) for kind, found in kinds.items()]
    if as_json:
        told = [outcome.as_dict() for outcome in outcomes]
        typer.echo(json.dumps(told if len(told) > 1 else told[0], ensure_ascii=False, indent=2))
    elif len(outcomes) == 1 and outcomes[0].problem:
        for note in outcomes[0].notes:
            say(note)
        raise SourceError(outcomes[0].problem)
    else:
        for line in (line for outcome in outcomes for line in outcome.lines(rows, language())):
            say(line)
    if any(outcome.is_refused for outcome in outcomes):
        raise typer.Exit(1)


def _trial_terms(settings: "Settings", month: "Month | None") -> "TrialTerms":
    from cchc_pipeline.cli.options import moment_of
    from cchc_pipeline.core.period import Month
    from cchc_pipeline.sources.inbox.trial_kinds import TrialTerms
    from publish.release.publication_log import read_publications
    from publish.store.store import Portal

    now = moment_of(None)

    def count_publications(folder: Path) -> int:
        of_month = Month(now.year, now.month)
        nothing = Portal(folder / "portal")
        log = read_publications(nothing, folder, month=of_month, now=now, production=False)
        return len(log.entries)

    return TrialTerms(month, _register(settings), settings, now, count_publications)


def simulate(
    month: Annotated[str, typer.Argument(help="The month, as 2024-03.")],
    out: Annotated[Path, typer.Option("--out", help="The folder; the month's own is made in it.")],
    dossiers: Annotated[int, typer.Option(min=1, help="Rows of an ordinary month.")] = 80_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same bytes.")] = 1,
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", help="csv, jsonl, parquet, xlsx or all; may be given again."),
    ] = None,
    compress: Annotated[str | None, typer.Option(help="gz or zst.")] = None,
    broken: Annotated[
        float, typer.Option(min=0, max=1, help="Share of rows that a check must refuse.")
    ] = 0.004,
    home: Home = None,
    inbox: _Units = None,
) -> None:
    """Write an export of labelled sample dossiers ("DỮ LIỆU MẪU")."""
    from cchc_pipeline.core.period import Month
    from cchc_pipeline.simulation import FORMATS, Options, write_sample

    settings = settings_for(home, inbox)
    chosen = tuple(formats or ("csv",))
    options = Options(dossiers, seed, broken, FORMATS if "all" in chosen else chosen, compress)
    of_month = Month.parse(month)
    for path in write_sample(out, of_month, options, _register(settings), settings.root_unit):
        say(f"DỮ LIỆU MẪU: {path} ({path.stat().st_size:,} bytes)")


def form(
    month: Annotated[str, typer.Argument(help="The month, as 2024-03.")],
    unit: Annotated[str, typer.Option("--unit", help="The unit's code, such as H24.01.")],
    out: Annotated[Path, typer.Option("--out", help="The XLSX file to write.")],
    home: Home = None,
    inbox: _Units = None,
) -> None:
    """Write the empty form of what a unit owes for a month."""
    from cchc_pipeline.core.period import Month
    from cchc_pipeline.sources.agency_forms.blank import write_form
    from cchc_pipeline.sources.agency_forms.items import form_for

    settings = settings_for(home, inbox)
    wanted = form_for(unit, Month.parse(month), _register(settings), settings.root_unit)
    write_form(out, wanted)
    say(f"{out}: {len(wanted.items)} items for {wanted.unit.name_vi}, {month}")


def catalogue(
    month: Annotated[str, typer.Argument(help="The month that ended last, as 2026-10.")],
    home: Home = None,
    inbox: Inbox = None,
) -> None:
    """Fetch the national portal's catalogue of procedures into the inbox: all pages, or nothing."""
    from cchc_pipeline.core.period import Month
    from cchc_pipeline.sources.national_portal.catalogue_client import captured, drop_capture

    settings, of_month = settings_for(home, inbox), Month.parse(month)
    folder = settings.inbox_dir / str(of_month)
    there = next(captured(folder), None)
    if there is not None:
        say(f"it is there, and is not asked for again: {there}")
        return
    answers = _fetched_catalogue(settings, of_month)
    path = drop_capture(folder, answers)
    say(f"{path}: {len(answers)} pages; what changed is told by: cchc run {month}")


def _fetched_catalogue(settings: "Settings", month: "Month") -> tuple[bytes, ...]:
    import time
    from datetime import datetime

    from cchc_pipeline.core.period import TIMEZONE
    from cchc_pipeline.sources.national_portal.catalogue_client import CatalogueWalk, require_time
    from cchc_pipeline.sources.national_portal.client import PoliteSender
    from cchc_pipeline.sources.national_portal.request import load_national_portal
    from cchc_pipeline.sources.raw.archive import RawArchive

    portal, archive = load_national_portal(), RawArchive(settings.raw_dir)

    def clock() -> datetime:
        return datetime.now(TIMEZONE)

    require_time(month, portal, moment_of(None))
    with PoliteSender(
        settings.portal_base_url, archive, clock, time.sleep, portal.manners,
        portal.success_statuses,
    ) as sender:  # fmt: skip
        return CatalogueWalk(sender, archive, portal, clock).fetch(_tell_pages)


def _tell_pages(done: int, pages: int) -> None:
    if done % 50 == 0 or done == pages:
        say(f"{done} of {pages} pages", err=True)


def withdraw(
    month: Annotated[str, typer.Argument(help="The month, as 2024-03.")],
    file: Annotated[str, typer.Argument(help="The delivered file's name, or a capture's id.")],
    reason: Annotated[str, typer.Option(help="Why; it is logged.")],
    by: Annotated[
        str, typer.Option(help="The office that takes it back; else the publisher.")
    ] = "",
    home: Home = None,
    inbox: Inbox = None,
    as_json: AsJson = False,
) -> None:
    """Take a delivered file back; its bytes stay archived, and the month has to be run again."""
    from cchc_pipeline.core.period import Month, utc_text
    from cchc_pipeline.sources.raw.archive import RawArchive
    from cchc_pipeline.sources.raw.withdrawals import Said
    from cchc_pipeline.sources.raw.withdrawals import withdraw as take_back
    from publish.model import identity_of
    from publish.store.store import Portal

    if not reason.strip():
        raise UsageError("a withdrawal needs a reason", where="--reason")
    settings, moment, of_month = settings_for(home, inbox), moment_of(None), Month.parse(month)
    office = by.strip() or identity_of(settings).publisher
    said = Said(utc_text(moment), office, reason.strip())
    folder = settings.inbox_dir / month
    with Portal(settings.portal_dir).lock(moment):
        act = take_back(RawArchive(settings.raw_dir), of_month, file, folder, said)
    if as_json:
        typer.echo(json.dumps(asdict(act), ensure_ascii=False, indent=2))
        return
    say(act.line())
    say(f"its bytes stay in the archive; make the month anew: cchc run {month}")


def _register(settings: "Settings") -> "UnitRegister":
    """The units of the lists, and those that only the national portal named."""
    from cchc_pipeline.registers.unit_lists import load_register
    from cchc_pipeline.sources.national_portal.tables import units_seen
    from cchc_pipeline.storage.lake import Lake

    seen = units_seen(
        Lake(settings.lake_dir, settings.root_unit).read_all("portal_units").to_pylist()
    )
    return load_register(settings.inbox_dir, settings.root_unit).with_source_units(seen)


def _month_of(files: Sequence[Path], month: str | None) -> "Month":
    """The month given, else the one that every file's folder or name says.

    Raises:
        UsageError: Nothing says a month, or the files say several.
    """
    from cchc_pipeline.core.period import Month

    if month is not None:
        return Month.parse(month)
    said = {text for file in files for text in _months_said(file)}
    if len(said) != 1:
        what = f"the files are of {', '.join(sorted(said))}" if said else "no month in the names"
        raise UsageError(what, where="cchc validate", todo="say --month 2024-03")
    return Month.parse(said.pop())


def _months_said(file: Path) -> Iterator[str]:
    for name in (file.name, *(folder.name for folder in file.resolve().parents[:3])):
        found = _MONTH.findall(name)
        if found:
            yield from found
            return
