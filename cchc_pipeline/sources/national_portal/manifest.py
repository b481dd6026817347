"""The manifest of a capture that was dropped: when and from where its answers are.

Belongs here: reading ``manifest.json`` and holding it to the folder's month. Does not: the answers
beside it (``drop``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.masking import quoted, visible
from cchc_pipeline.core.period import Month
from cchc_pipeline.sources.national_portal.envelope import decode_json, doubled_keys
from cchc_pipeline.sources.national_portal.legacy_gateway import load_gateway
from cchc_pipeline.sources.raw.archive import Provenance, normal_capture_time

_KEYS = frozenset({"captured_at", "source", "provenance", "request"})
_LONGEST = 300


@dataclass(frozen=True)
class Manifest:
    """What is said of a capture; the defaults stand where nothing is."""

    captured_at: str | None = None
    source: str = "file drop"
    provenance: Provenance = "published"
    request: Mapping[str, Any] = field(default_factory=dict)
    unknown_keys: tuple[str, ...] = ()


def read_manifest(content: bytes, path: Path, month: Month) -> Manifest:
    """Decode a manifest.

    Args:
        content: Its bytes.
        path: Where they are from, for the message.
        month: The month of the folder, which a stated request must not contradict.

    Raises:
        SourceError: It cannot be read, or it speaks of another month.
    """
    manifest = _parse(path, _decode(path, content))
    _check_request(path, manifest.request, month)
    return manifest


def _decode(path: Path, content: bytes) -> dict[str, Any]:
    try:
        stated = decode_json(content, str(path))
    except SourceError as error:
        raise _refusal(path, f"not readable: {error.what}") from None
    if not isinstance(stated, dict):
        raise _refusal(path, "not an object {…}")
    doubled = doubled_keys(stated)
    if doubled:
        raise _refusal(path, f"the key {quoted(doubled[0])} stands 2 times")
    return stated


def _parse(path: Path, stated: Mapping[str, Any]) -> Manifest:
    usual = Manifest()
    source = stated.get("source", usual.source)
    provenance = stated.get("provenance", usual.provenance)
    provenance = usual.provenance if provenance == "official" else provenance
    request = stated.get("request", {})
    if not isinstance(source, str) or not source.strip():
        raise _refusal(path, "source is not a text")
    if len(source) > _LONGEST or visible(source.strip(), None) != source.strip():
        raise _refusal(path, f"source is {quoted(source)}: too long, or not of one line")
    if provenance not in get_args(Provenance):
        raise _refusal(path, f"provenance is {quoted(provenance)}")
    if not isinstance(request, Mapping):
        raise _refusal(path, "request is not an object {…}")
    # it is kept as canonical JSON in UTF-8, which has no place for half a character
    written = json.dumps(request, ensure_ascii=False)
    if visible(written, None) != written:
        raise _refusal(path, "request holds control characters")
    unknown = tuple(sorted(stated.keys() - _KEYS))
    captured_at = _captured_at(path, stated.get("captured_at"))
    return Manifest(captured_at, source.strip(), provenance, request, unknown)


def _captured_at(path: Path, stated: Any) -> str | None:
    if stated is None:
        return None
    try:
        return normal_capture_time(stated)
    except (ValueError, TypeError, OverflowError):
        raise _refusal(path, f"captured_at is {quoted(stated)}") from None


def _refusal(path: Path, what: str) -> SourceError:
    return SourceError(
        f"manifest: {what}",
        where=str(path),
        todo='write it as {"captured_at": "2026-10-02" or "2026-10-02T08:00:00+07:00", '
        '"source": "…", "provenance": "official" or "sample", "request": {…}}',
    )


def _check_request(path: Path, request: Mapping[str, Any], month: Month) -> None:
    """The request that a manifest states must ask about the folder's month."""
    meant = {"year": month.year, "month": month.month, "quarter": month.quarter}
    fields = load_gateway().fields
    meant |= {fields[name]: number for name, number in meant.items() if request.get(fields[name])}
    for name, number in meant.items():
        said = request.get(name, number)
        if isinstance(said, list | dict) or str(said) != str(number):
            raise SourceError(
                f"its request asks for {name} {quoted(request[name])}, the folder is of {month}",
                where=str(path),
                todo="move the capture to the folder of its month",
            )
