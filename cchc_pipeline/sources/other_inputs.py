"""The month's smaller inputs: the procedure catalogue, petitions, agency forms.

Belongs here: from archived files to rows of the lake, with who handed in what. Does not: judging a
row (``procedures``, ``petitions``, ``agency_forms``), or dossiers, which are too many for Python.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from cchc_pipeline.engines.duckdb_engine import open_reader
from cchc_pipeline.errors import SourceError
from cchc_pipeline.period import Month
from cchc_pipeline.sources.agency_forms.forms import FormTerms, read_forms
from cchc_pipeline.sources.agency_forms.submissions import submission_rows
from cchc_pipeline.sources.archive import RawArchive
from cchc_pipeline.sources.deliveries import DeliveredFile, Delivery
from cchc_pipeline.sources.dossiers.month import Means, scratch_folder
from cchc_pipeline.sources.petitions import judge_petitions
from cchc_pipeline.sources.procedures import judge_procedures
from cchc_pipeline.sources.record_files.reading import read_plain
from cchc_pipeline.sources.record_files.record_form import load_form
from cchc_pipeline.sources.record_files.relation_rows import rows_of_relation
from cchc_pipeline.sources.record_rows import Judged, RecordRow
from cchc_pipeline.units import UnitRegister

Rows = list[dict[str, Any]]
SAMPLE_MARK = "DuLieuMau"


@dataclass(frozen=True)
class Reading:
    """Rows by the table that they are for, and one line for each file that was not read.

    A file that cannot be read counts as not handed in; it stops no month.
    """

    tables: Mapping[str, Rows]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Circumstances:
    """What every input of a month is read with."""

    month: Month
    root: str
    register: UnitRegister
    archive: RawArchive
    means: Means
    deliveries: Mapping[str, Delivery | None] = field(default_factory=dict)

    def files(self, record: str) -> Sequence[DeliveredFile]:
        """The files of a record's delivery; none if nothing came."""
        delivery = self.deliveries.get(record)
        return delivery.files if delivery else ()


def read_procedures(about: Circumstances) -> Reading:
    """The month's procedure catalogue."""
    rows, refused = _rows("procedures", about)
    judged = judge_procedures(rows)
    return Reading(
        {
            "procedure_catalogue": [p.as_row(about.month) for p in judged.accepted],
            "procedure_quarantine": _quarantine(judged, about.month),
            "submissions": [_account("procedures", judged, rows, about, refused)],
        },
        refused,
    )


def read_petitions(about: Circumstances) -> Reading:
    """The month's petitions."""
    rows, refused = _rows("petitions", about)
    judged = judge_petitions(rows, about.month, about.register, about.root)
    return Reading(
        {
            "petitions": [petition.as_row(about.month) for petition in judged.accepted],
            "petition_quarantine": _quarantine(judged, about.month),
            "submissions": [_account("petitions", judged, rows, about, refused)],
        },
        refused,
    )


def read_agency_forms(about: Circumstances) -> Reading:
    """The month's forms; one that cannot be read counts as not handed in, and is told."""
    terms = FormTerms(about.month, about.register, about.root)
    files = about.files("agency_forms")
    reading = read_forms([(file.name, about.archive.get(file.sha256)) for file in files], terms)
    received = {file.name: file.received_at for file in files}
    return Reading(
        {
            "agency_reports": [report.as_row() for report in reading.reports],
            "agency_quarantine": [q.as_row(str(about.month)) for q in reading.quarantined],
            "submissions": [
                {**row, "provenance": "published"}
                for row in submission_rows(reading, terms, received)
            ],
        },
        tuple(str(refusal) for refusal in reading.refused),
    )


def _rows(record: str, about: Circumstances) -> tuple[list[RecordRow], tuple[str, ...]]:
    """The rows of the files that can be read, and a line for each other one."""
    means = about.means
    rows: list[RecordRow] = []
    refused = []
    with (
        scratch_folder(means.scratch) as scratch,
        open_reader(means.memory_limit, scratch) as connection,
    ):
        for file in about.files(record):
            path = about.archive.path_of(file.sha256)
            try:
                rows += _rows_of_file(record, file.name, path, scratch, connection)
            except SourceError as error:
                refused.append(str(error))
    return rows, tuple(refused)


def _rows_of_file(
    record: str, name: str, path: Path, scratch: Path, connection: duckdb.DuckDBPyConnection
) -> list[RecordRow]:
    relations = read_plain(name, path, load_form(record), scratch, connection)
    return [row for relation in relations for row in rows_of_relation(relation, connection)]


def _quarantine(judged: Judged[Any], month: Month) -> Rows:
    return [entry.as_row(str(month)) for entry in judged.quarantined]


def _account(
    record: str,
    judged: Judged[Any],
    rows: Iterable[RecordRow],
    about: Circumstances,
    refused: Sequence[str],
) -> dict[str, Any]:
    """What the city handed in of a record; missing if no file came that can be read."""
    delivery = about.deliveries.get(record)
    if len(refused) == len(about.files(record)):
        delivery = None
    status = "partial" if refused else "received"
    is_sample = any(row.texts.get(SAMPLE_MARK) for row in rows)
    return {
        "period": str(about.month),
        "unit_code": about.root,
        "table": record,
        "received_at": delivery.received_at if delivery else None,
        "rows": judged.rows if delivery else None,
        "accepted": len(judged.accepted) if delivery else None,
        "quarantined": judged.quarantined_rows if delivery else None,
        "duplicates": judged.duplicates if delivery else None,
        "status": status if delivery else "missing",
        "provenance": "sample" if is_sample else "published",
    }
