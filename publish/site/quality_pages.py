"""The quality page, planned: what was checked, who did not report, what does not fit.

Belongs here: the rows that the page is made from. Does not: what it shows of them (``quality``),
words, HTML.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.indicators.dossier_statistics import ALL
from cchc_pipeline.reference import read_yaml
from publish.release import STATISTICS
from publish.site.extract import Extract, Figures
from publish.site.planned import Material, PlannedPage
from publish.site.quality import COURSE, RULES, by_name, quality_facts
from publish.site.quality_charts import held_chart, held_finding

QUALITY_PAGE = "chat-luong.html"
_WHOLE = ("corrections", "units", "metrics", "obs_status")


def quality_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PlannedPage]:
    """The one page on the quality of the release."""
    yield PlannedPage(QUALITY_PAGE, "quality.html", _extract(figures), quality_material)


def _extract(figures: Figures) -> Extract:
    period, scores = _newest_scores(figures)
    tables = {name: figures.whole(name) for name in _WHOLE}
    if RULES in figures.draft.tables:
        tables[RULES] = figures.whole(RULES)
    tables["submissions"] = figures.of_months("submissions", *figures.months[-COURSE:])
    tables["scores"] = scores.filter(
        pc.or_(pc.is_valid(scores["quality_flag"]), pc.is_valid(scores["difference"]))
    )
    tables[STATISTICS] = figures.part(STATISTICS, "field_code", ALL)
    return figures.extract(
        tables,
        months=[str(month) for month in figures.months],
        scored=period,
        published=scores.num_rows - scores["score"].null_count,
        statuses=_statuses(figures),
        files_left=_files_left(figures),
    )


def _files_left(figures: Figures) -> list[dict[str, Any]]:
    """What lay untaken in the inbox, of the months that the page looks back on; newest first."""
    shown = {str(month) for month in figures.months[-COURSE:]}
    left = [dict(row) for row in figures.draft.files_left if row["period"] in shown]
    return sorted(left, key=lambda row: row["period"], reverse=True)


def _newest_scores(figures: Figures) -> tuple[str, pa.Table]:
    """The newest month with a score, and its rows."""
    for month in reversed(figures.months):
        rows = figures.of_months("scores", month)
        if rows["score"].null_count < rows.num_rows:
            return str(month), rows
    return "", figures.whole("scores").slice(0, 0)


def _statuses(figures: Figures) -> Mapping[str, Mapping[str, int]]:
    """How many rows of each table have which observation status, over all periods."""
    return {
        name: _counts(table.column("obs_status"))
        for name, table in figures.draft.tables.items()
        if "obs_status" in table.column_names
    }


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    entries = column.value_counts().to_pylist()
    return dict(sorted((entry["values"], entry["counts"]) for entry in entries))


def quality_material(extract: Extract) -> Material:
    """What the template needs."""
    return Material(
        {
            "facts": quality_facts(extract),
            "gates": tuple(read_yaml("release/gates.yaml")["gates"]),
            "by_name": by_name,
            "held_chart": held_chart,
            "held_finding": held_finding,
        }
    )
