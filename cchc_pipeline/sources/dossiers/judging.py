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
from cchc_pipeline.engines.protocol import Engine
from cchc_pipeline.period import Month
from cchc_pipeline.sources.dossiers.rules import contradictions, dossier_faults, warnings
from cchc_pipeline.sources.dossiers.staging import PART_VALUES, Kind
from cchc_pipeline.sources.dossiers.values import quoted
from cchc_pipeline.sources.unit_texts import UnitTexts

_SQL_TYPES = {
    "string": "VARCHAR", "yearmonth": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE",
    "boolean": "BOOLEAN", "local_datetime": "TIMESTAMP",
}  # fmt: skip
_UNITS = pa.schema([("text", pa.string()), ("unit_code", pa.string()), ("unit_ended", pa.bool_())])


@dataclass(frozen=True)
class Part:
    """One relation of the export, staged.

    ``name`` is how the engine calls its rows; ``file`` what units call it: the file's name, and the
    sheet if there are several.
    """

    name: str
    file: str
    kind: Kind


@dataclass(frozen=True)
class Account:
    """What became of the rows of one file and unit; ``unit_code`` is None where it is not known."""

    file: str
    unit_code: str | None
    rows: int
    accepted: int
    quarantined: int
    duplicates: int
    not_received: int


@dataclass(frozen=True)
class Refused:
    """A quarantined row; ``mask`` tells the faults, ``texts`` the fields as they stand there."""

    file: str
    row: int
    unit_code: str | None
    dossier_code: str | None
    mask: int
    texts: Mapping[str, str | None]


class Judgement:
    """The judged rows of a month, as relations of an engine.

    Args:
        engine: Has the staged parts; owned by the caller.
        parts: At least one, in the order of their numbers.
        month: The month of the export.
        units: Resolves the texts of units.
    """

    def __init__(
        self, engine: Engine, parts: Sequence[Part], month: Month, units: UnitTexts
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
            f"SELECT *, row_no AS row, {quoted(part.file)} AS file,"
            f" {self._kinds.index(part.kind)} AS kind FROM {part.name} WHERE NOT skipped"
            for part in self._parts
        )
        self._engine.view("staged", " UNION ALL ".join(parts))

    def _make_units(self, units: UnitTexts) -> None:
        """The codes of all unit texts; one that is not found is looked up as unknown."""
        texts = "SELECT DISTINCT unit_text FROM staged WHERE unit_text IS NOT NULL"
        told = ((text, units.resolve(text)) for (text,) in self._engine.rows(texts))
        resolved = [(text, unit.code, unit.ended) for text, unit in told if unit]
        rows = [dict(zip(_UNITS.names, row, strict=True)) for row in resolved]
        self._engine.put("units", pa.Table.from_pylist(rows, schema=_UNITS))

    def _make_candidates(self) -> None:
        """Every row with its unit and the mask of all its faults."""
        bit = {name: 1 << fault.bit for name, fault in dossier_faults().items()}
        broken = " + ".join(
            f"CASE WHEN coalesce(NOT ({rule.kwargs['sql']}), false)"
            f" THEN {bit[rule.id.upper()]} ELSE 0 END"
            for rule in contradictions()
        )
        unit = (
            "CASE WHEN unit_text IS NULL THEN 0"
            f" WHEN unit_code IS NULL THEN {bit['UNIT_UNKNOWN']}"
            f" WHEN unit_ended THEN {bit['UNIT_NOT_VALID']} ELSE 0 END"
        )
        line = bit["LINE_UNREADABLE"]
        self._engine.view(
            "candidates",
            "SELECT *,"
            f" CASE WHEN not_received THEN 0 WHEN (faults & {line}) <> 0 THEN {line}"
            f" ELSE faults + {unit} + {broken} END AS mask,"
            " coalesce(dossier_code, texts.MaHoSo, '') AS key FROM ("
            " SELECT s.*, u.unit_code, coalesce(u.unit_ended, false) AS unit_ended,"
            f" {quoted(str(self._month))} AS period,"
            " coalesce(s.status IN (1, 3), false) AS not_received"
            " FROM staged AS s LEFT JOIN units AS u ON s.unit_text = u.text)",
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
            " GROUP BY key HAVING count(*) > 1) USING (key) WHERE NOT not_received",
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
        """The rows of each file and unit by what became of them."""
        found = self._engine.rows(
            "SELECT file, unit, count(*),"
            " count(*) FILTER (WHERE mask = 0 AND fate IS NULL),"
            " count(*) FILTER (WHERE fate = 'contradiction' OR (mask <> 0 AND fate IS NULL)),"
            " count(*) FILTER (WHERE fate = 'duplicate'), count(*) FILTER (WHERE not_received)"
            " FROM (SELECT file, CASE WHEN unit_ended THEN NULL ELSE unit_code END AS unit, mask,"
            " fate, not_received FROM candidates LEFT JOIN fates USING (part, row))"
            " GROUP BY file, unit ORDER BY file, unit"
        )
        return tuple(Account(*row) for row in found)

    def write_accepted(self, path: Path) -> None:
        """Write the rows of ``dossiers`` as Parquet; those not received keep what is known."""
        fields = load_contract("dossiers").fields
        values = ", ".join(
            f"CAST({_accepted(field.name)} AS {_SQL_TYPES[field.type]}) AS {field.name}"
            for field in fields
        )
        query = (
            f"SELECT part, {values} FROM candidates ANTI JOIN fates USING (part, row)"
            " WHERE mask = 0"
        )
        self._engine.write(query, [field.name for field in fields], ("part", "row"), path)

    def refused(self) -> Iterator[Refused]:
        """The quarantined rows, in the order of files and rows."""
        contradicting = 1 << dossier_faults()["CONTRADICTING_DUPLICATES"].bit
        found = self._engine.rows(
            "SELECT file, row, CASE WHEN unit_ended THEN NULL ELSE unit_code END,"
            " coalesce(dossier_code, texts.MaHoSo),"
            f" CASE WHEN fate IS NULL THEN mask ELSE {contradicting} END, texts, unit_text"
            " FROM candidates LEFT JOIN fates USING (part, row)"
            " WHERE fate = 'contradiction' OR (mask <> 0 AND fate IS NULL) ORDER BY part, row"
        )
        return (_refused(row) for row in found)

    def warned(self) -> Mapping[str, int]:
        """How many accepted rows each warning of the contract holds for."""
        rules = warnings()
        counts = ", ".join(
            f"count(*) FILTER (WHERE coalesce(NOT ({rule.kwargs['sql']}), false))" for rule in rules
        )
        [found] = self._engine.rows(
            f"SELECT {counts} FROM candidates ANTI JOIN fates USING (part, row)"
            " WHERE mask = 0 AND NOT not_received"
        )
        return {rule.id: count for rule, count in zip(rules, found, strict=True)}

    def has_sample(self) -> bool:
        """Whether any row is marked as sample data."""
        [(found,)] = self._engine.rows("SELECT coalesce(bool_or(is_sample), false) FROM staged")
        return bool(found)


def _accepted(column: str) -> str:
    """A column of an accepted row; of one not received, only its unit, field and status."""
    if column == "field_code":
        return "coalesce(field_code, 'UNKNOWN')"
    if column == "unit_code":
        return "CASE WHEN unit_ended THEN NULL ELSE unit_code END"
    if column in PART_VALUES and column != "status":
        return f"CASE WHEN not_received THEN NULL ELSE {column} END"
    return column


def _refused(row: tuple[Any, ...]) -> Refused:
    file, number, unit, code, mask, texts, unit_text = row
    return Refused(file, number, unit, code, mask, {**(texts or {}), "DonViXuLy": unit_text})
