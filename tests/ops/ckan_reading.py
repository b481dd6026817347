"""A home beside a real CKAN: a round, another release's bytes, and a reading of its own.

Belongs here: what the trials of a CKAN do again and again, and that what stands there is equal to
the release. Does not: the trials (``ckan_trial``, ``ckan_faults``), starting it (``ckan_server``).
"""

import csv
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from cchc_pipeline.core.files import digest_of_file
from publish.places.declared import DeclaredPlace
from publish.places.rounds import Outcome, opened
from publish.store.store import Portal
from tests.ops.ckan_server import Ckan

PACKAGE, PUBLIC = "chat-luong-phuc-vu", "https://example.org/chat-luong"
_WRITES = re.compile(r"/api/action/((?:package|resource|datastore)_(?!show|search|info)\w+)")
_TRUE = {"True": "true", "False": "false", "t": "true", "f": "false"}


def say(*cells: object) -> None:
    """A row of the table."""
    sys.stdout.write("| " + " | ".join(str(cell) for cell in cells) + " |\n")
    sys.stdout.flush()


def require(holds: object, what: str) -> None:
    """A trial ends at the first thing that does not hold."""
    if not holds:
        raise SystemExit(f"DOES NOT HOLD: {what}")


@dataclass(frozen=True)
class Trial:
    """A home, the CKAN that it publishes to, and the place."""

    home: Path
    server: Ckan
    place: DeclaredPlace

    def bring(self, *, journal: str = "nhat-ky", place: DeclaredPlace | None = None) -> Outcome:
        """One round, with a journal of its own."""
        home = self.home.parent / journal
        home.mkdir(exist_ok=True)
        now = datetime.now(UTC)
        with opened(
            Portal(self.home / "portal"), home, now, time.monotonic, time.sleep, PUBLIC
        ) as r:
            (outcome,) = r.mirror([place or self.place])
        return outcome

    def command(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """A command of the installation."""
        said = (self.home.parent / "lenh.log").open("ab")
        return subprocess.Popen(
            [sys.executable, "-m", "cchc_pipeline", *arguments, "--home", str(self.home)],
            env=os.environ | {"CCHC_PUBLIC_URL": PUBLIC}, stdout=said, stderr=said,
        )  # fmt: skip

    def package(self) -> Mapping[str, Any]:
        """The data set as anybody reads it."""
        answer = httpx.get(
            f"{self.server.address}/api/3/action/package_show", params={"id": PACKAGE}, timeout=60
        )
        answer.raise_for_status()
        found: Mapping[str, Any] = answer.json()["result"]
        return found

    def ids(self) -> dict[str, str]:
        """The resources' ids, by their address."""
        return {one["url"]: one["id"] for one in self.package()["resources"]}

    def writes(self) -> list[str]:
        """Every writing action that CKAN was asked for so far."""
        return _WRITES.findall(self.server.log.read_text(errors="replace"))

    def extras(self) -> dict[str, str]:
        """The extras of the data set."""
        return {one["key"]: one["value"] for one in self.package()["extras"]}

    @property
    def latest(self) -> Path:
        """The release that the portal shows."""
        return (self.home / "portal" / "current" / "latest").resolve()


def require_equal(trial: Trial) -> int:
    """By CKAN's own dump of each table: rows, types and dictionary; the rows that were compared."""
    descriptor = json.loads((trial.latest / "datapackage.json").read_bytes())
    tables = [one for one in descriptor["resources"] if one.get("type") == "table"]
    there = {one["url"].rpartition("/")[2]: one for one in trial.package()["resources"]}
    require(len(there) == len(tables), f"{len(tables)} resources")
    return sum(_require_table(trial, one, there[Path(one["path"]).name]) for one in tables)


def _require_table(trial: Trial, table: Mapping[str, Any], there: Mapping[str, Any]) -> int:
    dump = httpx.get(f"{trial.server.address}/datastore/dump/{there['id']}", timeout=60)
    head, *told = csv.reader(io.StringIO(dump.text.removeprefix("\ufeff")))
    names, *rows = csv.reader(io.StringIO((trial.latest / table["path"]).read_text("utf-8")))
    truths = [f["type"] == "boolean" for f in table["schema"]["fields"]]
    found = [
        [_TRUE.get(v, v) if t else v for v, t in zip(row[1:], truths, strict=True)] for row in told
    ]
    require(head == ["_id", *names], f"{table['name']}: columns {head}")
    require(sorted(found) == sorted(rows), f"{table['name']}: rows equal the CSV")
    require(there["hash"] == table["hash"], f"{table['name']}: digest")
    info = trial.server.ask("datastore_info", id=there["id"])
    fields = {one["id"]: one for one in info["fields"]}  # type: ignore[index]
    kinds = {"integer": "int8", "number": "numeric", "boolean": "bool", "date": "date"}
    for one in table["schema"]["fields"]:
        is_ours = fields[one["name"]]["type"] == kinds.get(one["type"], "text")
        require(is_ours, f"{table['name']}.{one['name']}: {fields[one['name']]}")
        require(fields[one["name"]]["info"]["label"] == one["title"], f"{one['name']}: label")
    return len(rows)


def revise(latest: Path, table: str, act: Callable[[list[dict[str, str]]], None]) -> int:
    """Another release's bytes in the place of a table's, and in the descriptor; the bytes."""
    path, descriptor = latest / "data" / f"{table}.csv", latest / "datapackage.json"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    act(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    told = json.loads(descriptor.read_bytes())
    one = next(r for r in told["resources"] if r["path"] == f"data/{table}.csv")
    put(path, out.getvalue().encode())
    one["hash"] = "sha256:" + digest_of_file(path)
    put(descriptor, json.dumps(told, ensure_ascii=False).encode())
    return path.stat().st_size


def put(path: Path, content: bytes) -> None:
    """Beside other names of the same file, which stay as they are."""
    path.unlink()
    path.write_bytes(content)


def one_percent(number: int) -> Callable[[list[dict[str, str]]], None]:
    """Other scores in each hundredth row; every third time five rows go, then they come back."""

    def act(rows: list[dict[str, str]]) -> None:
        for row in rows[number::100]:
            row["score"] = f"{number}.{number}0"
        if number % 3 == 0:
            del rows[-5:]

    return act
