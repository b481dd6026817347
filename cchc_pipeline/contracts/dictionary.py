"""The data dictionary: a table's columns as readers are told of them.

Belongs here: its rows, in one language. Does not: the page or the file that shows them
(``publish``).
"""

from dataclasses import dataclass

from cchc_pipeline.contracts.contract import Contract
from cchc_pipeline.contracts.declarations import shared_words
from cchc_pipeline.contracts.model import Field, Language


@dataclass(frozen=True)
class DictionaryRow:
    """A column as the data dictionary shows it, in one language."""

    name: str
    title: str
    type: str
    unit: str
    required: bool
    description: str
    values: str
    basis: str


def dictionary_rows(contract: Contract, language: Language) -> tuple[DictionaryRow, ...]:
    """The data dictionary of a table: a row a column, in one language."""
    types = shared_words()["types"]
    return tuple(
        DictionaryRow(
            name=field.name,
            title=field.title.of(language),
            type=types[field.type].of(language),
            unit=field.unit.of(language),
            required=field.required,
            description=field.description.of(language),
            values=_values(field, language),
            basis=field.basis,
        )
        for field in contract.fields
    )


def _values(field: Field, language: Language) -> str:
    """What a column may hold, as text; empty where its type says all."""
    if field.codes:
        return "; ".join(f"{code.code}: {code.name.of(language)}" for code in field.codes)
    return "; ".join(field.enum) or field.bounds
