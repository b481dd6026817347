"""A trial reading of files, before they are handed in: what would be refused, and why.

Belongs here: reading an export of dossiers in a folder of its own, and telling what came of any
input. Does not: the other kinds of input (``trial_kinds``), the reading itself
(``dossiers.month``), or printing.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cchc_pipeline.contracts import Language, load_code_list
from cchc_pipeline.core.masking import visible
from cchc_pipeline.core.period import Month
from cchc_pipeline.core.wording import worded
from cchc_pipeline.registers.units import UnitRegister, UnitTexts
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.dossiers.month import DossierReading, NamedFile, Results, read_dossiers
from cchc_pipeline.sources.dossiers.quarantine import sheet_rows
from cchc_pipeline.sources.dossiers.rules import RECORD
from cchc_pipeline.sources.inbox.files import kind_title
from cchc_pipeline.storage.duckdb_engine import Means

NOT_TAKEN = "not_taken"
"""In place of a kind: the files that a run would not take."""


@dataclass(frozen=True)
class TrialRefusal:
    """A fault of a row, as its unit is told of it."""

    file: str
    row: int
    rule: str
    column: str
    message: str
    expected: str

    def line(self) -> str:
        """The fault in one line."""
        place = f"{visible(self.file, 120)}, dòng {self.row}: " if self.file else ""
        expected = f" Cần có: {self.expected}" if self.expected else ""
        return f"{place}{self.message}{expected}"


@dataclass(frozen=True)
class Trial:
    """What came of a trial reading; ``duplicates`` are counted once, and no fault.

    Attributes:
        table: The kind of input that was read: a record, ``scores``, or a list.
        month: The month; None of a list.
        files: The files that were read together.
        stops: Why a run of the month would stop for its rows; empty if it would not.
        problem: Why nothing was read; empty if something was.
    """

    table: str
    month: Month | None
    rows: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicates: int = 0
    notes: tuple[str, ...] = ()
    refusals: tuple[TrialRefusal, ...] = ()
    files: tuple[str, ...] = ()
    stops: str = ""
    problem: str = ""

    @property
    def is_refused(self) -> bool:
        """Whether anything would be refused."""
        return bool(self.quarantined or self.refusals or self.problem)

    def lines(self, shown: int, language: Language = "en") -> Iterator[str]:
        """The account, the rules broken, and the first of the refused rows.

        Args:
            shown: How many refused rows are told.
            language: Officers are told what a kind and a rule are called, engineers their codes.
        """
        names = _rule_names() if language == "vi" else {}
        kind = _kind_name(self.table) if language == "vi" else self.table
        name = " ".join(map(str, filter(None, (kind, self.month))))
        if self.problem:
            yield f"{name}: {self.problem}"
            yield from self.notes
            return
        yield (
            f"{name}: {self.rows} dòng = {self.accepted} dùng được"
            f" + {self.quarantined} bị tạm giữ + {self.duplicates} trùng"
        )
        if self.stops:
            yield self.stops
        yield from self.notes
        for rule, count in Counter(refusal.rule for refusal in self.refusals).most_common():
            yield f"{count:>8} {names.get(rule, rule)}"
        yield from (refusal.line() for refusal in self.refusals[:shown])
        if len(self.refusals) > shown:
            yield f"và {len(self.refusals) - shown} lỗi khác"

    def as_dict(self) -> dict[str, Any]:
        """The outcome for scripts."""
        return {
            **vars(self),
            "month": str(self.month) if self.month else None,
            "refusals": [vars(refusal) for refusal in self.refusals],
        }


def _kind_name(kind: str) -> str:
    """What a kind of input is called; of files that are none it is said that nothing is taken."""
    return worded("not taken", "vi") if kind == NOT_TAKEN else kind_title(kind).vi


def _rule_names() -> dict[str, str]:
    return {code.code: code.name.vi for code in load_code_list("quarantine_rules").codes}


def try_dossiers(
    files: Sequence[NamedFile], month: Month, register: UnitRegister, settings: Settings
) -> Trial:
    """Read files as one export of a month, and keep nothing.

    Args:
        files: The files, anywhere, under names that tell their formats.
        month: The month.
        register: The units in time.
        settings: Root and limits.

    Raises:
        SourceError: A file cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="cchc-") as folder:
        results = Results.below(Path(folder) / "results")
        reading = read_dossiers(
            files,
            UnitTexts(register, settings.root_unit, month),
            means_in(Path(folder), settings),
            results,
        )
        outcome = _outcome(month, reading, results)
    return replace(outcome, stops=limit_broken(outcome.rows, outcome.quarantined, settings))


def means_in(folder: Path, settings: Settings) -> Means:
    """What files are read with, below a folder of the trial."""
    return Means(folder / "scratch", settings.memory_limit, settings.engine, settings.spark_master)


def limit_broken(rows: int, quarantined: int, settings: Settings) -> str:
    """What is said where more rows are set aside than a month may have; else nothing."""
    limit = settings.quarantine_limit
    if quarantined <= limit * rows:
        return ""
    share = f"{quarantined / rows:.2%}".replace(".", ",")
    most = f"{limit:.2%}".replace(".", ",")
    return f"Quá mức cho phép: {share} số dòng bị tạm giữ (tối đa {most}); lần chạy của kỳ sẽ dừng"


def _outcome(month: Month, reading: DossierReading, results: Results) -> Trial:
    refusals = (
        TrialRefusal(r["file"], r["row"], r["rule"], r["column"], r["message_vi"], r["expected_vi"])
        for r in sheet_rows(results.quarantine, results.codes)
    )
    warned = tuple(f"{rule}: {count}" for rule, count in reading.warned.items() if count)
    sums = {
        name: sum(getattr(account, name) for account in reading.accounts)
        for name in ("rows", "accepted", "quarantined", "duplicates")
    }
    return Trial(RECORD, month, **sums, notes=(*reading.notes, *warned), refusals=tuple(refusals))
