"""Released rows for the tests of papers, and papers read back from their DOCX.

Belongs here: rows of a place that does not exist (H24 with units ``H24.Tnn``), as a release has
them; numbers and texts of a DOCX. Does not: assertions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

from docx import Document

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.code_lists import indicator_rows, metric_rows
from cchc_pipeline.indicators.dossier_measures import MEASURE_NAMES
from cchc_pipeline.plan import plan_of
from cchc_pipeline.reports.document import Paper
from cchc_pipeline.reports.released import Released
from cchc_pipeline.reports.report import Writer
from cchc_pipeline.reports.word_file import to_docx

Row = dict[str, Any]
ROOT, RELEASE = "H24", "2024-03.r1"
JANUARY, FEBRUARY, MARCH = (Month(2024, number) for number in (1, 2, 3))
WRITER = Writer(ROOT, "Văn phòng Ủy ban nhân dân thành phố Hải Phòng")
GROUPS = {
    "CKMB": 18.0, "TDGQ": 20.0, "CLGQ": 12.0, "TTTT": 10.0, "MDHL": 18.0, "MDSH": 22.0,
}  # fmt: skip
PLAN = plan_of(ROOT, 2024)


def unit(code: str, level: str = "commune", **other: Any) -> Row:
    """A unit; the root is the city."""
    values = {
        "unit_code": code, "name_vi": f"Xã thử {code}", "name_en": code, "level": level,
        "parent_code": ROOT, "valid_from": date(2024, 1, 1), "valid_to": None,
        "provenance": "official", "basis": "Danh mục thử",
    }  # fmt: skip
    return values | other


CITY = unit(ROOT, "city", name_vi="UBND thành phố thử")


def scores(code: str, month: Month, part: float | None, **other: Any) -> list[Row]:
    """A unit's total and groups, each group with ``part`` of its maximum; None: nothing came."""
    values = {metric: None if part is None else round(top * part, 2)
              for metric, top in GROUPS.items()}  # fmt: skip
    total = None if part is None else round(sum(value or 0 for value in values.values()), 2)
    status = "O" if part is None else "A"
    return [
        {
            "period": str(month), "basis": "month", "unit_code": code, "metric_code": metric,
            "score": score, "max_score": 100.0 if metric == "TOTAL" else GROUPS[metric],
            "numerator": None, "denominator": None,
            "ratio": None if part is None else round(part * 100, 2), "rank": None,
            "obs_status": status, "quality_flag": None, "source_system": "dvcqg-2026",
            "methodology": "766-2026", "captured_at": None, "recomputed_score": None,
            "difference": None, "provenance": "official", "release": RELEASE,
        } | other
        for metric, score in {"TOTAL": total, **values}.items()
    ]  # fmt: skip


def dossiers(code: str, month: Month, **counts: Any) -> Row:
    """A unit's counts of a month, those that are not given 0."""
    of_release = {"obs_status": "A", "conf_status": "F", "provenance": "official",
                  "release": RELEASE, "source": "dossiers"}  # fmt: skip
    place = {"period": str(month), "unit_code": code, "field_code": "ALL"}
    return place | dict.fromkeys(MEASURE_NAMES, 0) | of_release | counts


def no_dossiers(code: str, month: Month, status: str = "O") -> Row:
    """A unit of which nothing came, or is shown."""
    return dossiers(code, month) | dict.fromkeys(MEASURE_NAMES) | {"obs_status": status}


def target(code: str, basis: str, value: float | None, **other: Any) -> Row:
    """A target of the plan in March."""
    assert PLAN is not None
    declared = PLAN.target(code)
    values = {
        "period": str(MARCH), "unit_code": ROOT, "indicator_id": code, "basis": basis,
        "numerator": None, "denominator": None, "value": value,
        "comparator": declared.comparator.code, "target": float(declared.target),
        "attained": None, "required_run_rate": None, "obs_status": "O" if value is None else "A",
        "owed_by": "; ".join(declared.owed_by) if value is None else None,
        "provenance": "official", "release": RELEASE,
    }  # fmt: skip
    return values | other


def released(*, months: Iterable[Month] = (MARCH,), **tables: Iterable[Row]) -> Released:
    """A release of these rows, with the code lists."""
    lists = {"metrics": metric_rows("766-2026"), "indicators": indicator_rows([2024])}
    rows: Mapping[str, list[Row]] = {
        name: list(part) for name, part in ({"units": [CITY]} | lists | tables).items()
    }
    return Released(RELEASE, "2024-04-12T01:30:00Z", ROOT, tuple(months), rows)


def submission(code: str, table: str, status: str, month: Month = MARCH) -> Row:
    """What came of a source."""
    counts = dict.fromkeys(("rows", "accepted", "quarantined", "duplicates"),
                           0 if status == "received" else None)  # fmt: skip
    columns = {field.name: None for field in load_contract("submissions").fields}
    return columns | counts | {
        "period": str(month), "unit_code": code, "table": table, "status": status,
        "provenance": "official", "release": RELEASE,
    }  # fmt: skip


@dataclass(frozen=True)
class ReadBack:
    """What a DOCX says: its paragraphs, and its tables cell by cell."""

    lines: tuple[str, ...]
    tables: tuple[tuple[tuple[str, ...], ...], ...]
    running: str

    @property
    def text(self) -> str:
        """All paragraphs."""
        return "\n".join(self.lines)

    def table(self, heading: str) -> tuple[tuple[str, ...], ...]:
        """The rows of the first table that has a column of this heading, without the headings."""
        return next(rows[1:] for rows in self.tables if heading in rows[0])


def read_back(paper: Paper) -> ReadBack:
    """The paper as its DOCX has it; a blank that does not break is a blank."""
    file = Document(BytesIO(to_docx(paper)))
    clean = lambda text: text.replace("\u00a0", " ")  # noqa: E731 - of three places
    heads = [part for s in file.sections for part in (s.header, s.first_page_header)]
    return ReadBack(
        tuple(clean(line.text) for line in file.paragraphs),
        tuple(
            tuple(tuple(clean(cell.text) for cell in row.cells) for row in table.rows)
            for table in file.tables
        ),
        "\n".join(line.text for head in heads for line in head.paragraphs),
    )


def number(text: str) -> float:
    """A Vietnamese number: ``1.234,50``."""
    return float(text.split(maxsplit=1)[0].replace(".", "").replace(",", ".").replace("−", "-"))
