"""Whether bytes are an answer of the national portal at all, and whether to the right question.

Belongs here: the envelope, the answered root, the pages; pure. Does not: fetching or finding the
bytes (``portal_api``, ``file_drop``), what the figures in them mean (``portal_answers``).
"""

import json
from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Any

from cchc_pipeline.errors import SourceError
from cchc_pipeline.sources.portal_request import Endpoint, load_portal

_AGAIN = "capture the answer again"


def is_rejection(content: bytes) -> bool:
    """Whether the portal's firewall refused the request; it does so with status 200 too."""
    return load_portal().manners.rejection_mark.encode() in content[:4096]


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
    if envelope["code"] != load_portal().success_code:
        said = f"{envelope['code']!r:.40} {envelope.get('message')!r:.120}"
        raise SourceError(f"the portal answered with an error: {said}", where=where, todo=_AGAIN)
    data = envelope.get("data")
    if not isinstance(data, Mapping):
        raise SourceError("the portal's answer has no data", where=where, todo=_AGAIN)
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
        SourceError: Another root, none, or no list of rows where the list is all there is.
    """
    if endpoint.root_at is None:
        if not isinstance(data.get(endpoint.rows), list):
            raise SourceError(f"no list {endpoint.rows!r} in it", where=where, todo=_AGAIN)
        return None
    root = data.get(endpoint.root_at)
    answered = root.get("departmentId") if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or not isinstance(answered, str):
        raise SourceError("the answer does not say of which unit it is", where=where, todo=_AGAIN)
    code = root.get("departmentCode")
    if (code or root_code) != root_code or (root_id and root_id.lower() != answered.lower()):
        name = f"{root.get('departmentName')} ({code or answered})"
        raise SourceError(
            f"wrong root: asked about {root_code}, the answer is of {name:.120}",
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
    pagination = data.get("pagination")
    said = pagination if isinstance(pagination, Mapping) else {}
    if said.get("currentPage", page) != page:
        what = f"wrong page: asked for {page}, the answer is page {said['currentPage']!r:.20}"
        raise SourceError(what, where=where, todo=_AGAIN)
    total = said.get("totalPages")
    return total if isinstance(total, int) and not isinstance(total, bool) else 1


def decode_json(content: bytes, where: str) -> Any:
    """What the bytes of an answer say.

    Raises:
        SourceError: A web page, no UTF-8, no or broken JSON.
    """
    if is_rejection(content) or content.removeprefix(BOM_UTF8).lstrip().startswith(b"<"):
        what = "the portal's firewall refused the request" if is_rejection(content) else "HTML"
        raise SourceError(f"a web page instead of JSON ({what})", where=where, todo=_AGAIN)
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        what, todo = f"not UTF-8 text (byte {error.start + 1})", "save it as UTF-8"
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        what, todo = f"broken or truncated JSON at {place}: {error.msg}", _AGAIN
    except (ValueError, RecursionError) as error:
        what, todo = f"not usable JSON: {error}", _AGAIN
    raise SourceError(what, where=where, todo=todo)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number in JSON")
