"""``cchc withdraw``: taking back a file that was delivered.

Belongs here: arguments and what is printed. Does not: the work
(``cchc_pipeline.sources``), which is imported when the command runs.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cchc_pipeline.arguments import moment_of, settings_for
from cchc_pipeline.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(withdraw)


def withdraw(
    month: Annotated[str, typer.Argument(help="The month, as 2024-03.")],
    file: Annotated[str, typer.Argument(help="The delivered file's name, or a capture's id.")],
    reason: Annotated[str, typer.Option(help="Why; it is logged.")],
    by: Annotated[
        str, typer.Option(help="The office that takes it back; else the publisher.")
    ] = "",
    home: Annotated[Path | None, typer.Option("--home", help="Where everything is kept.")] = None,
    inbox: Annotated[Path | None, typer.Option("--inbox", help="Where files are dropped.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Take a delivered file back; its bytes stay archived, and the month has to be run again."""
    from cchc_pipeline.period import Month, utc_text
    from cchc_pipeline.sources.archive import RawArchive
    from cchc_pipeline.sources.withdrawals import Said
    from cchc_pipeline.sources.withdrawals import withdraw as take_back
    from publish.portal import Portal
    from publish.release import identity_of

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
    typer.echo(act.line())
    typer.echo(f"its bytes stay in the archive; make the month anew: cchc run {month}")
