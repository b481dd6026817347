"""A trial reading of files, before they are handed in: what would be refused, and why.

Belongs here: reading an export in a folder of its own, and telling what came of it. Does not: the
reading itself (``dossiers.month``), or printing.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cchc_pipeline.errors import UsageError
from cchc_pipeline.period import Month
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.dossiers.month import (
    RECORD,
    DossierReading,
    Means,
    NamedFile,
    Results,
    read_dossiers,
)
from cchc_pipeline.sources.dossiers.quarantine import sheet_rows
from cchc_pipeline.sources.unit_texts import UnitTexts
from cchc_pipeline.units import UnitRegister


@dataclass(frozen=True)
class Refusal:
    """A fault of a row, as its unit is told of it."""

    file: str
    row: int
    rule: str
    column: str
    message: str
    expected: str

    def line(self) -> str:
        """The fault in one line."""
        return f"{self.file}, dòng {self.row}: {self.message} Cần có: {self.expected}"


@dataclass(frozen=True)
class Trial:
    """What came of a trial reading; ``duplicates`` are counted once, and no fault."""

    table: str
    month: Month
    rows: int
    accepted: int
    quarantined: int
    duplicates: int
    notes: tuple[str, ...]
    refusals: tuple[Refusal, ...]

    def lines(self, shown: int) -> Iterator[str]:
        """The account, the rules broken, and the first of the refused rows."""
        yield (
            f"{self.table} {self.month}: {self.rows} dòng = {self.accepted} dùng được"
            f" + {self.quarantined} bị cách ly + {self.duplicates} trùng"
        )
        yield from self.notes
        for rule, count in Counter(refusal.rule for refusal in self.refusals).most_common():
            yield f"{count:>8} {rule}"
        yield from (refusal.line() for refusal in self.refusals[:shown])
        if len(self.refusals) > shown:
            yield f"và {len(self.refusals) - shown} lỗi khác"

    def as_dict(self) -> dict[str, Any]:
        """The outcome for scripts."""
        return {
            **vars(self),
            "month": str(self.month),
            "refusals": [vars(refusal) for refusal in self.refusals],
        }


def trial(
    files: Sequence[Path],
    table: str | None,
    month: Month,
    register: UnitRegister,
    settings: Settings,
) -> Trial:
    """Read files as one export of a month, and keep nothing.

    Args:
        files: The files, anywhere.
        table: What they hold; their names say it if None.
        month: The month.
        register: The units in time.
        settings: Root and limits.

    Raises:
        UsageError: A file is not there, or nobody says what the files hold.
        SourceError: A file cannot be read.
    """
    for file in files:
        if not file.is_file():
            raise UsageError("no such file", where=str(file), todo="check the name")
    _require_dossiers(files, table)
    with tempfile.TemporaryDirectory(prefix="cchc-") as folder:
        results = Results.below(Path(folder) / "results")
        reading = read_dossiers(
            [NamedFile(file.name, file) for file in files],
            UnitTexts(register, settings.root_unit, month),
            Means(
                Path(folder) / "scratch",
                settings.memory_limit,
                settings.engine,
                settings.spark_master,
            ),
            results,
        )
        return _outcome(month, reading, results)


def _require_dossiers(files: Sequence[Path], table: str | None) -> None:
    if table not in (None, RECORD):
        raise UsageError(f"no table {table!r}", where="--table", todo=f"use {RECORD}")


def _outcome(month: Month, reading: DossierReading, results: Results) -> Trial:
    refusals = (
        Refusal(r["file"], r["row"], r["rule"], r["column"], r["message_vi"], r["expected_vi"])
        for r in sheet_rows(results.quarantine, results.codes)
    )
    warned = tuple(f"{rule}: {count}" for rule, count in reading.warned.items() if count)
    sums = {
        name: sum(getattr(account, name) for account in reading.accounts)
        for name in ("rows", "accepted", "quarantined", "duplicates")
    }
    return Trial(RECORD, month, **sums, notes=(*reading.notes, *warned), refusals=tuple(refusals))
