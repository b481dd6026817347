"""What the files of a month do not have: columns that an export may lack, and what is unknown then.

Belongs here: which file lacks which column, and the words about it. Does not: emptying a measure,
which whoever counts does (``indicators``), or a column without which a file is refused
(``record_files``).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.sources.dossiers.judging import Account, Part
from cchc_pipeline.sources.dossiers.rules import FILE
from cchc_pipeline.sources.dossiers.staging import COLUMN_FIELDS
from cchc_pipeline.sources.record_files.record_form import load_form

_SHOWN = 5


def given_columns(parts: Iterable[Part]) -> dict[str, frozenset[str]]:
    """By file, the optional columns of ``dossiers`` that it gives."""
    return {
        part.file: frozenset(
            column for column, fields in COLUMN_FIELDS.items() if part.kind.intersection(fields)
        )
        for part in parts
    }


def lacking_columns(accounts: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """By file, the optional columns of ``dossiers`` that it does not give.

    Args:
        accounts: Rows of ``dossier_accounts``.
    """
    return {
        row["file"]: frozenset(COLUMN_FIELDS) - {*(row["given"] or "").split(";")}
        for row in accounts
    }


def absence_notes(
    accounts: Sequence[Account], given: Mapping[str, frozenset[str]]
) -> Iterator[str]:
    """A line for each file that lacks columns: which, what is empty then, and for whom.

    A file without an accepted row empties nothing, and has none.
    """
    template = read_yaml(FILE)["absent"]["vi"]
    counted: dict[str, list[str]] = {}
    for account in accounts:
        if account.accepted:
            counted.setdefault(account.file, []).extend(filter(None, [account.unit_code]))
    for file, units in counted.items():
        lacking = [column for column in COLUMN_FIELDS if column not in given[file]]
        if lacking:
            yield template.format(
                file=file,
                columns=", ".join(_heading(column) for column in lacking),
                measures="; ".join(_measures(frozenset(lacking))),
                units=", ".join([*units[:_SHOWN], *(["…"] if len(units) > _SHOWN else [])]) or "?",
            )


def _heading(column: str) -> str:
    """The heading that offices know a column of ``dossiers`` by."""
    headings = {field.name: field.headings[0] for field in load_form("dossiers").fields}
    return next(headings[name] for name in COLUMN_FIELDS[column] if name in headings)


def _measures(lacking: frozenset[str]) -> Iterator[str]:
    """The titles of what rests on one of these columns."""
    for field in load_contract("dossier_statistics").fields:
        if lacking.intersection(field.rests_on):
            yield field.title.vi
