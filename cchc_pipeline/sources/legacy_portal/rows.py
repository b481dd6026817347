"""Whether bytes are an answer of the legacy gateway, and to the right question.

Belongs here: decoding the array, its columns, whose units they are, the form of codes; pure. Does
not: fetching or finding the bytes, what the figures mean (``observations``).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cchc_pipeline.decision766 import load_methodology
from cchc_pipeline.errors import SourceError
from cchc_pipeline.sources.legacy_portal.gateway import load_gateway
from cchc_pipeline.sources.portal_envelope import decode_json
from cchc_pipeline.units import UNIT_CODE

Row = Mapping[str, Any]
_AGAIN = "capture the answer again"
_PROVINCE = re.compile(r"[A-Z]\d{2}")


def read_rows(content: bytes, where: str) -> list[Row]:
    """The rows of a good answer.

    Args:
        content: The raw bytes, UTF-8 with or without a byte order mark.
        where: The file or address, for the error's line.

    Raises:
        SourceError: A web page, no or broken JSON, no rows, or a column that no row has.
    """
    rows = decode_json(content, where)
    if not isinstance(rows, list):
        raise SourceError("not an answer of the legacy gateway: no array", where=where, todo=_AGAIN)
    if not rows:
        raise SourceError("the answer is empty ([])", where=where, todo=_AGAIN)
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise SourceError(f"row {number} is not an object", where=where, todo=_AGAIN)
    lacking = _lacking_columns(rows)
    if lacking:
        raise SourceError(f"no column {', '.join(lacking)}", where=where, todo=_AGAIN)
    return rows


def _lacking_columns(rows: Sequence[Row]) -> list[str]:
    """The columns that no row has; of the groups, by the layout that leaves the fewest out."""
    gateway = load_gateway()
    given = {name: None for row in rows for name in row}
    layout = load_methodology(gateway.methodology).layout_of(given)
    needed = (*gateway.columns.needed, *layout.keys.values())
    return [name for name in dict.fromkeys(needed) if name not in given]


def check_root(rows: Sequence[Row], root_code: str, is_national: bool, where: str) -> None:
    """Verify that the rows are those of the provinces, or of the units below the root.

    Rows without a code tell nothing here; they are matched by their names later.

    Raises:
        SourceError: They are of something else.
    """
    column = load_gateway().columns.code
    codes = [code for row in rows if (code := normal_code(row.get(column))) is not None]
    if not codes:
        return
    if is_national:
        what = _fault_of_provinces(codes, root_code)
    else:
        what = _fault_of_units(codes, root_code)
    if what:
        raise SourceError(
            f"wrong root: {what}", where=where, todo="check the root, then capture it again"
        )


def _fault_of_provinces(codes: Sequence[str], root_code: str) -> str:
    below = [code for code in codes if "." in code]
    if len(below) * 2 > len(codes):
        return f"the rows are units such as {below[0]}, not the provinces"
    return "" if root_code in codes else f"{root_code} is not among the provinces"


def _fault_of_units(codes: Sequence[str], root_code: str) -> str:
    own = [code for code in codes if code.startswith(f"{root_code}.")]
    return "" if own else f"the rows are of {codes[0]}, not units of {root_code}"


def normal_code(text: Any) -> str | None:
    """A unit's code in the form ``H24.16``, also where it is written ``000.00.16.H24``.

    None where there is none, or it is malformed.
    """
    if not isinstance(text, str):
        return None
    parts = text.strip().upper().split(".")
    if _PROVINCE.fullmatch(parts[-1]):
        parts.reverse()
    code = ".".join([parts[0], *(part for part in parts[1:] if part.strip("0"))])
    return code if UNIT_CODE.fullmatch(code) else None
