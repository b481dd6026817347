"""CKAN tried in full, by hand: ten publications, cuts, going back, what a small change costs.

Belongs here: what is done to a real CKAN (``ckan_server``), and that it then shows what it must, by
a reading of its own. Does not: pure mappings (``tests.publish.places.test_ckan_tables``). Run as
``python -m tests.ops.ckan_trial CKAN HOME``: the program ``ckan`` in its own environment, and a
home that has published at least twice.
"""

import argparse
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from cchc_pipeline.core.files import digest_of_file
from publish.places.declared import DeclaredPlace, token_name
from publish.places.rounds import Outcome, opened
from publish.store.store import Portal
from tests.ops.ckan_faults import deeds, faults_between
from tests.ops.ckan_server import ORGANIZATION, Ckan, ckan, without_datastore

PACKAGE, PUBLIC = "chat-luong-phuc-vu", "https://example.org/chat-luong"
TIMES = 10
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
    _put(path, out.getvalue().encode())
    one["hash"] = "sha256:" + digest_of_file(path)
    _put(descriptor, json.dumps(told, ensure_ascii=False).encode())
    return path.stat().st_size


def _put(path: Path, content: bytes) -> None:
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


def first_one_killed(trial: Trial) -> None:
    """Nobody is told of a release before its tables are there; the first publication ends it."""
    show(trial, (trial.home / "portal" / "current").resolve())
    process, found = trial.command("mirror", "du_lieu_mo"), 0
    while process.poll() is None and found < 4:
        time.sleep(0.05)
        answer = httpx.get(
            f"{trial.server.address}/api/3/action/package_show", params={"id": PACKAGE}, timeout=60
        )
        found = len(answer.json()["result"]["resources"]) if answer.is_success else 0
    require(process.poll() is None, "it was killed before its end")
    process.kill()
    process.wait()
    require("cchc_release" not in trial.extras(), "no release is named")
    say("the first one is killed", f"{found} resources there", "no release named")


def ten_publications(trial: Trial) -> None:
    """Each is whole, with the first ids; the last one has the first one's bytes again."""
    first: dict[str, str] = {}
    paths = [trial.latest / "data" / "scores.csv", trial.latest / "datapackage.json"]
    kept = [path.read_bytes() for path in paths]
    for number in range(TIMES):
        for path, content in zip(paths, kept, strict=True):
            _put(path, content)
        if 0 < number < TIMES - 1:
            revise(trial.latest, "scores", one_percent(number))
        before, began = len(trial.writes()), time.monotonic()
        outcome = trial.bring()
        seconds = time.monotonic() - began
        require(outcome.state == "confirmed", str(outcome))
        rows, ids = require_equal(trial), trial.ids()
        first = first or ids
        require(ids == first, "the first resource ids")
        asked = len(trial.writes()) - before
        say(f"publication {number + 1}", f"{outcome.files} tables", f"{asked} writing calls",
            f"{seconds:.1f} s", f"{rows} rows equal")  # fmt: skip


def unchanged(trial: Trial) -> None:
    """Asked again, and with the journal lost."""
    before = trial.writes()
    require(trial.bring().state == "stands", "it stands")
    require(trial.writes() == before, "nothing was sent")
    require(trial.bring(journal="nhat-ky-khac").state == "confirmed", "it is found again")
    say("unchanged", "asked again: nothing sent", "journal lost: only the data set's own words",
        trial.writes()[len(before) :])  # fmt: skip
    require({*trial.writes()[len(before) :]} == {"package_patch"}, "no table was sent")


def another_shape(trial: Trial) -> None:
    """A column more at the end, then in the middle gone again: the table is made anew, same id."""
    ids = trial.ids()

    def act(rows: list[dict[str, str]]) -> None:
        for row in rows:
            row["thu"] = 'mẫu; "có" dấu, và\nxuống dòng'

    descriptor, data = trial.latest / "datapackage.json", trial.latest / "data" / "submissions.csv"
    old = descriptor.read_bytes(), data.read_bytes()
    revise(trial.latest, "submissions", act)
    told = json.loads(descriptor.read_bytes())
    one = next(r for r in told["resources"] if r["name"] == "submissions")
    one["schema"]["fields"].append({"name": "thu", "type": "string", "title": "Thử"})
    _put(descriptor, json.dumps(told, ensure_ascii=False).encode())
    for state in ("more", "fewer"):
        if state == "fewer":
            _put(descriptor, old[0])
            _put(data, old[1])
        require(trial.bring().state == "confirmed", f"a column {state}")
        require_equal(trial)
        require(trial.ids() == ids, "the first resource ids")
    say("another shape", "a column more, then gone again", "rows equal, ids stay")


def changed_by_hand(trial: Trial) -> None:
    """Somebody removes a row there: it is told, and mended by the next round."""
    some = next(i for url, i in trial.ids().items() if url.endswith("/units.csv"))
    trial.server.ask("datastore_delete", resource_id=some, filters={"unit_code": "H24"}, force=True)
    behind = trial.bring()
    require((behind.state, behind.fault) == ("behind", "not_whole"), str(behind))
    require(trial.bring().state == "confirmed", "mended")
    trial.server.ask("datastore_delete", resource_id=some, force=True)
    require(trial.bring().state == "behind", "no rows at all are seen")
    require(trial.bring().state == "confirmed", "mended")
    say(
        "a row, then all removed by hand", behind.line, f"mended, {require_equal(trial)} rows equal"
    )


def refused(trial: Trial) -> None:
    """A token that is none, and none at all."""
    name = token_name(trial.place)
    right = os.environ.pop(name)
    try:
        for token in ("", "sai"):
            os.environ[name] = token
            outcome = trial.bring(journal=f"nhat-ky-{token or 'khong'}")
            require((outcome.state, outcome.fault) == ("behind", "refused"), str(outcome))
            say("token wrong" if token else "no token", outcome.line)
    finally:
        os.environ[name] = right


def faults_on_the_way(trial: Trial) -> None:
    """Errors in the middle of a sending: told by their kind; the next round ends it."""
    for number, (name, kind, wrong) in enumerate(faults_between(trial), 1):
        revise(trial.latest, "scores", one_percent(number))
        old = trial.extras()["cchc_site"]
        with wrong as place:
            outcome = trial.bring(place=place)
        require(outcome.fault == kind, f"{name}: {outcome}")
        require(not kind or trial.extras()["cchc_site"] == old, "the data set names what was whole")
        require(trial.bring().state == ("confirmed" if kind else "stands"), "the next one ends it")
        say(name, outcome.state, outcome.line, f"then {require_equal(trial)} rows equal")


def done_by_hand(trial: Trial) -> None:
    """What people there change is told by `cchc mirror`, or mended at once; then all is ours."""
    ids = trial.ids()
    for name, act in deeds(trial):
        act()
        told = [trial.bring(), trial.bring(), trial.bring()]
        require("confirmed" in [one.state for one in told[:2]], f"{name}: {told}")
        require(told[2].state == "stands", f"{name}: {told[2]}")
        require(trial.ids() == ids, "the first resource ids")
        said = [f"{one.state} {one.line}".strip() for one in told]
        say(name, *said, f"{require_equal(trial)} rows equal")


def lacking(trial: Trial, program: Path) -> None:
    """An account without rights; a CKAN without its DataStore."""
    name = token_name(trial.place)
    with pytest.MonkeyPatch.context() as patch:
        revise(trial.latest, "scores", one_percent(77))
        patch.setenv(name, trial.server.stranger)
        outcome = trial.bring()
        require((outcome.state, outcome.fault) == ("behind", "refused"), str(outcome))
        say("a token without rights", outcome.line)
    with without_datastore(program, trial.server) as address:
        outcome = trial.bring(place=trial.place.model_copy(update={"shown_at": address}))
        require((outcome.state, outcome.fault) == ("behind", "no_datastore"), str(outcome))
        say("no DataStore", outcome.line)
    require(trial.bring().state == "confirmed", "then it follows")
    say("then", f"{require_equal(trial)} rows equal")


def killed(trial: Trial, site: Path, whole_tables: int) -> None:
    """`cchc mirror` is killed once some tables are whole; then the next one ends it."""
    old, release = trial.extras(), site.name.partition("-")[2]
    show(trial, site)
    states = {r["id"]: r["cchc_state"] for r in trial.package()["resources"]}
    process = trial.command("mirror", "du_lieu_mo")
    changed = 0
    while process.poll() is None and changed <= whole_tables:
        time.sleep(0.02)
        now = [(r["id"], r["cchc_state"]) for r in trial.package()["resources"]]
        changed = sum(states.get(i) != state for i, state in now)
    require(process.poll() is None, "it was killed before its end")
    process.kill()
    process.wait()
    require(trial.extras() == old, "the data set names the release before")
    require(trial.command("mirror", "du_lieu_mo").wait() == 0, "the next one ends it")
    require(trial.extras()["cchc_release"] == release, f"{release} is named")
    say(f"killed at table {changed}, to {release}", f"named {old['cchc_release']} until whole",
        f"then {require_equal(trial)} rows equal")  # fmt: skip


def all_retracted(trial: Trial) -> None:
    """No release is shown: no table stays; the next one has the ids that they had."""
    ids, index = trial.ids(), trial.home / "portal" / "current" / "index.json"
    old = index.read_bytes()
    for content in (json.dumps({**json.loads(old), "latest": None}).encode(), old):
        _put(index, content)
        require(trial.bring().state == "confirmed", "with and without a release")
        is_none = trial.extras()["cchc_release"] == "" and not trial.ids()
        require(is_none == (content != old), "no resource, and no release named")
    require(trial.ids() == ids, "the first resource ids")
    say(
        "all retracted",
        "no resource left",
        f"then the first ids, {require_equal(trial)} rows equal",
    )


def show(trial: Trial, site: Path) -> None:
    """The portal shows the site of another release, as after going back; the place is declared."""
    current = trial.home / "portal" / "current"
    current.unlink()
    current.symlink_to(f"sites/{site.name}")
    (trial.home / "places.yaml").write_text(json.dumps({"places": [entry(trial.server)]}))


def entry(server: Ckan) -> dict[str, Any]:
    """The place as an installation declares it."""
    title = {"vi": "Cổng dữ liệu mở", "en": "The open-data portal"}
    return {"name": "du_lieu_mo", "title": title, "kind": "ckan", "shown_at": server.address,
            "package": PACKAGE, "organization": ORGANIZATION, "required": True}  # fmt: skip


@contextmanager
def trial_of(program: Path, home: Path) -> Iterator[Trial]:
    """A copy of the home, beside a CKAN."""
    with TemporaryDirectory(prefix="cchc-ckan-") as folder:
        work = Path(folder)
        work.chmod(0o755)
        shutil.copytree(home, work / "home", symlinks=True)
        with ckan(program, work) as server:
            place = DeclaredPlace.model_validate(entry(server))
            os.environ[token_name(place)] = server.token
            yield Trial(work / "home", server, place)


def main() -> None:
    """Everything, in an order in which each thing leaves the place whole."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path)
    parser.add_argument("home", type=Path)
    parser.add_argument("--hold", type=float, default=0, help="seconds to look at it afterwards")
    given = parser.parse_args()
    with trial_of(given.program, given.home) as trial:
        sites = sorted((trial.home / "portal" / "sites").iterdir())
        first_one_killed(trial)
        ten_publications(trial)
        unchanged(trial)
        another_shape(trial)
        changed_by_hand(trial)
        refused(trial)
        faults_on_the_way(trial)
        done_by_hand(trial)
        lacking(trial, given.program)
        for tables in (0, 1, 3):
            for site in sites:
                killed(trial, site, tables)
        all_retracted(trial)
        say("all of it held")
        if given.hold:
            say(trial.server.address, f"for {given.hold} seconds")
            time.sleep(given.hold)


if __name__ == "__main__":
    main()
