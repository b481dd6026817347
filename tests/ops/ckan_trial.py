"""CKAN tried in full, by hand: ten publications, cuts, going back, what a small change costs.

Belongs here: what is done to a real CKAN (``ckan_server``), and that it then shows what it must, by
a reading of its own. Does not: pure mappings (``tests.publish.places.test_ckan_tables``). Run as
``python -m tests.ops.ckan_trial CKAN HOME``: the program ``ckan`` in its own environment, and a
home that has published at least twice.
"""

import argparse
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from publish.places.declared import DeclaredPlace, token_name
from tests.ops.ckan_faults import done_by_hand, faults_on_the_way, lacking
from tests.ops.ckan_reading import (
    PACKAGE,
    Trial,
    one_percent,
    put,
    require,
    require_equal,
    revise,
    say,
)
from tests.ops.ckan_server import ORGANIZATION, Ckan, ckan

TIMES = 10


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
            put(path, content)
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
    put(descriptor, json.dumps(told, ensure_ascii=False).encode())
    for state in ("more", "fewer"):
        if state == "fewer":
            put(descriptor, old[0])
            put(data, old[1])
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
        put(index, content)
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
