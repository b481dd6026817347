"""The declarations in ``schemas/tables`` as they stand there: tables, shared fields, words.

Belongs here: finding a file, and laying a field over the shared one that it uses. Does not: typing
what is found (``reading``).
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from cchc_pipeline.contracts.model import Text
from cchc_pipeline.core.data import ROOT, read_yaml, typed
from cchc_pipeline.core.errors import SchemaDataError


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
    return typed(dict[str, dict[str, Any]], read_yaml(path), f"schemas/{path}")


def with_shared(declared: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """A field's declaration with the shared one below it that it uses.

    Raises:
        SchemaDataError: There is no such shared field.
    """
    if "use" not in declared:
        return declared
    used = declared["use"]
    shared = read_shared_fields().get(used)
    if shared is None:
        what, todo = f"{used!r} is no shared field", "declare it in _fields.yaml"
        raise SchemaDataError(what, where=where, todo=todo)
    own = {name: value for name, value in declared.items() if name != "use"}
    return {"name": used, **shared, **own}


@cache
def shared_words() -> Mapping[str, Mapping[str, Text]]:
    """The words that all tables share (``_words.yaml``) by part (``types``, ``messages``) and name.

    Raises:
        SchemaDataError: A word lacks one of its languages.
    """
    path = "tables/_words.yaml"
    return typed(dict[str, dict[str, Text]], read_yaml(path), f"schemas/{path}")
