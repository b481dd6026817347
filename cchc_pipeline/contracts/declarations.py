"""The declarations in ``schemas/tables`` as they stand there: which tables, which shared fields.

Belongs here: finding a table's file, and laying a field over the shared one that it uses. Does not:
typing what is found (``reading``).

A field that several tables share is declared in ``schemas/tables/_fields.yaml`` and taken with
``use``; what the table says beside it wins.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from cchc_pipeline.contracts.node import Node
from cchc_pipeline.reference import ROOT, read_yaml


@cache
def contract_names() -> tuple[str, ...]:
    """The tables that are declared, in alphabetical order."""
    files = (entry.name for entry in ROOT.joinpath("tables").iterdir())
    return tuple(
        sorted(
            name.removesuffix(".yaml")
            for name in files
            if name.endswith(".yaml") and not name.startswith("_")
        )
    )


@cache
def read_shared_fields() -> Mapping[str, Mapping[str, Any]]:
    """The declarations of ``schemas/tables/_fields.yaml`` by name, as they stand there."""
    path = "tables/_fields.yaml"
    node = Node.at(read_yaml(path), f"schemas/{path}")
    return {
        name: Node.at(entry, f"{node.where}, {name}").content
        for name, entry in node.content.items()
    }


def with_shared(declared: Node) -> Mapping[str, Any]:
    """A field's declaration with the shared one below it that it uses."""
    if "use" not in declared.content:
        return declared.content
    used = declared.word("use")
    shared = read_shared_fields().get(used)
    if shared is None:
        raise declared.refusal(f"{used!r} is no shared field", "declare it in _fields.yaml")
    own = {name: value for name, value in declared.content.items() if name != "use"}
    return {"name": used, **shared, **own}
