"""The command line as a user meets it, within the test's process, and what it leaves behind.

Belongs here: calling ``cchc``, digests of folders, changes of an inbox, rows of the lake and of
what was published. Does not: expectations, which each test states.
"""

import contextlib
import hashlib
import io
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cchc_pipeline.cli.app import main
from cchc_pipeline.core.period import Month
from cchc_pipeline.storage.lake import Lake
from publish.store.store import Portal, read_tables

SAMPLE_INBOX = Path(__file__).parents[1] / "schemas" / "sample" / "inbox"
MONTH = "2026-09"
FIRST, SECOND, THIRD = (f"2026-10-{day}T08:30:00+07:00" for day in (12, 20, 27))
"""Moments of publication, so that no test depends on the clock."""
WHILE_NOTHING_IS_DUE = "2024-03-20T08:31:00+07:00"
"""Between the dates of February's figures and of March's."""

_TOLD = {"release", "received_at"}
"""What tells which release, and when something came."""
Answer = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def problem(self) -> str:
        """What stands on stderr after the lines of progress: the error."""
        _, mark, told = self.err.partition("cchc: ")
        return (mark + told).strip()


def cchc(*arguments: object) -> Outcome:
    """Run ``cchc`` with these arguments in this process."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["cchc", *map(str, arguments)]
    code: object = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as end:
        code = end.code
    finally:
        sys.argv = before
    return Outcome(code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())


def run(home: Path, inbox: Path, *options: object, month: str = MONTH, at: str = FIRST) -> Outcome:
    """``cchc run`` of a month at a fixed moment."""
    return cchc("run", month, "--home", home, "--inbox", inbox, "--published-at", at, *options)


def tree_digest(folder: Path) -> str:
    """A digest of every path, link and byte below a folder; of none if it is not there."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        what = str(path.readlink()) if path.is_symlink() else "folder" * path.is_dir()
        content = b"" if what else path.read_bytes()
        digest.update(f"{path.relative_to(folder)} {what} ".encode() + content)
    return digest.hexdigest()


def copy_home(home: Path, place: Path) -> Path:
    """A copy of an installation that a test may change."""
    shutil.copytree(home, place, symlinks=True)
    return place


def answer_path(inbox: Path, endpoint: str, root: str = ".H24", month: str = MONTH) -> Path:
    """Where the answer of an endpoint lies in an inbox."""
    return inbox / month / "portal" / f"{endpoint}{root}.year.json"


def change_answer(
    inbox: Path, endpoint: str, change: Callable[[Answer], object], root: str = ".H24"
) -> None:
    """Change the ``data`` of one answer."""
    path = answer_path(inbox, endpoint, root)
    answer = json.loads(path.read_text(encoding="utf-8"))
    change(answer["data"])
    path.write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")


def change_manifest(folder: Path, **stated: object) -> None:
    """Change what a capture's manifest says."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) | stated
    path.write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")


def row_of(data: Answer, code: str) -> Answer:
    """A unit's row in an answer, wherever its rows stand."""
    rows: list[Answer] = data.get("evaluation") or data["children"]
    return next(row for row in rows if row["departmentCode"] == code)


def published(home: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a table that readers are shown."""
    path = home / "portal" / "current" / "data" / f"{table}.parquet"
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def in_lake(home: Path, table: str, month: str = MONTH) -> list[dict[str, Any]]:
    """The rows of a table of the lake; none if it was not written."""
    found = Lake(home / "lake", "H24").read(table, Month.parse(month)).to_pylist()
    return list(found)


def figures(home: Path) -> dict[str, list[dict[str, Any]]]:
    """What is published, without what tells of releases.

    Of the statistics by field the sums only: which fields are shown apart depends on what was shown
    before, on purpose.
    """
    latest = Portal(home / "portal").latest()
    assert latest is not None
    tables = read_tables(latest)
    statistics = tables["dossier_statistics"]
    tables["dossier_statistics"] = statistics.filter(pc.equal(statistics["field_code"], "ALL"))
    return {name: _untold(table) for name, table in tables.items() if name != "revisions"}


def whole_lake(home: Path) -> dict[str, list[dict[str, Any]]]:
    """Every month of every table of the lake, without what tells when something came."""
    lake = Lake(home / "lake", "H24")
    places = {(path.relative_to(lake.root).parts[0], path.parent.name) for path in lake.paths()}
    found = ((table, Month.parse(of.partition("=")[2])) for table, of in sorted(places))
    return {f"{table} of {month}": _untold(lake.read(table, month)) for table, month in found}


def _untold(table: pa.Table) -> list[dict[str, Any]]:
    rows = table.to_pylist()
    return [{k: v for k, v in row.items() if k not in _TOLD} for row in rows]


def index(home: Path) -> dict[str, Any]:
    """The portal's ``index.json``."""
    text = (home / "portal" / "current" / "index.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def shown(home: Path) -> str:
    """A digest of all that readers can reach: releases, sites, and which one is shown."""
    portal = home / "portal"
    parts = (tree_digest(portal / "store"), tree_digest(portal / "sites"))
    return " ".join((*parts, str((portal / "current").readlink())))
