"""What Dagster is told of an asset: who owns it, what it is made of, by which program, its columns.

Belongs here: these arguments, from the contracts and the program. Does not: any asset, or what a
contract says.
"""

from functools import cache
from typing import Any, TypedDict

import dagster as dg

from assets.made_from import program_digest
from cchc_pipeline.contracts import Field as Column
from cchc_pipeline.contracts import load_contract

OWNERS = ["team:du-lieu-mo"]
COLUMNS, ROWS = "dagster/column_schema", "dagster/row_count"
_DIGITS = 12


class Told(TypedDict):
    """What every asset says of itself, as Dagster's arguments."""

    owners: list[str]
    kinds: set[str]
    code_version: str


class TableTold(Told):
    """The same of an asset that is a table."""

    metadata: dict[str, Any]


def of_asset(*kinds: str) -> Told:
    """What every asset says of itself.

    The version of the code is the digest of the program, as in the record of what was made from
    what: Dagster and ``cchc status`` call the same months out of date.
    """
    return Told(owners=OWNERS, kinds=set(kinds), code_version=program_digest()[:_DIGITS])


def of_table(name: str, *kinds: str) -> TableTold:
    """What an asset says of itself that is a table with a contract."""
    return TableTold(**of_asset(*kinds), metadata={COLUMNS: _columns(name)})


@cache
def _columns(name: str) -> dg.TableSchema:
    contract = load_contract(name)
    return dg.TableSchema(
        columns=[_column(field) for field in contract.fields],
        constraints=dg.TableConstraints([f"primary key: {', '.join(contract.primary_key)}"]),
    )


def _column(field: Column) -> dg.TableColumn:
    further = [
        field.bounds,
        f"matches {field.pattern}" if field.pattern else "",
        f"one of {', '.join(field.enum)}" if field.enum else "",
    ]
    limits = dg.TableColumnConstraints(
        nullable=not field.required, other=[text for text in further if text]
    )
    return dg.TableColumn(field.name, field.type, field.description.en, limits)
