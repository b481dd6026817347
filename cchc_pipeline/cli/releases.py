"""Commands on releases: ``rollback``, ``retract``, ``export``, ``unlock``, ``diff`` and ``verify``.

Belongs here: their arguments, what they print, and where it goes. Does not: the work
(``publish.portal.acts``, ``publish.release.export``, ``publish.release.diff``, ``publish.verify``,
``assets.recomputation``), which is imported when a command runs.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cchc_pipeline.cli.options import AsJson, Home, end_of, language, moment_of, say, settings_for
from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.wording import worded

if TYPE_CHECKING:
    from cchc_pipeline.settings import Settings
    from publish.gates.gates import Verdict
    from publish.installation.findings import Damage
    from publish.model import Identity, Published, ReleaseId
    from publish.release.diff import Diff
    from publish.store.reading import Subject
    from publish.store.state import Act, ActKind
    from publish.store.store import Portal


_Release = Annotated[str, typer.Argument(help="The release, as 2024-03.r1.")]
_At = Annotated[
    str | None, typer.Option("--published-at", help="The moment, ISO 8601; now if left out.")
]
_By = Annotated[str, typer.Option("--approved-by", help="Who approved it; else the publisher.")]
SHOWN = 50
"""How many changed cells a terminal shows."""


def register(app: typer.Typer) -> None:
    """Add the commands, in this order."""
    for command in (rollback, retract, export, unlock, diff, verify):
        app.command()(command)


def rollback(
    release: _Release,
    reason: Annotated[str, typer.Option(help="Why; readers are told.")] = "",
    approved_by: _By = "",
    home: Home = None,
    published_at: _At = None,
) -> None:
    """Show a release again that is out: one step back, or forward again."""
    from publish.portal.acts import show_again
    from publish.store.store import Portal

    shown = Portal(settings_for(home).portal_dir).latest()
    if shown is not None and str(shown.id) == release:
        say(f"nothing to do: {release} is shown")
        return
    said = _Said("rolled_back", release, reason, approved_by, published_at)
    _act(said, home, show_again)


def retract(
    release: _Release,
    reason: Annotated[str, typer.Option(help="Why; readers are told.")],
    approved_by: _By = "",
    home: Home = None,
    published_at: _At = None,
) -> None:
    """Take a release away from readers; a tombstone says why."""
    from publish.portal.acts import retract as take_away

    if not reason.strip():
        raise UsageError("a retraction needs a reason", where="--reason")
    _act(_Said("retracted", release, reason, approved_by, published_at), home, take_away)


@dataclass(frozen=True)
class _Said:
    """An act as it was asked for."""

    kind: "ActKind"
    release: str
    reason: str
    approved_by: str
    published_at: str | None


def _act(said: _Said, home: Path | None, do: "Callable[[Portal, Act, Identity], None]") -> None:
    """Do an act under the lock, and say what readers are shown now."""
    from cchc_pipeline.core.period import utc_text
    from publish.model import ReleaseId, identity_of
    from publish.portal.acts import settle
    from publish.store.state import Act
    from publish.store.store import Portal

    settings, moment = settings_for(home), moment_of(said.published_at)
    portal, identity = Portal(settings.portal_dir), identity_of(settings)
    approver = said.approved_by.strip() or identity.publisher
    release = ReleaseId.parse(said.release)
    act = Act(utc_text(moment), said.kind, release, said.reason.strip(), approver)
    with portal.lock(moment):
        found = settle(portal)
        if found:
            say(f"the last act did not end: {found}", err=True)
        do(portal, act, identity)
        shown = portal.latest()
        say(f"{said.kind.replace('_', ' ')}: {release}; shown is {shown.id if shown else '-'}")
        _bring_to_places(settings)


def _bring_to_places(settings: "Settings") -> None:
    """Have the places follow; one that must and does not is told by the exit code."""
    from cchc_pipeline.cli.place_words import outcome_lines, require_shown
    from cchc_pipeline.cli.places import bring
    from cchc_pipeline.cli.run_summary import Speech

    speech, outcomes = Speech(settings.lang), bring(settings)
    for line in outcome_lines(outcomes, speech):
        typer.echo(line)
    require_shown([outcome for outcome in outcomes if outcome.fails], speech)


def export(
    out: Annotated[Path, typer.Option(help="A new folder for the files.")],
    as_of: Annotated[
        str | None, typer.Option(help="A date or moment: what was shown then. Now if left out.")
    ] = None,
    table: Annotated[
        list[str] | None, typer.Option(help="Only this table; again for more.")
    ] = None,
    form: Annotated[
        str,
        typer.Option("--format", help="Only csv, parquet, json or xlsx; or the figures as sdmx."),
    ] = "",
    summed: Annotated[
        str, typer.Option("--form", help="A month as a summed table in place of files: II.06a.")
    ] = "",
    month: Annotated[
        str | None,
        typer.Option("--month", help="Which month --form tells; the newest if left out."),
    ] = None,
    home: Home = None,
) -> None:
    """Copy out the data as they stood on a date."""
    from cchc_pipeline.core.period import Month
    from publish.release.export import export_files, form_files, release_as_of, write_out
    from publish.release.sdmx import SDMX, sdmx_files
    from publish.store.store import Portal

    settings = settings_for(home)
    portal = Portal(settings.portal_dir)
    moment = end_of(as_of, "--as-of") if as_of else moment_of(None)
    release = portal.read(release_as_of(portal.acts(), moment))
    if summed:
        of_month = Month.parse(month) if month else None
        files = form_files(release, summed, of_month, settings.root_unit)
    elif form == SDMX:
        files = sdmx_files(release, table or (), settings.root_unit)
    else:
        files = export_files(release, table or (), form)
    write_out(files, out)
    say(f"{release.id} ({release.version}, {release.published_at}): {len(files)} files in {out}")


def unlock(home: Home = None) -> None:
    """Forget a lock that a dead process on another machine left behind."""
    from publish.store.journal import break_lock

    root = settings_for(home).portal_dir
    left = break_lock(root) if root.exists() else ""
    say(f"the lock of {left} is broken" if left else "nobody left a lock")


def diff(
    old: Annotated[str, typer.Argument(help="The earlier release, as 2024-03.r1.")],
    new: Annotated[str, typer.Argument(help="The later release.")],
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, for scripts.")] = False,
    as_html: Annotated[bool, typer.Option("--html", help="Everything, as one page.")] = False,
    table: Annotated[str | None, typer.Option("--table", help="Only this table.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write it to this file.")] = None,
) -> None:
    """Say what differs between two releases: rows, columns, ranks, cells."""
    from cchc_pipeline.core.files import write_whole
    from publish.release.diff import diff_releases, find_release, own_tables
    from publish.store.store import Portal

    if as_json and as_html:
        raise UsageError("--json and --html stand together", todo="choose one")
    portal = Portal(settings_for(home).portal_dir)
    releases = (find_release(portal, old), find_release(portal, new))
    tables = [own_tables(release, table) for release in releases]
    if not any(tables):
        raise UsageError(f"neither release has a table {table!r}", where="--table")
    text = _text(diff_releases(*tables), releases, as_json=as_json, as_html=as_html)
    if out is None:
        typer.echo(text)
    else:
        write_whole(out, f"{text}\n".encode())
        say(f"written: {out}")


def _text(
    found: "Diff", releases: "tuple[Published, Published]", *, as_json: bool, as_html: bool
) -> str:
    from publish.release.diff import diff_lines
    from publish.site.pages.releases import diff_page

    old, new = releases
    if as_html:
        return diff_page(found, old, new)
    if as_json:
        content = {"old": str(old.id), "new": str(new.id), **found.as_dict()}
        return json.dumps(content, ensure_ascii=False, indent=2)
    return "\n".join(worded(line, language()) for line in diff_lines(found, SHOWN))


def verify(
    release: Annotated[
        str | None, typer.Argument(help="Such as 2024-03.r1; the one that is shown if left out.")
    ] = None,
    home: Home = None,
    inbox: Annotated[
        Path | None, typer.Option("--inbox", help="Where --recompute looks for units.csv.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="A portal's or a release's address: http, https or file.")
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option(help="The publisher's minisign.pub: the signature must be good.")
    ] = None,
    recompute: Annotated[
        bool, typer.Option("--recompute", help="Make it again from the raw archive, and compare.")
    ] = False,
    installation: Annotated[
        bool, typer.Option("--installation", help="Every file of the home, not one release.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Prove digests, formats, keys, sums and revisions of a release; exit code 1 if one fails."""
    if installation:
        if release or url or public_key or recompute:
            raise UsageError("--installation stands alone", todo="leave the other options out")
        _verify_installation(home, inbox, as_json=as_json)
        return
    if url is not None and (recompute or home is not None):
        what = "an address has neither a home nor a raw archive"
        raise UsageError(what, where="--url", todo="leave out --home and --recompute")
    with _subject(release, home, url, _key(public_key)) as subject:
        verdicts = _verdicts(subject)
        if recompute:
            verdicts.append(_recomputed(subject, home, inbox))
        _print(subject, verdicts, as_json=as_json)
    if any(verdict.failures for verdict in verdicts):
        raise typer.Exit(1)


def _verify_installation(home: Path | None, inbox: Path | None, *, as_json: bool) -> None:
    """Say what is damaged of a home, since when it can be, and what mends it."""
    from assets.damage import whole_look
    from publish.installation.findings import damage_lines, damage_words

    settings = settings_for(home, inbox)
    if not settings.home.is_dir():
        raise UsageError("no such folder", where=f"home {settings.home}", todo="check CCHC_HOME")
    found, files = whole_look(settings, moment_of(None))
    found += _unreachable_database()
    damaged = [one for one in found if not one.is_of_rights]
    if as_json:
        told = {"passed": not found, "files": files, "damaged": [one.as_dict() for one in found]}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        for line in damage_lines(found, settings.lang):
            say(line)
        if not damaged:
            typer.echo(damage_words().say("whole", settings.lang, files=files))
    if found:
        raise typer.Exit(1)


def _unreachable_database() -> "list[Damage]":
    """Dagster's database, where it is PostgreSQL and does not answer."""
    from cchc_pipeline.settings import DAGSTER_URL, dagster_url
    from publish.installation.findings import Damage

    url = dagster_url()
    if url is None:
        return []
    from assets.instance import require_database

    try:
        require_database(url)
    except UsageError:
        return [Damage(DAGSTER_URL, "unreachable", "postgres")]
    return []


def _verdicts(subject: "Subject") -> list["Verdict"]:
    from publish.verify.checks import verify as checked

    return list(checked(subject))


def _recomputed(subject: "Subject", home: Path | None, inbox: Path | None) -> "Verdict":
    from assets.recomputation import recomputed
    from cchc_pipeline.cli.progress import tell
    from publish.model import ReleaseId

    return recomputed(settings_for(home, inbox), ReleaseId.parse(subject.name), tell)


@contextmanager
def _subject(
    release: str | None, home: Path | None, url: str | None, key: bytes | None
) -> Iterator["Subject"]:
    """The release that is meant; what was downloaded of it is removed again."""
    from publish.model import ReleaseId

    wanted = ReleaseId.parse(release) if release else None
    if url is None:
        yield _at_home(wanted, home, key)
        return
    from publish.verify.places import Download, http_client, load_bounds, subject_at

    bounds = load_bounds()
    with TemporaryDirectory(prefix="cchc-verify-") as scratch, http_client(bounds) as client:
        transfer = Download(client, time.monotonic, bounds)
        yield subject_at(url, wanted, transfer, Path(scratch), key)


def _at_home(wanted: "ReleaseId | None", home: Path | None, key: bytes | None) -> "Subject":
    from publish.store.store import Portal
    from publish.verify.places import home_subject

    return home_subject(Portal(settings_for(home).portal_dir), wanted, key)


def _key(path: Path | None) -> bytes | None:
    if path is None:
        return None
    if not path.is_file():
        raise UsageError("no such file", where=f"--public-key {path}", todo="name a minisign.pub")
    return path.read_bytes()


def _print(subject: "Subject", verdicts: Sequence["Verdict"], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_as_dict(subject, verdicts), ensure_ascii=False, indent=2))
        return
    for line in _lines(subject, verdicts):
        say(line)


def _lines(subject: "Subject", verdicts: Sequence["Verdict"]) -> Iterator[str]:
    """One line for what is verified, and one a check; failures stand below theirs."""
    state = f" ({subject.state})" if subject.state else ""
    yield f"{subject.name}{state}: {subject.folder}"
    if subject.reason:
        yield f"  it was retracted: {subject.reason}"
    for verdict in verdicts:
        yield _verdict(verdict)
        yield from (f"  {line}" for line in verdict.failures[:20])
        if len(verdict.failures) > 20:
            yield f"  and {len(verdict.failures) - 20} more"


def _verdict(verdict: "Verdict") -> str:
    """What came of a check: its name for engineers, what it asks for the others."""
    from publish.gates.gates import asks

    said = f"because {verdict.reason}" if verdict.reason else verdict.title
    if language() == "en":
        return f"{verdict.result:<11}  {verdict.name}: {said}"
    asked = asks(verdict.name, "vi") or worded(verdict.title, "vi")
    told = f"{asked.rstrip('.')}; {worded(said, 'vi')}" if verdict.reason else asked
    return f"{worded(verdict.result, 'vi'):<13}  {told}"


def _as_dict(subject: "Subject", verdicts: Sequence["Verdict"]) -> dict[str, Any]:
    return {
        "release": subject.name,
        "state": subject.state or None,
        "reason": subject.reason or None,
        "passed": not any(verdict.failures for verdict in verdicts),
        "checks": [
            {
                "name": verdict.name,
                "title": verdict.title,
                "result": verdict.result,
                "failures": list(verdict.failures),
                "reason": verdict.reason or None,
            }
            for verdict in verdicts
        ],
    }
