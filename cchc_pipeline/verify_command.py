"""``cchc verify``: whether a release is what was published, and holds together.

Belongs here: the arguments, and what is printed. Does not: the checks (``publish.verification``),
or making a release again (``assets.recomputation``).
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cchc_pipeline.arguments import settings_for
from cchc_pipeline.errors import UsageError

if TYPE_CHECKING:
    from publish.release import ReleaseId
    from publish.verification import Subject, Verdict


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(verify)


def verify(
    release: Annotated[
        str | None, typer.Argument(help="Such as 2024-03.r1; the one that is shown if left out.")
    ] = None,
    home: Annotated[Path | None, typer.Option("--home", help="Where everything is kept.")] = None,
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
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Prove digests, formats, keys, sums and revisions of a release; exit code 1 if one fails."""
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


def _verdicts(subject: "Subject") -> list["Verdict"]:
    from publish.verification import verify as checked

    return list(checked(subject))


def _recomputed(subject: "Subject", home: Path | None, inbox: Path | None) -> "Verdict":
    from assets.recomputation import recomputed
    from cchc_pipeline.progress import tell
    from publish.release import ReleaseId

    return recomputed(settings_for(home, inbox), ReleaseId.parse(subject.name), tell)


@contextmanager
def _subject(
    release: str | None, home: Path | None, url: str | None, key: bytes | None
) -> Iterator["Subject"]:
    """The release that is meant; what was downloaded of it is removed again."""
    from publish.release import ReleaseId

    wanted = ReleaseId.parse(release) if release else None
    if url is None:
        yield _at_home(wanted, home, key)
        return
    from publish.verification import subject_at
    from publish.verification.download import Download, http_client, load_bounds

    bounds = load_bounds()
    with TemporaryDirectory(prefix="cchc-verify-") as scratch, http_client(bounds) as client:
        transfer = Download(client, time.monotonic, bounds)
        yield subject_at(url, wanted, transfer, Path(scratch), key)


def _at_home(wanted: "ReleaseId | None", home: Path | None, key: bytes | None) -> "Subject":
    from publish.portal import Portal
    from publish.verification import home_subject

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
        typer.echo(line)


def _lines(subject: "Subject", verdicts: Sequence["Verdict"]) -> Iterator[str]:
    """One line for what is verified, and one a check; failures stand below theirs."""
    state = f" ({subject.state})" if subject.state else ""
    yield f"{subject.name}{state}: {subject.folder}"
    if subject.reason:
        yield f"  it was retracted: {subject.reason}"
    for verdict in verdicts:
        said = f"because {verdict.reason}" if verdict.reason else verdict.title
        yield f"{verdict.result:<11}  {verdict.name}: {said}"
        yield from (f"  {line}" for line in verdict.failures[:20])
        if len(verdict.failures) > 20:
            yield f"  and {len(verdict.failures) - 20} more"


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
