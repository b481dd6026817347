"""What can be wrong with a dossier: the faults of its texts, and the contradictions in its values.

Belongs here: ``schemas/records/dossier_rules.yaml`` and the contract's rules as one numbered list.
Does not: finding a fault (``staging``), or judging rows (``judging``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cchc_pipeline.contracts import Rule, Text, load_contract
from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.errors import SchemaDataError

FILE = "records/dossier_rules.yaml"
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


@cache
def dossier_faults() -> Mapping[str, DossierFault]:
    """Every fault by its id: those of texts first, then the contradictions of the contract.

    Raises:
        SchemaDataError: A contradiction of the contract is not explained, or the other way round.
    """
    data = read_yaml(FILE)
    rules = {rule.id.upper(): rule for rule in contradictions()}
    told = {entry["id"] for entry in data["contradictions"]}
    if told != rules.keys():
        raise SchemaDataError(
            f"{', '.join(sorted(told ^ rules.keys()))} stands in one list only",
            where=f"schemas/{FILE} and schemas/tables/dossiers.yaml",
        )
    entries = [*data["faults"], *data["contradictions"]]
    faults = (_fault(bit, entry, rules) for bit, entry in enumerate(entries))
    return {fault.id: fault for fault in faults}


def _fault(bit: int, entry: Mapping[str, Any], rules: Mapping[str, Rule]) -> DossierFault:
    rule = rules.get(entry["id"])
    message = rule.message if rule else Text(entry["message"]["vi"], entry["message"]["en"])
    return DossierFault(entry["id"], bit, entry["field"], message, entry["expected"])


def contradictions() -> tuple[Rule, ...]:
    """The contract's rules that make a row unusable."""
    return tuple(rule for rule in load_contract("dossiers").rules if rule.severity == "error")


@cache
def warnings() -> Mapping[str, str]:
    """The rules that are counted and told, and stop nothing: by their ids, what must hold.

    They are the contract's, and those on what the table does not keep.
    """
    kept = (rule for rule in load_contract("dossiers").rules if rule.severity == "warning")
    told = {entry["id"]: entry["sql"] for entry in read_yaml(FILE)["warnings"]}
    return {rule.id: str(rule.kwargs["sql"]) for rule in kept} | told


def mask(faults: Mapping[str, str]) -> str:
    """The mask of a row's faults as SQL, from a boolean expression for each fault's id."""
    known = dossier_faults()
    bits = (
        f"CASE WHEN {condition} THEN {1 << known[name].bit} ELSE 0 END"
        for name, condition in faults.items()
    )
    return f"CAST({' + '.join(bits)} AS BIGINT)"
