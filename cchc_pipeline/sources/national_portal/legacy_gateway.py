"""The legacy gateway: what is known of it, and whether bytes are an answer of it.

Belongs here: ``schemas/portal/legacy.yaml`` as types; decoding an answer, its columns, whose units
its rows are, the form of codes; telling its snapshots from those of the rebuilt portal. Does not:
asking (``legacy_client``), or what the figures mean (``legacy_observations``).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal

from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.core.data import load
from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Month, MonthText
from cchc_pipeline.methodology import load_methodology
from cchc_pipeline.registers.units import UNIT_CODE
from cchc_pipeline.sources.national_portal.envelope import decode_json
from cchc_pipeline.sources.national_portal.request import BY_PLACE, Endpoint, at
from cchc_pipeline.sources.raw.archive import Snapshot

Row = Mapping[str, Any]
_AGAIN = "capture the answer again"
_PROVINCE = re.compile(r"[A-Z]\d{2}")
Service = Literal["current", "legacy"]


@typed_dataclass(frozen=True, config=BY_PLACE)
class LevelRule:
    """The level that a value of the level column means in a span of months."""

    value: str
    level: str
    first: Annotated[MonthText, at("from")]
    last: Annotated[MonthText | None, at("to")]

    def holds(self, value: str, month: Month) -> bool:
        """Whether the rule speaks of this value in this month."""
        in_time = self.first <= month and (self.last is None or month <= self.last)
        return value == self.value and in_time


@typed_dataclass(frozen=True)
class Columns:
    """The columns of a row, apart from those of the groups."""

    code: str
    name: str
    id: str
    level: str
    total: str
    others: tuple[str, ...]

    @property
    def needed(self) -> tuple[str, ...]:
        """Those without which a row cannot be read."""
        return (self.name, self.code, self.level, self.total)

    @property
    def known(self) -> frozenset[str]:
        """All of them."""
        return frozenset({*self.needed, self.id, *self.others})


@typed_dataclass(frozen=True)
class LegacyPaging:
    """The fields of paging; an answer of ``size`` rows may have a further page."""

    page_field: str
    size_field: str
    size: int
    max_pages: int


@typed_dataclass(frozen=True, config=BY_PLACE)
class Gateway:
    """Everything known of the gateway; ``national_fields``, ``unit_fields`` ask for its tables."""

    name: Annotated[str, at("endpoint")]
    path: str
    form_field: str
    success_statuses: tuple[int, ...]
    methodology: str
    first_month: Annotated[MonthText, at("service", "first_month")]
    last_month: Annotated[MonthText, at("service", "last_month")]
    ceased_on: Annotated[date, at("service", "ceased_on")]
    request: Mapping[str, Any]
    fields: Mapping[str, str]
    national_fields: Annotated[Mapping[str, Any], at("national", "fields")]
    unit_fields: Annotated[Mapping[str, Any], at("units", "fields")]
    paging: LegacyPaging
    columns: Columns
    levels: tuple[LevelRule, ...]
    name_prefixes: tuple[str, ...]

    @property
    def endpoint(self) -> Endpoint:
        """Its one question, as one of the portal's."""
        return Endpoint(
            name=self.name,
            group=None,
            page_size=self.paging.size,
            period="time_type",
            asked=("national", "root"),
            in_files=("national",),
            root_at=None,
            rows="",
        )

    def level(self, value: str, month: Month) -> str | None:
        """The level of a unit by its row, or None where nothing is known."""
        return next((rule.level for rule in self.levels if rule.holds(value, month)), None)


@cache
def load_gateway() -> Gateway:
    """The content of ``schemas/portal/legacy.yaml``.

    Raises:
        SchemaDataError: A part is missing or not as it must be.
    """
    return load(Gateway, "portal/legacy.yaml")


def service_of(snapshot: Snapshot) -> Service:
    """Which service answered a snapshot."""
    legacy = load_gateway().endpoint.name
    return "legacy" if any(answer.endpoint == legacy for answer in snapshot.answers) else "current"


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
