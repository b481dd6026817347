"""A row that was set aside: where it stands, which rule it breaks, what its unit is to mend.

Belongs here: the type that agency forms, the catalogue and petitions share, and its words from
``schemas/quarantine``. Does not: the rules themselves, or dossiers, whose rules are a contract's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from cchc_pipeline.masking import mask
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.sources.text_values import without_mark


@dataclass(frozen=True)
class Fault:
    """One rule that a row breaks, and the words for its message.

    Attributes:
        rule: The rule's code.
        column: The heading of the column concerned; empty where it is the whole row.
        value: What stands there; it is shortened and masked before it is quoted.
        words: Further words of the message.
    """

    rule: str
    column: str = ""
    value: str = ""
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Quarantined:
    """A broken rule of a row, as the quarantine tables hold it; ``column`` * is the whole row."""

    file: str
    row: int
    unit_code: str | None
    rule: str
    column: str
    message_vi: str
    expected_vi: str

    def as_row(self, period: str) -> dict[str, Any]:
        """The row of a quarantine table."""
        return {"period": period, **self.__dict__}


def quarantine(
    table: str, place: tuple[str, int], unit_code: str | None, faults: Iterable[Fault]
) -> tuple[Quarantined, ...]:
    """The faults of one row in words, one entry a rule and column.

    Args:
        table: The file of ``schemas/quarantine`` that words the rules.
        place: The file's name and the row's number, as a spreadsheet shows it.
        unit_code: The unit that is to mend it; None if that is not known.
        faults: What is wrong, at least one.
    """
    return tuple(_worded(table, place, unit_code, fault) for fault in dict.fromkeys(faults))


def _worded(table: str, place: tuple[str, int], unit_code: str | None, fault: Fault) -> Quarantined:
    words = _rules(table)[fault.rule]
    value = mask(without_mark(fault.value))
    said = {"column": f"“{fault.column}”", "value": value, **dict(fault.words)}
    return Quarantined(
        place[0], place[1], unit_code, fault.rule, fault.column or "*",
        words["message_vi"].format(**said), words["expected_vi"].format(**said),
    )  # fmt: skip


@cache
def _rules(table: str) -> dict[str, dict[str, str]]:
    rules: dict[str, dict[str, str]] = read_yaml(f"quarantine/{table}.yaml")
    return rules
