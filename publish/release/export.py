"""The data as it stood: a release's files copied out, chosen by date.

Belongs here: which release was shown at a moment, and copying. Does not: changing anything.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import utc_text
from publish.model import Published, ReleaseId
from publish.store.state import Act, shown_after
from publish.store.store import write_files


def release_as_of(acts: Iterable[Act], moment: datetime) -> ReleaseId:
    """The release that readers were shown at a moment.

    Raises:
        UsageError: Nothing had been published yet, or the release was retracted since.
    """
    acts, at = tuple(acts), utc_text(moment)
    chosen = shown_after(act for act in acts if act.at <= at)
    if chosen is None:
        first = acts[0].at if acts else "never"
        raise UsageError(
            f"nothing was shown at {at}", where="--as-of", todo=f"first publication: {first}"
        )
    for act in acts:
        if act.kind == "retracted" and act.release == chosen:
            raise UsageError(
                f"{chosen}, shown at {at}, was retracted at {act.at}: {act.reason}",
                where="--as-of",
                todo="choose another date",
            )
    return chosen


def export_files(release: Published, tables: Sequence[str], ending: str) -> dict[str, bytes]:
    """The files of a release to copy out, by their paths in it.

    Args:
        release: The release.
        tables: Only these tables; all of the release, with what describes them, if empty.
        ending: Only this form of them (``csv``, ``parquet``, ``json``, ``xlsx``); all if empty.

    Raises:
        UsageError: The release has no such table or form.
    """
    paths = [path for path in release.folder.rglob("*") if path.is_file()]
    unknown = set(tables) - {path.stem for path in paths if path.parent.name == "data"}
    if unknown:
        raise UsageError(f"{release.id} has no table {', '.join(sorted(unknown))}")
    chosen = [path for path in paths if _is_chosen(path, tables, ending)]
    if not chosen:
        raise UsageError(f"{release.id} has no files of the form {ending!r}", where="--format")
    return {path.relative_to(release.folder).as_posix(): path.read_bytes() for path in chosen}


def _is_chosen(path: Path, tables: Sequence[str], ending: str) -> bool:
    is_table = path.parent.name in {"data", "formats"}
    if not is_table:
        return not tables and not ending
    return (not tables or path.stem in tables) and (not ending or path.suffix == f".{ending}")


def write_out(files: Mapping[str, bytes], out: Path) -> None:
    """Write files into a fresh folder.

    Raises:
        UsageError: The folder holds something already.
    """
    if out.exists() and any(out.iterdir()):
        raise UsageError("the folder is not empty", where=str(out), todo="name a new one")
    if out.exists():
        out.rmdir()
    write_files(out, files)
