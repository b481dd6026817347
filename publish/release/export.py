"""The data as it stood: a release's files copied out, chosen by date.

Belongs here: which release was shown at a moment, and copying; a month of it as a summed table.
Does not: changing anything, or that table's layout (``summed_form``).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import Month, utc_text
from publish.model import STATISTICS, Published, ReleaseId
from publish.release.summed_form import FORMS, FormOfMonth, summed_workbook
from publish.store.state import Act, shown_after
from publish.store.store import read_tables, write_files


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


def form_files(release: Published, form: str, month: Month | None, root: str) -> dict[str, bytes]:
    """A month of a release as a summed table.

    Args:
        release: The release.
        form: Which form.
        month: The month; the newest of the release if None.
        root: The unit that stands for the whole, which the form does not list.

    Raises:
        UsageError: The form is not known, or the release does not have the month, or no figures.
    """
    if form not in FORMS:
        raise UsageError(f"no form {form!r}", where="--form", todo=f"use {', '.join(FORMS)}")
    of_month = month or max(release.periods)
    if of_month not in release.periods:
        raise UsageError(f"{release.id} does not have {of_month}", where="--month")
    tables = read_tables(release)
    rows = [row for row in tables[STATISTICS].to_pylist() if row["period"] == str(of_month)]
    units = sorted(tables["units"].to_pylist(), key=lambda row: row["valid_from"])
    names = {row["unit_code"]: row["name_vi"] for row in units
             if row["valid_from"] <= of_month.last_day}  # fmt: skip
    told = FormOfMonth(of_month, str(release.id), root, rows, names)
    return {f"{form}.{of_month}.xlsx": summed_workbook(told)}


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
