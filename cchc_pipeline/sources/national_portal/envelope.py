"""Whether bytes are an answer of the national portal at all, and where its parts stand in it.

Belongs here: ``schemas/portal/answers.yaml`` as types; the envelope, whether it answers the right
question, the answered root, the pages; pure. Does not: fetching or finding the
bytes (``client``, ``drop``), what the figures in them mean (``answers``).
"""

import json
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import cache
from typing import Any, Literal

from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.core.data import NO_EXTRAS, load
from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.masking import quoted, visible
from cchc_pipeline.sources.national_portal.request import Endpoint, load_national_portal

_AGAIN = "capture the answer again"
_DEEPEST = 64


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class CountFields:
    """The fields whose sums are a metric's counts."""

    numerator: tuple[str, ...]
    denominator: tuple[str, ...]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class AnswerShape:
    """Where the figures of one question's answers stand.

    Attributes:
        rows: The list of entries.
        shape: Whether an entry holds groups, a list of metrics, or counts under names of its own.
        group: The group it is about; empty where it is about all.
        root: The root's own entry; empty where there is none.
        received: The metric below whose line the dossiers received stand; empty where none does.
        counts: The fields of each metric.
    """

    rows: str
    shape: Literal["groups", "metrics", "counts"]
    group: str = ""
    root: str = ""
    received: str = ""
    counts: Mapping[str, CountFields] = field(default_factory=dict)


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class EntryLimits:
    """What an entry can hold."""

    number: int
    count: int
    name: int
    no_names: tuple[str, ...]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class OfOneUnit:
    """The rules that speak of one department alone, until they are a share of all entries."""

    of_one_unit: tuple[str, ...]
    share: float


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class KnownFields:
    """The fields that are no news."""

    data: frozenset[str]
    row: frozenset[str]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class AnswerLayout:
    """The content of ``schemas/portal/answers.yaml``."""

    endpoints: Mapping[str, AnswerShape]
    levels: Mapping[str, Mapping[str, str]]
    limits: EntryLimits
    quarantine: OfOneUnit
    known_fields: KnownFields


@cache
def answer_layout() -> AnswerLayout:
    """Where the figures stand in the portal's answers.

    Raises:
        SchemaDataError: The data are not usable.
    """
    return load(AnswerLayout, "portal/answers.yaml")


def is_rejection(content: bytes) -> bool:
    """Whether the portal's firewall refused the request; it does so with status 200 too."""
    return load_national_portal().manners.rejection_mark.encode() in content[:4096]


def read_envelope(content: bytes, where: str) -> Mapping[str, Any]:
    """The ``data`` of a good answer.

    Args:
        content: The raw bytes, UTF-8 with or without a byte order mark.
        where: The file or address, for the error's line.

    Raises:
        SourceError: A web page, no or broken JSON, or an envelope that does not say OK.
    """
    envelope = decode_json(content, where)
    if not isinstance(envelope, Mapping) or "code" not in envelope:
        raise SourceError("not an answer of the portal: no envelope", where=where, todo=_AGAIN)
    if envelope["code"] != load_national_portal().success_code:
        said = f"{quoted(envelope['code'])} {quoted(envelope.get('message'))}"
        raise SourceError(f"the portal answered with an error: {said}", where=where, todo=_AGAIN)
    data = envelope.get("data")
    if not isinstance(data, Mapping):
        raise SourceError("the portal's answer has no data", where=where, todo=_AGAIN)
    for part in (envelope, data):
        if isinstance(part, Doubled):
            what = f"the key {quoted(part.key)} stands 2 times in one object"
            raise SourceError(what, where=where, todo=_AGAIN)
    return data


def check_root(
    data: Mapping[str, Any], endpoint: Endpoint, root_code: str | None, root_id: str | None,
    where: str,
) -> str | None:  # fmt: skip
    """Verify that the answered root is the one asked about.

    Args:
        data: The ``data`` of an answer.
        endpoint: Which question it answers.
        root_code: The expected code; it is compared where the answer carries one.
        root_id: The expected department id, or None where it is not known.
        where: The file or address, for the error's line.

    Returns:
        The answered department id; None for an endpoint that does not echo its root.

    Raises:
        SourceError: Another root, none, or something else where the list of rows is.
    """
    rows = data.get(endpoint.rows)
    if not isinstance(rows, list) and (rows is not None or endpoint.root_at is None):
        raise SourceError(f"no list {endpoint.rows!r} in it", where=where, todo=_AGAIN)
    if endpoint.root_at is None:
        return None
    root = data.get(endpoint.root_at)
    answered = root.get("departmentId") if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or not isinstance(answered, str) or not answered:
        raise SourceError("the answer does not say of which unit it is", where=where, todo=_AGAIN)
    code = root.get("departmentCode")
    if (code or root_code) != root_code or (root_id and root_id.lower() != answered.lower()):
        name = f"{quoted(root.get('departmentName'))} ({quoted(code or answered)})".replace("'", "")
        raise SourceError(
            f"wrong root: asked about {root_code}, the answer is of {name}",
            where=where,
            todo="check the root's code and department id, then capture the answer again",
        )
    return answered


def carries_code(data: Mapping[str, Any], endpoint: Endpoint) -> bool:
    """Whether the answered root is named by its code; not all endpoints do."""
    root = data.get(endpoint.root_at) if endpoint.root_at else None
    return isinstance(root, Mapping) and bool(root.get("departmentCode"))


def check_page(data: Mapping[str, Any], page: int, where: str) -> int:
    """Verify that the answered page is the one asked for.

    Returns:
        How many pages there are; 1 where the answer says nothing of pages.

    Raises:
        SourceError: It is another page.
    """
    said = data.get("pagination")
    if said is None:
        return 1
    if not isinstance(said, Mapping):
        raise SourceError(f"pagination is {quoted(said)}", where=where, todo=_AGAIN)
    answered, total = said.get("currentPage", page), said.get("totalPages", 1)
    for name, number in (("currentPage", answered), ("totalPages", total)):
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            what = f"{name} is {quoted(number)}, no number of a page"
            raise SourceError(what, where=where, todo=_AGAIN)
    if answered != page:
        what = f"wrong page: asked for {page}, the answer is page {quoted(answered)}"
        raise SourceError(what, where=where, todo=_AGAIN)
    return max(int(total), 1)


def decode_json(content: bytes, where: str) -> Any:
    """What the bytes of an answer say.

    Raises:
        SourceError: A web page, no UTF-8, no or broken JSON.
    """
    if is_rejection(content) or content.removeprefix(BOM_UTF8).lstrip().startswith(b"<"):
        what = "the portal's firewall refused the request" if is_rejection(content) else "HTML"
        raise SourceError(f"a web page instead of JSON ({what})", where=where, todo=_AGAIN)
    try:
        text = content.decode("utf-8-sig")
        tree = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_object)
        return _shallow(tree)
    except UnicodeDecodeError as error:
        what, todo = f"not UTF-8 text (byte {error.start + 1})", "save it as UTF-8"
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        what, todo = f"broken or truncated JSON at {place}: {error.msg}", _AGAIN
    except (ValueError, RecursionError) as error:
        what, todo = f"not usable JSON: {visible(str(error), 120)}", _AGAIN
    raise SourceError(what, where=where, todo=todo)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number in JSON")


class Doubled(dict[str, Any]):
    """An object of JSON in which a key stood more than once: which of its values is meant?"""

    key: str = ""


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    times = Counter(key for key, _ in pairs)
    doubled = Doubled(found)
    doubled.key = next(key for key in times if times[key] > 1)
    return doubled


def _shallow(tree: Any) -> Any:
    """The tree itself, which no answer of the portal nests deeply.

    Raises:
        ValueError: It is nested more deeply; what looks into it later would not end well.
    """
    level, depth = [tree], 0
    while level:
        level = [item for node in level for item in _children(node)]
        depth += 1
        if depth > _DEEPEST:
            raise ValueError(f"nested more than {_DEEPEST} deep")
    return tree


def _children(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def doubled_keys(tree: Any) -> tuple[str, ...]:
    """The keys that stand more than once in an object of a tree, at any depth."""
    found, level = [], [tree]
    while level:
        found += [node.key for node in level if isinstance(node, Doubled)]
        level = [item for node in level for item in _children(node)]
    return tuple(found)
