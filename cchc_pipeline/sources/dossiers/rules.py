"""What can be wrong with a dossier: the faults of its texts, and the contradictions in its values.

Belongs here: ``schemas/records/dossier_rules.yaml`` and the contract's rules as one numbered list.
Does not: finding a fault (``staging``), or judging rows (``judging``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.contracts import Rule, Text, load_contract
from cchc_pipeline.core.data import NO_EXTRAS, load
from cchc_pipeline.core.errors import SchemaDataError

FILE = "records/dossier_rules.yaml"
RECORD = "dossiers"
"""The name of the record, of its table and of its upload schema."""
UNKNOWN_UNIT = "UNKNOWN"
CELL_ERROR = "CELL_ERROR"
"""The fault that shows in whichever free text holds a formula's error."""


@dataclass(frozen=True)
class DossierFault:
    """A rule that a row can break; ``bit`` is its place in a row's mask of faults.

    Attributes:
        field: The field of the record that the unit mends; empty for the whole line.
        message: What is wrong; ``{value}`` stands for the text found.
        expected: What should stand there, in Vietnamese.
    """

    id: str
    bit: int
    field: str
    message: Text
    expected: str


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class _OfValues:
    id: str
    field: str
    expected: str


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class _OfTexts(_OfValues):
    message: Text


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class _Counted:
    id: str
    sql: str
    message: Text


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class DossierRules:
    """The content of ``schemas/records/dossier_rules.yaml``; ``absent`` is of lacking columns."""

    basis: str
    faults: tuple[_OfTexts, ...]
    contradictions: tuple[_OfValues, ...]
    warnings: tuple[_Counted, ...]
    absent: Text


@cache
def dossier_rules() -> DossierRules:
    """The rules that are not the contract's, and the words for those that are.

    Raises:
        SchemaDataError: The data are not usable.
    """
    return load(DossierRules, FILE)


@cache
def dossier_faults() -> Mapping[str, DossierFault]:
    """Every fault by its id: those of texts first, then the contradictions of the contract.

    Raises:
        SchemaDataError: A contradiction of the contract is not explained, or the other way round.
    """
    data = dossier_rules()
    rules = {rule.id.upper(): rule for rule in contradictions()}
    told = {entry.id for entry in data.contradictions}
    if told != rules.keys():
        raise SchemaDataError(
            f"{', '.join(sorted(told ^ rules.keys()))} stands in one list only",
            where=f"schemas/{FILE} and schemas/tables/dossiers.yaml",
        )
    of_texts: list[tuple[_OfValues, Text]] = [(one, one.message) for one in data.faults]
    of_values = [(one, rules[one.id].message) for one in data.contradictions]
    return {
        one.id: DossierFault(one.id, bit, one.field, message, one.expected)
        for bit, (one, message) in enumerate([*of_texts, *of_values])
    }


def contradictions() -> tuple[Rule, ...]:
    """The contract's rules that make a row unusable."""
    return tuple(rule for rule in load_contract("dossiers").rules if rule.severity == "error")


@cache
def warnings() -> Mapping[str, str]:
    """The rules that are counted and told, and stop nothing: by their ids, what must hold.

    They are the contract's, and those on what the table does not keep.
    """
    kept = (rule for rule in load_contract("dossiers").rules if rule.severity == "warning")
    told = {one.id: one.sql for one in dossier_rules().warnings}
    return {rule.id: str(rule.kwargs["sql"]) for rule in kept} | told


def mask(faults: Mapping[str, str]) -> str:
    """The mask of a row's faults as SQL, from a boolean expression for each fault's id."""
    known = dossier_faults()
    bits = (
        f"CASE WHEN {condition} THEN {1 << known[name].bit} ELSE 0 END"
        for name, condition in faults.items()
    )
    return f"CAST({' + '.join(bits)} AS BIGINT)"
