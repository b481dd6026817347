"""What comes by month, each source declared once: ``schemas/sources/<source>.yaml``.

Belongs here: reading and refusing the declarations, and finding one. Does not: what follows from
them (inbox, assets, checks, settings, alerts, releases: each asks here), the headings of a record's
files (``schemas/records``), its tables (``schemas/tables``), or reading a file (its module).
"""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Literal, get_args

from pydantic.dataclasses import dataclass

from cchc_pipeline.contracts.model import Text, contract_names
from cchc_pipeline.core.data import NO_EXTRAS, ROOT, read_yaml, refuse, typed

Kind = Literal["forms", "rows", "corrections", "answers", "export"]
"""What comes: workbooks of single units, files of rows, the file of corrections by hand, the
portal's answers, an export too long for Python; first what names mean most surely."""

_FOLDER = "sources"


@dataclass(frozen=True, config=NO_EXTRAS)
class DeclaredSource:
    """A source; the fields are those of its file.

    Attributes:
        source: Its name, also in ``submissions``, ``quarantine_summary`` and settings.
        order: Its place in the record of a release. kind: What comes. A source of ``rows`` needs no
        asset, map or list of its own. name: What people call it within a sentence. raw: The table
        of what was received. accepted: The tables of what can be used; of rows the first is theirs.
        told_apart_by: The columns of ``raw`` that tell one delivery from another. owes: Who hands
        it in, as a role; None where nobody owes it, and it is no submission. expected: Whether it
        has to come each month unless ``CCHC_EXPECTED_SOURCES`` says more. cited: As what a release
        lists it; None if it does not, or if its own rows say it. record: Its files:
        ``schemas/records/<record>.yaml``; None for the portal's answers. folder: The folder of the
        month that its files lie in; empty for the month's own. names: What a file's name says that
        means it; folded, as ``fold_heading`` does. quarantine: The table of what was set aside.
        account: The table that counts both, where it is not ``submissions`` itself. error_sheets:
        Whether what was set aside goes back to units as sheets. reader: ``module:function`` that
        reads a month of it; ``sources.records.other_inputs.Reader``.
    """

    source: str
    order: int
    kind: Kind
    name: Text
    raw: str
    accepted: tuple[str, ...]
    told_apart_by: tuple[str, ...] = ("sha256",)
    owes: Text | None = None
    expected: bool = False
    cited: str | None = None
    record: str | None = None
    folder: str = ""
    names: tuple[str, ...] = ()
    quarantine: str | None = None
    account: str | None = None
    error_sheets: bool = False
    reader: str | None = None

    @property
    def input(self) -> str:
        """As what its files are known in the inbox."""
        return self.record or self.source

    @property
    def read(self) -> tuple[str, ...]:
        """The tables that reading what was received fills."""
        further = (self.quarantine, self.account)
        return (*self.accepted, *(table for table in further if table))

    @property
    def checked(self) -> tuple[str, ...]:
        """The tables that are held to their contracts when they are made.

        Rows of an export are judged by the engine that reads them; its account is checked.
        """
        if self.kind != "export":
            return (self.raw, *self.read)
        return (self.raw, self.account) if self.account else (self.raw,)


@cache
def declared_sources() -> tuple[DeclaredSource, ...]:
    """All sources, in the order in which the record of a release names them.

    Raises:
        SchemaDataError: A declaration is not usable, or two contradict each other.
    """
    files = sorted(entry.name for entry in ROOT.joinpath(_FOLDER).iterdir())
    found = [
        typed(DeclaredSource, read_yaml(f"{_FOLDER}/{file}"), f"schemas/{_FOLDER}/{file}")
        for file in files
        if file.endswith(".yaml")
    ]
    refuse(problems_of(found), f"schemas/{_FOLDER}")
    return tuple(sorted(found, key=lambda one: one.order))


def listed_sources() -> tuple[DeclaredSource, ...]:
    """All sources as people are told of them: what each unit owes comes last."""
    return tuple(sorted(declared_sources(), key=lambda one: one.kind == "forms"))


def owed_sources() -> tuple[DeclaredSource, ...]:
    """Those that somebody owes, as people are told of them."""
    return tuple(one for one in listed_sources() if one.owes is not None)


def source_named(name: str) -> DeclaredSource:
    """The source of a name that is known to be one.

    Raises:
        KeyError: There is none.
    """
    return {one.source: one for one in declared_sources()}[name]


def source_of_input(name: str) -> DeclaredSource | None:
    """The source whose files are known by a name in the inbox; None of what is no source's."""
    return next((one for one in declared_sources() if one.input == name), None)


def suggested_names() -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a file may be taken for by its name, first what is meant most surely."""
    kinds = get_args(Kind)
    for one in sorted(declared_sources(), key=lambda s: (kinds.index(s.kind), -s.order)):
        yield one.input, one.names


def problems_of(found: list[DeclaredSource]) -> Iterator[str]:
    """What contradicts between declarations, in words."""
    tables = [table for one in found for table in (one.raw, *one.read)]
    said = {
        "source": [one.source for one in found],
        "order": [str(one.order) for one in found],
        "input": [one.input for one in found],
        "table": tables,
    }
    for what, values in said.items():
        counts = Counter(values)
        yield from (f"{what} {value}: declared twice" for value in counts if counts[value] > 1)
    named = [*(one.source for one in found), *tables]
    yield from (f"{name}: no such table" for name in named if name not in contract_names())
    for one in found:
        if one.expected and one.owes is None:
            yield f"{one.source}: it is expected, and nobody owes it"
        if one.kind in ("rows", "forms") and not (one.reader and one.record and one.quarantine):
            yield f"{one.source}: of {one.kind} record, quarantine and reader are declared"
