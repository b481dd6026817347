"""Typing the content of a data file, and refusing it in one line that names every place.

Belongs here: pydantic's complaints, and rules that a module broke, as a ``SchemaDataError``. Does
not: reading the file (``reference``), or what its content must obey beyond its type, which each
module of the domain says.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from cchc_pipeline.errors import SchemaDataError

_Data = TypeVar("_Data")
_OF_A_VALIDATOR = "Value error, "


def typed(kind: type[_Data], content: Any, where: str) -> _Data:
    """The content of a data file as a pydantic type.

    Args:
        kind: The type.
        content: The decoded content.
        where: The file's name, for the reader of an error.

    Raises:
        SchemaDataError: The content does not fit; one line names each place that does not.
    """
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError as error:
        problems = [
            f"{_name_of(item['loc'], content)}: {item['msg'].removeprefix(_OF_A_VALIDATOR)}"
            for item in error.errors(include_url=False)
        ]
        raise SchemaDataError("; ".join(problems), where=where) from None


def refuse(problems: Iterable[str], where: str) -> None:
    """Refuse a data file for all of its problems at once; without any, do nothing.

    Raises:
        SchemaDataError: There is a problem.
    """
    line = "; ".join(problems)
    if line:
        raise SchemaDataError(line, where=where)


def _name_of(location: tuple[int | str, ...], content: Any) -> str:
    """A place in the content, where entries of a list are called by their id or code."""
    names, at = [], content
    for step in location:
        try:
            at = at[step]
        except (KeyError, IndexError, TypeError):
            at = None
        known = at if isinstance(at, dict) and isinstance(step, int) else {}
        keys = (known[key] for key in ("id", "code", "name") if isinstance(known.get(key), str))
        names.append(str(next(keys, step)))
    return ".".join(names) or "content"


def mapping_of(content: object, where: str) -> Mapping[str, Any]:
    """The content of a data file that must be a mapping.

    Raises:
        SchemaDataError: It is none.
    """
    if not isinstance(content, Mapping):
        raise SchemaDataError("is not a mapping", where=where, todo="write it as name: value")
    return content


def first_repeated(values: Iterable[str]) -> str | None:
    """The first value that stands twice in a list, or None."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None
