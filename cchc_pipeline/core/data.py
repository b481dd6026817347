"""Data files: found in ``schemas``, read from YAML without guesses, typed or refused in one line.

Belongs here: finding and decoding a file; making mappings, lists and texts of it; refusing what is
more than that (tags, keys that stand twice, deep nesting, aliases that swell, several documents);
telling pydantic's complaints, or a caller's, as a ``SchemaDataError``. Does not: the types, or what
the content means and must obey, which each module of the domain says.

A bare word is a text here, a number too: YAML 1.1 reads ``18:25`` as 1105 and ``no`` as false.
"""

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, NoReturn, TypeVar

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.core.masking import visible

ROOT: Traversable = files("schemas")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where it was built in
_DEEPEST, _MOST_NODES = 16, 100_000
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_PARSER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # ten times as fast where built in
Tree = dict[str, Any] | list[Any] | str | None
_Data = TypeVar("_Data")
NO_EXTRAS = ConfigDict(extra="forbid")
"""Of a type that has every key of its place in a file."""
_OF_A_VALIDATOR = "Value error, "


def read_yaml(path: str) -> Any:
    """Decode ``schemas/<path>``.

    Raises:
        SchemaDataError: The file is absent or is not YAML.
    """
    try:
        text = ROOT.joinpath(path).read_text(encoding="utf-8")
        return yaml.load(text, _LOADER)  # noqa: S506 - either loader is a safe one
    except FileNotFoundError:
        raise SchemaDataError("no such file", where=f"schemas/{path}") from None
    except yaml.YAMLError as error:
        line = str(error).replace("\n", " ")
        raise SchemaDataError(f"not YAML: {line}", where=f"schemas/{path}") from None


class Bare(str):
    """A text that stood without quotes: only such a one can be a number."""

    __slots__ = ()


class NotPlainYamlError(ValueError):
    """The text is not YAML, or uses more of it than mappings, lists and texts."""


def read_tree(content: bytes, limit: int) -> Tree:
    """The only document of a file; None if it is empty.

    Args:
        content: The file, UTF-8 with or without a byte order mark.
        limit: The greatest number of bytes that is read.

    Raises:
        NotPlainYamlError: It cannot be used; the words name the line.
    """
    if len(content) > limit:
        raise NotPlainYamlError(f"{len(content)} bytes, more than {limit}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotPlainYamlError(f"not UTF-8 text (byte {error.start + 1})") from None
    try:
        return _document(yaml.parse(text, Loader=_PARSER))
    except NotPlainYamlError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise NotPlainYamlError(f"{line}{error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, RecursionError, LookupError, TypeError) as error:
        raise NotPlainYamlError(visible(" ".join(str(error).split()), 120)) from None


def _document(events: Iterator[Any]) -> Tree:
    reading = _Reading(events)
    tree: Tree = None
    documents = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                _refuse(event, "a second document (---)")
        elif isinstance(event, yaml.NodeEvent):
            tree = reading.node(event, 0)
    return tree


class _Reading:
    """The walk through a document's events; an alias counts as all that it stands for.

    Args:
        events: What the parser says, in order.
    """

    def __init__(self, events: Iterator[Any]) -> None:
        self._events, self._nodes = events, 0
        self._anchors: dict[str, tuple[Tree, int]] = {}

    def node(self, event: Any, depth: int) -> Tree:
        """The tree that begins with an event, after all of its events were taken."""
        before = self._nodes
        if isinstance(event, yaml.AliasEvent):
            anchor = str(event.anchor)
            if anchor not in self._anchors:
                _refuse(event, f"the alias *{visible(anchor)} stands for nothing")
            tree, size = self._anchors[anchor]
            self._count(event, size)
            return tree
        if event.tag is not None:
            _refuse(event, "a tag (!): write the bare value")
        if depth > _DEEPEST:
            _refuse(event, f"nested more than {_DEEPEST} deep")
        self._count(event, 1)
        tree = self._content(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (tree, self._nodes - before)
        return tree

    def _content(self, event: Any, depth: int) -> Tree:
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return [self.node(item, depth + 1) for item in self._until(yaml.SequenceEndEvent)]
        return self._mapping(depth)

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for start in self._until(yaml.MappingEndEvent):
            key = self.node(start, depth + 1)
            if not isinstance(key, str):
                _refuse(start, "a key that is no text")
            if key in found:
                _refuse(start, f"the key {visible(key)!r} stands 2 times")
            if key == "<<":
                _refuse(start, "a merge key (<<): write the fields out")
            found[str(key)] = self.node(next(self._events), depth + 1)
        return found

    def _until(self, end: type[Any]) -> Iterator[Any]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield event

    def _count(self, event: Any, size: int) -> None:
        self._nodes += size
        if self._nodes > _MOST_NODES:
            _refuse(event, f"it stands for more than {_MOST_NODES} values")


def _scalar(event: Any) -> str | None:
    if event.style:  # quoted, or a block of text
        return str(event.value)
    return None if event.value in _NULL else Bare(event.value)


def _refuse(event: Any, what: str) -> NoReturn:
    raise NotPlainYamlError(f"line {event.start_mark.line + 1}: {what}")


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


def load(kind: type[_Data], path: str) -> _Data:
    """``schemas/<path>`` as a pydantic type.

    Args:
        kind: The type.
        path: The file below ``schemas``.

    Raises:
        SchemaDataError: There is no such file, or it does not fit; one line says where.
    """
    return typed(kind, read_yaml(path), f"schemas/{path}")


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
