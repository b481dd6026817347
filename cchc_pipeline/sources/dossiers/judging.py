"""A month's parts judged together: accepted, quarantined, duplicate; every row exactly one of them.

Belongs here: units, contradictions, duplicates, and the account of rows. Does not: reading texts
(``staging``), words for units (``quarantine``), or counting (``indicators``).

The order is that of the counting rules: rows not received are set aside and no rule applies to
them; identical rows collapse; row rules; what is left of the duplicates. All of it is done by an
engine within its memory limit; Python sees distinct unit texts and sums.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Month
from cchc_pipeline.core.sql import literal
from cchc_pipeline.registers.units import UnitTexts
from cchc_pipeline.sources.dossiers.rules import contradictions, dossier_faults, warnings
from cchc_pipeline.sources.dossiers.staging import PART_VALUES, Kind
from cchc_pipeline.sources.dossiers.values import is_cell_error
from cchc_pipeline.storage.engine import Engine

_UNITS = pa.schema(
    [(name, pa.string()) for name in ("text", "unit_code", "moved_from", "succession")]
)


@dataclass(frozen=True)
class ExportPart:
    """One relation of the export, staged.

    ``name`` is how the engine calls its rows; ``file`` what units call it: the file's name, and the
    sheet if there are several.
    """

    name: str
    file: str
    kind: Kind


@dataclass(frozen=True)
class Account:
    """What became of the rows of one file and unit; ``unit_code`` is None where it is not known.

    ``is_sample`` as soon as one of the rows says that it is.
    """

    file: str
    unit_code: str | None
    rows: int
    accepted: int
    quarantined: int
    duplicates: int
    not_received: int
    is_sample: bool = False


@dataclass(frozen=True)
class Refused:
    """A quarantined row.

    Attributes:
        mask: Its faults.
        texts: The fields as they stand there.
        line: Why the line cannot be read.
        succession: What became of its unit, where that has ended.
    """

    file: str
    row: int
    unit_code: str | None
    dossier_code: str | None
    mask: int
    texts: Mapping[str, str | None]
    line: str | None = None
    succession: str | None = None


class Judgement:
    """The judged rows of a month, as relations of an engine.

    Args:
        engine: Has the staged parts; owned by the caller.
        parts: At least one, in the order of their numbers.
        month: The month of the export.
        units: Resolves the texts of units.
    """

    def __init__(
        self, engine: Engine, parts: Sequence[ExportPart], month: Month, units: UnitTexts
    ) -> None:
        self._engine, self._parts, self._month = engine, parts, month
        self._kinds = sorted({part.kind for part in parts}, key=lambda k: (-len(k), sorted(k)))
        self._make_staged()
        self._make_units(units)
        self._make_candidates()
        self._make_fates()

    def _make_staged(self) -> None:
        """The rows of all parts with their files; title, blank and total lines left out."""
        parts = (
            f"SELECT *, row_no AS row, {literal(part.file)} AS file,"
            f" {self._kinds.index(part.kind)} AS kind FROM {part.name} WHERE NOT skipped"
            for part in self._parts
        )
        self._engine.view("staged", " UNION ALL ".join(parts))

    def _make_units(self, units: UnitTexts) -> None:
        """The units of all texts; one that is not found is looked up as unknown."""
        texts = (
            "SELECT unit_text FROM staged WHERE unit_text IS NOT NULL"
            " UNION SELECT unit_name FROM staged WHERE unit_name IS NOT NULL"
        )
        told = ((text, units.holder(text)) for (text,) in self._engine.rows(texts))
        found = [(t, h.code, h.moved_from, h.succession) for t, h in told if h]
        rows = [dict(zip(_UNITS.names, row, strict=True)) for row in found]
        self._engine.put("units", pa.Table.from_pylist(rows, schema=_UNITS))

    def _make_candidates(self) -> None:
        """Every row with its unit, the mask of all its faults, and what it can be a duplicate by.

        The ``key`` is NULL, and equal to no other, where the line or the code could not be read.
        """
        bit = {name: 1 << fault.bit for name, fault in dossier_faults().items()}
        broken = " + ".join(
            f"CASE WHEN coalesce(NOT ({rule.kwargs['sql']}), false)"
            f" THEN {bit[rule.id.upper()]} ELSE 0 END"
            for rule in contradictions()
        )
        unit = (
            "CASE WHEN unit_text IS NULL THEN 0"
            f" WHEN unit_code IS NOT NULL THEN 0"
            f" WHEN succession IS NULL THEN {bit['UNIT_UNKNOWN']} ELSE {bit['UNIT_NOT_VALID']} END"
        )
        line, said = bit["LINE_UNREADABLE"], "texts.MaHoSo"
        code = f"coalesce(dossier_code, CASE WHEN NOT {is_cell_error(said)} THEN {said} END)"
        self._engine.view(
            "candidates",
            "SELECT *,"
            f" CASE WHEN not_received THEN 0 WHEN (faults & {line}) <> 0 THEN {line}"
            f" ELSE faults + {unit} + {broken} END AS mask,"
            f" CASE WHEN (faults & {line}) = 0 THEN {code} END AS key FROM ("
            " SELECT s.*, u.unit_code, u.moved_from, u.succession, n.unit_code AS named_unit,"
            f" {literal(str(self._month))} AS period,"
            " coalesce(s.status IN (1, 3), false) AS not_received"
            " FROM staged AS s LEFT JOIN units AS u ON s.unit_text = u.text"
            " LEFT JOIN units AS n ON s.unit_name = n.text)",
        )

    def _make_fates(self) -> None:
        """What becomes of rows that share a dossier code; of all others their mask decides."""
        contents = ", ".join(f"content_{number}" for number in range(len(self._kinds)))
        self._engine.table(
            "repeated",
            f"SELECT part, row, key, kind, mask, status, {contents},"
            " coalesce(unit_code, unit_text, '') AS unit,"
            " hash(received_at, received_timed, unit_code, procedure_code) AS signature,"
            " finished_at IS NOT NULL AS has_finish"
            " FROM candidates SEMI JOIN (SELECT key FROM candidates WHERE NOT not_received"
            " AND key IS NOT NULL GROUP BY key HAVING count(*) > 1) USING (key)"
            " WHERE NOT not_received",
        )
        self._engine.table(
            "identical",
            "SELECT part, row FROM (SELECT part, row, row_number() OVER (PARTITION BY key, unit,"
            f" kind, {self._content_of('kind')} ORDER BY part, row) AS place FROM repeated)"
            " WHERE place > 1",
        )
        self._collapse_across_kinds()
        self._settle_versions()

    def _content_of(self, kind: str, row: str = "") -> str:
        """What a row is compared by with a row of another kind."""
        cases = (f"WHEN {n} THEN {row}content_{n}" for n in range(len(self._kinds)))
        return f"CASE {kind} {' '.join(cases)} END"

    def _collapse_across_kinds(self) -> None:
        """A native and a flat row are compared in the fields that both have."""
        collapsed = "SELECT part, row FROM identical"
        if len(self._kinds) > 1:
            self._engine.view(
                "distinct_rows", "SELECT * FROM repeated ANTI JOIN identical USING (part, row)"
            )
            self._engine.table(
                "alike",
                "SELECT DISTINCT b.part, b.row FROM distinct_rows AS b JOIN distinct_rows AS a"
                " ON a.key = b.key AND a.unit = b.unit AND a.kind < b.kind"
                f" AND {self._content_of('b.kind', 'a.')} = {self._content_of('a.kind', 'b.')}",
            )
            collapsed += " UNION ALL SELECT part, row FROM alike"
        self._engine.view("collapsed", collapsed)

    def _settle_versions(self) -> None:
        """Of versions of one dossier the furthest stands; contradicting ones are quarantined."""
        self._engine.table(
            "fates",
            "WITH versions AS ("
            " SELECT *, CASE WHEN has_finish THEN 100 ELSE 0 END + status AS progress"
            " FROM repeated ANTI JOIN collapsed USING (part, row) WHERE mask = 0),"
            " compared AS (SELECT part, row, progress, key, count(*) OVER whole AS versions,"
            " max(progress) OVER whole AS furthest, min(signature) OVER whole AS one,"
            " max(signature) OVER whole AS other FROM versions WINDOW whole AS (PARTITION BY key)),"
            " judged AS (SELECT part, row, progress = furthest AS leads,"
            " one <> other OR sum(CAST(progress = furthest AS INTEGER)) OVER (PARTITION BY key) > 1"
            " AS contradict FROM compared WHERE versions > 1)"
            " SELECT part, row, 'duplicate' AS fate FROM collapsed UNION ALL"
            " SELECT part, row, CASE WHEN contradict THEN 'contradiction' ELSE 'duplicate' END"
            " FROM judged WHERE contradict OR NOT leads",
        )

    def accounts(self) -> tuple[Account, ...]:
        """The rows of each file and unit by what became of them.

        Raises:
            SourceError: A row has no fate, or two, or is a duplicate that could not be read.
        """
        found = self._engine.rows(
            "SELECT file, unit_code, count(*),"
            " count(*) FILTER (WHERE mask = 0 AND fate IS NULL),"
            " count(*) FILTER (WHERE fate = 'contradiction' OR (mask <> 0 AND fate IS NULL)),"
            " count(*) FILTER (WHERE fate = 'duplicate' AND key IS NOT NULL),"
            " count(*) FILTER (WHERE not_received), bool_or(is_sample)"
            " FROM candidates LEFT JOIN fates USING (part, row)"
            " GROUP BY file, unit_code ORDER BY file, unit_code"
        )
        accounts = tuple(Account(*row) for row in found)
        lines = self._engine.rows("SELECT file, count(*) FROM staged GROUP BY file")
        require_balanced(accounts, dict(lines))
        return accounts

    def moved(self) -> Sequence[tuple[str, str, int]]:
        """The accepted rows of a unit that has ended: its name, the successor's code, how many."""
        return tuple(
            self._engine.rows(
                "SELECT moved_from, unit_code, count(*)"
                " FROM candidates ANTI JOIN fates USING (part, row)"
                " WHERE mask = 0 AND moved_from IS NOT NULL GROUP BY ALL ORDER BY ALL"
            )
        )

    def write_accepted(self, path: Path) -> None:
        """Write the rows of ``dossiers`` as Parquet; those not received keep what is known."""
        types = load_contract("dossiers").sql_types()
        values = ", ".join(
            f"CAST({_accepted(name)} AS {held}) AS {name}" for name, held in types.items()
        )
        query = (
            f"SELECT part, {values} FROM candidates ANTI JOIN fates USING (part, row)"
            " WHERE mask = 0"
        )
        self._engine.write(query, [*types], ("part", "row"), path)

    def refused(self) -> Iterator[Refused]:
        """The quarantined rows, in the order of files and rows."""
        contradicting = 1 << dossier_faults()["CONTRADICTING_DUPLICATES"].bit
        found = self._engine.rows(
            "SELECT file, row, unit_code, coalesce(dossier_code, texts.MaHoSo),"
            f" CASE WHEN fate IS NULL THEN mask ELSE {contradicting} END, texts, unit_text,"
            " line_fault, succession"
            " FROM candidates LEFT JOIN fates USING (part, row)"
            " WHERE fate = 'contradiction' OR (mask <> 0 AND fate IS NULL) ORDER BY part, row"
        )
        return (_refused(row) for row in found)

    def warned(self) -> Mapping[str, int]:
        """How many accepted rows each warning holds for; those that hold for none are left out."""
        rules = warnings()
        counts = ", ".join(
            f"count(*) FILTER (WHERE coalesce(NOT ({sql}), false))" for sql in rules.values()
        )
        [found] = self._engine.rows(
            f"SELECT {counts} FROM candidates ANTI JOIN fates USING (part, row)"
            " WHERE mask = 0 AND NOT not_received"
        )
        return {rule: count for rule, count in zip(rules, found, strict=True) if count}


def _accepted(column: str) -> str:
    """A column of an accepted row; of one not received, only its unit, field and status."""
    if column == "field_code":
        return "coalesce(field_code, 'UNKNOWN')"
    if column in PART_VALUES and column != "status":
        return f"CASE WHEN not_received THEN NULL ELSE {column} END"
    return column


def _refused(row: tuple[Any, ...]) -> Refused:
    file, number, unit, code, mask, texts, unit_text, line, succession = row
    told = {**(texts or {}), "DonViXuLy": unit_text}
    return Refused(file, number, unit, code, mask, told, line, succession)


def require_balanced(accounts: Sequence[Account], lines: Mapping[str, int]) -> None:
    """Each row of each file has exactly one fate.

    Args:
        accounts: Of each file and unit.
        lines: How many rows each file has.

    Raises:
        SourceError: The sums of a file differ.
    """
    for file, count in lines.items():
        of_file = [account for account in accounts if account.file == file]
        fates = sum(one.accepted + one.quarantined + one.duplicates for one in of_file)
        if not count == fates == sum(account.rows for account in of_file):
            raise SourceError(
                f"{count} rows, but {fates} accepted, quarantined or duplicate", where=file,
                todo="report this fault of the program; nothing was counted",
            )  # fmt: skip
