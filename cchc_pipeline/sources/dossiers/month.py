"""A month's export of dossiers, from archived files to accepted rows, quarantine and account.

Belongs here: the order of the steps, and what they leave behind. Does not: any step itself
(``readers``, ``staging``, ``judging``, ``quarantine``).

Everything between the archive and the results lies in a scratch folder of the raw zone, and is
gone when the month is read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.units import UnitTexts
from cchc_pipeline.sources.dossiers.judging import Account, ExportPart, Judgement
from cchc_pipeline.sources.dossiers.quarantine import absence_notes, given_columns, write_quarantine
from cchc_pipeline.sources.dossiers.rules import RECORD, UNKNOWN_UNIT
from cchc_pipeline.sources.dossiers.staging import kind_of, stage
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.sources.raw.deliveries import Delivery
from cchc_pipeline.sources.readers.reading import TextRelation, read_plain
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema
from cchc_pipeline.storage.duckdb_engine import Means
from cchc_pipeline.storage.engine import Engine


@dataclass(frozen=True)
class NamedFile:
    """A file to read: the name under which it was handed in, and where its bytes stand."""

    name: str
    path: Path


@dataclass(frozen=True)
class Results:
    """Where the results go: new files, to be put in place by the caller."""

    accepted: Path
    quarantine: Path
    codes: Path

    @classmethod
    def below(cls, folder: Path) -> "Results":
        """The three files in a folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        names = ("accepted", "quarantine", "codes")
        return cls(*(folder / f"{name}.parquet" for name in names))


@dataclass(frozen=True)
class DossierReading:
    """What became of an export.

    Attributes:
        accounts: Of each file and unit.
        given: By file, the optional columns of ``dossiers`` that it gives.
        warned: Accepted rows by the warning that holds for them.
        notes: One line each on what was not read, or read otherwise than it may seem.
    """

    accounts: tuple[Account, ...]
    given: Mapping[str, frozenset[str]]
    warned: Mapping[str, int]
    notes: tuple[str, ...]

    @property
    def provenance(self) -> str:
        """``sample`` as soon as one row says that it is."""
        return "sample" if any(account.is_sample for account in self.accounts) else "official"

    @property
    def rows(self) -> int:
        """Rows of the export, total lines and blank lines not counted."""
        return sum(account.rows for account in self.accounts)

    @property
    def quarantined(self) -> int:
        """Rows that were quarantined."""
        return sum(account.quarantined for account in self.accounts)


def files_of(delivery: Delivery, archive: RawArchive) -> tuple[NamedFile, ...]:
    """The files of a delivery as they stand in the archive."""
    return tuple(NamedFile(file.name, archive.path_of(file.sha256)) for file in delivery.files)


def read_dossiers(
    files: Sequence[NamedFile], units: UnitTexts, means: Means, results: Results
) -> DossierReading:
    """Read and judge an export, and write its accepted and quarantined rows.

    Args:
        files: All files of the export.
        units: The units of the month.
        means: Scratch folder, engine and memory limit.
        results: The files to write.

    Raises:
        SourceError: A file cannot be read, or none has a row.
    """
    with means.opened() as engine:
        relations = _relations(files, means.scratch, engine)
        parts = _stage(relations, engine)
        judged = Judgement(engine, parts, units.month, units)
        accounts = judged.accounts()
        if not accounts:
            raise SourceError(
                "no row below the headings",
                where=", ".join(file.name for file in files),
                todo="export the month again",
            )
        given = given_columns(parts)
        judged.write_accepted(results.accepted)
        write_quarantine(units.month, judged.refused(), results.quarantine, results.codes)
        return DossierReading(
            accounts,
            given,
            judged.warned(),
            (*_notes(relations), *_moves(judged, units), *absence_notes(accounts, given)),
        )


def _relations(files: Sequence[NamedFile], folder: Path, engine: Engine) -> list[TextRelation]:
    """Every table of every file; all files that cannot be read are told in one line."""
    upload, relations, problems = load_upload_schema(RECORD), [], []
    for file in files:
        try:
            relations += read_plain(file.name, file.path, upload, folder, engine.reader)
        except SourceError as problem:
            problems.append(problem)
    if len(problems) == 1:
        raise problems[0]
    if problems:
        line = " | ".join(str(problem) for problem in problems)
        raise SourceError(f"{len(problems)} files cannot be read: {line}", where=RECORD)
    return relations


def _stage(relations: Sequence[TextRelation], engine: Engine) -> list[ExportPart]:
    """Stage the parts; each relation knows of the kinds of all."""
    upload = load_upload_schema(RECORD)
    kinds = sorted({kind_of(r) for r in relations}, key=lambda kind: (-len(kind), sorted(kind)))
    parts = []
    for number, relation in enumerate(relations):
        name = stage(engine, relation, number, kinds, upload)
        parts.append(ExportPart(name, label(relation), kind_of(relation)))
    return parts


def label(relation: TextRelation) -> str:
    """What units call a relation: the file, and the sheet if it has several."""
    return f"{relation.file} [{relation.sheet}]" if relation.sheet else relation.file


def _notes(relations: Sequence[TextRelation]) -> Iterator[str]:
    for relation in relations:
        yield from (f"{label(relation)}: {note}" for note in relation.notes)
        if relation.dropped:
            names = ", ".join(f"{name!r:.40}" for name in relation.dropped[:20])
            yield f"{label(relation)}: columns not taken: {names}"


def _moves(judged: Judgement, units: UnitTexts) -> Iterator[str]:
    """Whose dossiers count for a successor."""
    for name, code, count in judged.moved():
        unit = units.register.find(code, units.month)
        yield f"{count} hồ sơ của {name} được tính cho {unit.name_vi if unit else code}"


def account_rows(month: Month, reading: DossierReading) -> list[dict[str, Any]]:
    """The accounts as ``dossier_accounts`` declares them."""
    return [
        {
            "period": str(month),
            "file": account.file,
            "unit": account.unit_code or UNKNOWN_UNIT,
            "provenance": "sample" if account.is_sample else "official",
            "rows": account.rows,
            "accepted": account.accepted,
            "quarantined": account.quarantined,
            "duplicates": account.duplicates,
            "not_received": account.not_received,
            "given": ";".join(sorted(reading.given[account.file])) or None,
        }
        for account in reading.accounts
    ]


def submission_rows(
    month: Month,
    root: str,
    units: Sequence[str],
    accounts: Sequence[Mapping[str, Any]],
    received_at: str | None,
) -> list[dict[str, Any]]:
    """Who handed in dossiers: the city's export as a whole, then each unit's part of it.

    Args:
        month: The month.
        root: The city.
        units: The units of the month below it; one without a row in the export is missing.
        accounts: Rows of ``dossier_accounts``; none if there was no export.
        received_at: When the last file came in; None if there was no export.
    """
    whole = _submission(month, root, accounts, received_at)
    parts = [
        _submission(month, unit, [row for row in accounts if row["unit"] == unit], received_at)
        for unit in units
    ]
    return [whole, *parts]


def _submission(
    month: Month, unit: str, accounts: Sequence[Mapping[str, Any]], received_at: str | None
) -> dict[str, Any]:
    sums = {
        name: sum(row[name] for row in accounts) if accounts else None
        for name in ("rows", "accepted", "quarantined", "duplicates")
    }
    return {
        "period": str(month),
        "unit_code": unit,
        "table": RECORD,
        "received_at": received_at if accounts else None,
        **sums,
        "status": "received" if accounts else "missing",
        "release": None,
    }
