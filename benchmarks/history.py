"""Years of releases: what 36 months with revisions in 12 of them cost, and what still answers.

Belongs here: an invented place (Z00) of many units, published month after month by the product's
own steps; sizes, seconds, every address that was ever shown asked for again over HTTP. Does not:
thresholds. Figures of a machine stand in ``benchmarks/README.md``.

    python -m benchmarks.history [--months 36] [--revised 12] [--units 130] [--fields 10]
"""

import argparse
import hashlib
import http.client
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.dossier_measures import MEASURE_NAMES
from cchc_pipeline.registers.units import UnitRegister
from cchc_pipeline.storage.lake import Lake, table_from_rows
from publish.model import STATISTICS, SUMS, ReleaseId
from publish.portal.links import below
from publish.portal.publication import build, publish
from publish.release.assemble import Ingredients, assemble
from publish.release.comparison import Terms
from publish.store.store import Portal
from tests.publish.small_release import (
    GROUPS,
    IDENTITY,
    METHODOLOGY,
    ROOT,
    THRESHOLD,
    Row,
    fill_lake,
    petition_rows,
    score_rows,
    snapshot_row,
    unit,
)
from tests.serving import served_portal

FIRST = Month(2024, 1)


@dataclass(frozen=True)
class Size:
    """How large the place and its history are."""

    months: int
    revised: int
    units: int
    fields: int


@dataclass
class Costs:
    """Seconds of each publication, in order, of the clock and of the processor; peak memory."""

    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    @property
    def peak(self) -> int:
        """The most memory that this process held, in MB."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def register(size: Size) -> UnitRegister:
    """The root and its agencies."""
    root = unit(ROOT, level="city", parent_code=None)
    return UnitRegister((root, *(unit(code) for code in codes(size))))


def codes(size: Size) -> list[str]:
    """The codes of the agencies."""
    return [f"{ROOT}.{number:03d}" for number in range(1, size.units + 1)]


def scores(size: Size, month: Month, changed: int) -> list[Row]:
    """Total and groups of every unit; a revised month differs in a few of them."""
    plain = [row for row in score_rows(month) if row["unit_code"] == ROOT]
    rows = []
    for number, code in enumerate([ROOT, *codes(size)]):
        points = (
            8.0 + (number + month.month) % 7 / 4 + (0.25 if number in range(1, changed + 1) else 0)
        )
        for row in plain:
            score = points * (len(GROUPS) if row["metric_code"] == "TOTAL" else 1)
            rows.append(row | {"unit_code": code, "score": score})
    return rows


def statistics(size: Size, month: Month, changed: int) -> list[Row]:
    """Dossiers of every unit by field, with few of them here and there."""
    chance = random.Random(f"{month}")  # noqa: S311 - sample data
    cells = {
        (code, f"LV{number:02d}"): chance.choice((0, 2, 7, 20, 60, 140))
        for code in codes(size)
        for number in range(size.fields)
    }
    for key in list(cells)[:changed]:
        cells[key] += 1
    sums: dict[tuple[str, str], int] = {}
    for (code, name), count in cells.items():
        for key in ((code, name), (code, "ALL"), (ROOT, name), (ROOT, "ALL")):
            sums[key] = sums.get(key, 0) + count
    measures = dict.fromkeys(MEASURE_NAMES, 0)
    return [
        {
            "period": str(month), "unit_code": code, "field_code": name, **measures,
            "received": count, "finished": count, "on_time": count, "received_direct": count,
            "obs_status": "A", "conf_status": "F", "release": None,
        }
        for (code, name), count in sums.items()
    ]  # fmt: skip


def fill(lake: Lake, size: Size, month: Month, changed: int = 0) -> None:
    """Put a month into the lake; ``changed`` units and cells differ from the first version."""
    digest = hashlib.sha256(f"{month} {changed}".encode()).hexdigest()
    fill_lake(
        lake, month, scores=scores(size, month, changed),
        petition_statistics=petitions(size, month),
        raw_portal=[snapshot_row(month, snapshot_id=digest[:16])],
        **{STATISTICS: statistics(size, month, changed)},
    )  # fmt: skip
    file = {
        "period": str(month), "delivery_id": digest[:16], "file": "ho-so.csv", "sha256": digest,
        "bytes": 1, "received_at": f"{month.next()}-05T03:00:00Z",
    }  # fmt: skip
    lake.write("raw_dossiers", month, table_from_rows(load_contract("raw_dossiers"), [file]))


def petitions(size: Size, month: Month) -> list[Row]:
    """Nobody handed in petitions."""
    (nobody, *_) = petition_rows(month)
    return [nobody | {"unit_code": code} for code in (ROOT, *codes(size))]


def history(size: Size) -> Iterator[tuple[Month, int]]:
    """Each publication: its month, and how many cells of an earlier one changed with it."""
    months = [FIRST]
    while len(months) < size.months:
        months.append(months[-1].next())
    due = {months[-1 - number * size.months // size.revised] for number in range(size.revised)}
    for number, month in enumerate(months):
        yield month, 0
        if month in due and number:
            yield months[number // 2], 3


def publish_all(place: Path, size: Size, costs: Costs) -> tuple[Portal, set[str], dict[Any, str]]:
    """Publish the whole history.

    Returns:
        The portal, every address that it ever showed, and each release's digest when it went out.
    """
    lake, portal = Lake(place / "lake", ROOT), Portal(place / "portal")
    ingredients = Ingredients(register(size), METHODOLOGY, IDENTITY, "benchmark", THRESHOLD)
    moment, addresses, digests = datetime(2027, 2, 10, 1, 30, tzinfo=UTC), set[str](), {}
    for number, (month, changed) in enumerate(history(size)):
        fill(lake, size, month, changed)
        began, busy = time.perf_counter(), time.process_time()
        draft = assemble(lake, portal, ingredients, moment + timedelta(hours=number))
        if draft is None:
            raise RuntimeError(f"{month}: nothing to publish")
        terms = Terms(production=False, threshold=THRESHOLD)
        built = build(draft, portal, draft.published_at, terms)
        out = publish(built, portal)
        costs.seconds.append(time.perf_counter() - began)
        costs.processor.append(time.process_time() - busy)
        digests[out.id] = out.digest
        addresses |= shown_addresses(portal)
        spent = f"{costs.seconds[-1]:.1f} s, {costs.processor[-1]:.1f} s of the processor"
        print(f"{out.id} {out.version} {spent}, {costs.peak} MB", file=sys.stderr)
    return portal, addresses, digests


def shown_addresses(portal: Portal) -> set[str]:
    """Every file that the current site answers, links followed."""
    site = portal.current.resolve()
    folders = [path for path in site.rglob("*") if path.is_symlink() and path.is_dir()]
    linked = {
        f"{folder.relative_to(site).as_posix()}/{name}"
        for folder in folders
        for name in below(folder.resolve())
    }
    return set(below(site)) - {f.relative_to(site).as_posix() for f in folders} | linked


def unanswered(portal: Portal, addresses: set[str]) -> list[str]:
    """The addresses that a real server does not answer any more."""
    with served_portal(portal.root.parent) as address:
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
        found = [path for path in sorted(addresses) if _status(connection, path) != 200]
        connection.close()
    return found


def _status(connection: http.client.HTTPConnection, path: str) -> int:
    connection.request("HEAD", f"/{path}")
    answer = connection.getresponse()
    answer.read()
    return answer.status


def changed_since(portal: Portal, digests: dict[ReleaseId, str]) -> list[str]:
    """The releases that are not byte for byte what they were when they went out."""
    return [
        str(release)
        for release, digest in digests.items()
        if hashlib.sha256((portal.release_folder(release) / SUMS).read_bytes()).hexdigest()
        != digest
        or not _is_intact(portal.release_folder(release))
    ]


def _is_intact(folder: Path) -> bool:
    lines = (folder / SUMS).read_text().splitlines()
    listed = (line.split("  ", 1) for line in lines)
    return all(
        hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        for digest, name in listed
    )


def size_of(folder: Path) -> float:
    """MB on the disk of what lies below a folder, links not followed, each file once."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    sizes = {(found := path.stat()).st_ino: found.st_size for path in paths}
    return sum(sizes.values()) / 1e6


def main(arguments: Sequence[str]) -> None:
    """Run it and print a table."""
    parser = argparse.ArgumentParser()
    for name, default in (("months", 36), ("revised", 12), ("units", 130), ("fields", 10)):
        parser.add_argument(f"--{name}", type=int, default=default)
    size, costs = Size(**vars(parser.parse_args(arguments))), Costs()
    with tempfile.TemporaryDirectory() as folder:
        portal, addresses, digests = publish_all(Path(folder), size, costs)
        lost, changed = unanswered(portal, addresses), changed_since(portal, digests)
        newest = portal.release_folder(list(digests)[-1])
        print(f"| releases | {len(digests)} ({size.months} months, {size.revised} revisions) |")
        print(f"| first, median, last | {_seconds(costs.seconds)} |")
        print(f"| the same of the processor | {_seconds(costs.processor)} |")
        print(f"| all | {sum(costs.seconds):.0f} s, peak {costs.peak} MB |")
        for name in ("store", "pages", "sites"):
            print(f"| {name} | {size_of(portal.root / name):.1f} MB |")
        print(f"| newest release | {size_of(newest):.1f} MB |")
        print(f"| addresses ever shown | {len(addresses)}, {len(lost)} unanswered {lost[:3]} |")
        print(f"| releases changed since they went out | {len(changed)} {changed[:3]} |")


def _seconds(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    return f"{seconds[0]:.1f}, {ordered[len(ordered) // 2]:.1f}, {seconds[-1]:.1f} s"


if __name__ == "__main__":
    main(sys.argv[1:])
