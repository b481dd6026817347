"""The pages of years: what all of them cost, and what the next release costs after that.

Belongs here: an invented place (Z00) of many units with every metric, month after month, and its
pages made in full, after a further month, and after a correction of one unit. Does not: releases
(``benchmarks.history``) or thresholds. Figures of a machine stand in ``benchmarks/README.md``.

    python -m benchmarks.site [--months 36] [--units 130] [--fields 10] [--folder DIR]
"""

import argparse
import gzip
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.code_lists import indicator_rows, unit_rows
from cchc_pipeline.indicators.dossier_measures import MEASURE_NAMES
from cchc_pipeline.methodology import load_methodology
from cchc_pipeline.registers.units import Unit, UnitRegister
from publish.gates.site import pages_are_light, pages_hold_nothing_personal
from publish.model import Draft, ReleaseId
from publish.site.kept import PageCount, make_pages
from publish.site.page import imprint_of_draft
from publish.site.pages.releases import page_recipes
from tests.publish.small_release import (
    METHODOLOGY,
    ROOT,
    Row,
    monthly_rows,
    small_draft,
    small_tables,
    table,
    unit,
)

FIRST = Month(2024, 1)
AGENCIES = 15


@dataclass(frozen=True)
class Size:
    """How large the place and its history are."""

    months: int
    units: int
    fields: int

    @property
    def codes(self) -> list[str]:
        """The codes of the units, the root first."""
        return [ROOT, *(f"{ROOT}.{number:03d}" for number in range(1, self.units + 1))]


def months_of(count: int) -> tuple[Month, ...]:
    """So many months from the first."""
    months = [FIRST]
    while len(months) < count:
        months.append(months[-1].next())
    return tuple(months)


def scores(size: Size, month: Month) -> Iterable[Row]:
    """Every metric, group and total of every unit."""
    chance = random.Random(f"scores {month}")  # noqa: S311 - sample data
    method = load_methodology(METHODOLOGY)
    for code in size.codes:
        total = 0.0
        for group in method.groups:
            points = 0.0
            for metric in method.metrics_of(group.code):
                whole = chance.randint(50, 9000)
                part = int(whole * chance.uniform(0.4, 1.0))
                maximum = float(metric.max_score)
                score = round(maximum * part / whole, 2)
                points += score
                yield _score(month, code, metric.code, score, maximum, part, whole)
            total += points
            yield _score(month, code, group.code, round(points, 2), float(group.max_score))
        yield _score(month, code, "TOTAL", round(total, 2), 100.0)


def _score(month: Month, code: str, metric: str, score: float, maximum: float, *counts: int) -> Row:
    part, whole = counts or (None, None)
    return {
        "period": str(month), "basis": "month", "unit_code": code, "metric_code": metric,
        "score": score, "max_score": maximum, "numerator": part, "denominator": whole,
        "ratio": round(100 * part / whole, 2) if part is not None and whole else None,
        "rank": 1, "obs_status": "A", "quality_flag": None, "source_system": "dvcqg-2026",
        "methodology": METHODOLOGY, "captured_at": f"{month.next()}-05T03:00:00Z",
        "recomputed_score": None, "difference": None, "release": "2024-01.r1",
    }  # fmt: skip


def statistics(size: Size, month: Month) -> Iterable[Row]:
    """Dossiers of every unit, as a whole and by field."""
    chance = random.Random(f"dossiers {month}")  # noqa: S311 - sample data
    measures = dict.fromkeys(MEASURE_NAMES, 0)
    for code in size.codes:
        for field in ("ALL", *(f"LV{number:02d}" for number in range(size.fields))):
            count = chance.randint(5, 900)
            late = count // 12
            yield {
                "period": str(month), "unit_code": code, "field_code": field, **measures,
                "received": count, "finished": count, "early": count // 2, "late": late,
                "on_time": count - count // 2 - late, "received_direct": count,
                "obs_status": "A", "conf_status": "F", "release": "2024-01.r1",
            }  # fmt: skip


def submissions(size: Size, month: Month) -> Iterable[Row]:
    """Everybody handed in dossiers."""
    for code in size.codes:
        yield {
            "period": str(month), "unit_code": code, "table": "dossiers",
            "received_at": f"{month.next()}-05T03:00:00Z", "rows": 100, "accepted": 98,
            "quarantined": 1, "duplicates": 1, "status": "received", "release": "2024-01.r1",
        }  # fmt: skip


def draft_of(size: Size, months: Sequence[Month]) -> Draft:
    """The release of these months, not its files."""
    made: dict[str, list[pa.Table]] = {}
    for month in months:
        monthly = monthly_rows(month) if month.year == FIRST.year else {}
        rows: dict[str, Iterable[Row]] = {
            "scores": scores(size, month),
            "dossier_statistics": statistics(size, month),
            "submissions": submissions(size, month),
            **{name: monthly[name] for name in ("plan_indicators", "plan_tasks") if monthly},
        }
        for name, content in rows.items():
            made.setdefault(name, []).append(table(name, list(content)))
    tables = small_tables() | {name: pa.concat_tables(parts) for name, parts in made.items()}
    root = unit(ROOT, level="city", parent_code=None)
    register = UnitRegister((root, *(_unit(code, size) for code in size.codes[1:])))
    tables |= {
        "units": table("units", unit_rows(register)),
        "indicators": table("indicators", indicator_rows({FIRST.year})),
    }
    return small_draft(id=ReleaseId(months[-1], 1), periods=tuple(months), tables=tables)


def _unit(code: str, size: Size) -> Unit:
    """An agency, of which there are ``AGENCIES``, or a commune, with a name as long as theirs."""
    number = size.codes.index(code)
    if number <= AGENCIES:
        return unit(code, name_vi=f"Sở Nông nghiệp và Môi trường thử nghiệm {number}")
    return unit(code, level="commune", name_vi=f"Ủy ban nhân dân phường thử nghiệm {number}")


def corrected(draft: Draft) -> Draft:
    """The next release, in which one unit's newest total differs."""
    content = draft.tables["scores"]
    rows = content.to_pylist()
    rows[-1]["score"] = rows[-1]["score"] - 0.5
    tables = {**draft.tables, "scores": table("scores", rows)}
    return replace(draft, id=ReleaseId(draft.id.month, draft.id.number + 1), tables=tables)


def timed(draft: Draft, folder: Path, before: Path | None) -> tuple[float, PageCount]:
    """Seconds to make the pages of a release, and how many were rendered."""
    began = time.perf_counter()
    count = make_pages(folder, page_recipes(draft, {**_DESCRIPTOR, "release": str(draft.id)}),
                       imprint_of_draft(draft), before)  # fmt: skip
    return time.perf_counter() - began, count


_DESCRIPTOR: dict[str, Any] = {
    "title": "Mẫu", "description": "Mẫu", "id": "mau", "version": "1.0.0", "keywords": [],
    "created": "2027-01-10T01:30:00Z", "licenses": [{"path": "LICENSE.md"}], "languages": ["vi"],
    "temporalCoverage": "2024-01/2026-12", "spatialCoverage": "VN-HP", "sources": [],
    "resources": [],
}  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    """Run it and print a table."""
    parser = argparse.ArgumentParser()
    for name, default in (("months", 36), ("units", 130), ("fields", 10)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--folder", type=Path, help="keep the pages of the first release there")
    given = vars(parser.parse_args(arguments))
    kept = given.pop("folder")
    size = Size(**given)
    months = months_of(size.months + 1)
    if kept:
        print(timed(draft_of(size, months[:-1]), kept, None))
        return
    first, later = draft_of(size, months[:-1]), draft_of(size, months)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, draft, before in (
            ("full", first, None), ("a further month", later, "full"),
            ("one unit corrected", corrected(later), "a further month"),
        ):  # fmt: skip
            seconds, count = timed(draft, folder / name, folder / before if before else None)
            print(f"| {name} | {seconds:.1f} s | {count.rendered} rendered, {count.kept} linked |")
        whole = folder / "full"
        print(f"| files | {sum(1 for _ in whole.rglob('*'))}, {_megabytes(whole):.1f} MB |")
        print(f"| heaviest page | {_heaviest(whole)} |")
        began = time.perf_counter()
        faults = [*pages_are_light(whole), *pages_hold_nothing_personal(whole)]
        print(
            f"| checks of weight and privacy | {time.perf_counter() - began:.1f} s {faults[:2]} |"
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"| peak of memory | {peak} MB |")


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _heaviest(folder: Path) -> str:
    weights = {path: len(gzip.compress(path.read_bytes())) for path in folder.rglob("*.html")}
    path = max(weights, key=lambda path: weights[path])
    return f"{path.relative_to(folder)}, {weights[path] / 1000:.1f} kB compressed"


if __name__ == "__main__":
    main(sys.argv[1:])
