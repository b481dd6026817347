"""What is known of the legacy gateway, as typed data.

Belongs here: the content of ``schemas/portal/legacy.yaml``, and telling its snapshots from those of
the rebuilt portal. Does not: asking (``client``), reading rows (``rows``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from cchc_pipeline.errors import SchemaDataError, UsageError
from cchc_pipeline.period import Month
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.sources.archive import Snapshot
from cchc_pipeline.sources.portal_request import Endpoint

_DATA = "portal/legacy.yaml"
Service = Literal["current", "legacy"]


@dataclass(frozen=True)
class LevelRule:
    """The level that a value of the level column means in a span of months."""

    value: str
    level: str
    first: Month
    last: Month | None

    def holds(self, value: str, month: Month) -> bool:
        """Whether the rule speaks of this value in this month."""
        in_time = self.first <= month and (self.last is None or month <= self.last)
        return value == self.value and in_time


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Paging:
    """The fields of paging; an answer of ``size`` rows may have a further page."""

    page_field: str
    size_field: str
    size: int
    max_pages: int


@dataclass(frozen=True)
class Gateway:
    """Everything known of the gateway; ``national`` and ``units`` are fields of its two tables."""

    endpoint: Endpoint
    path: str
    form_field: str
    success_statuses: tuple[int, ...]
    methodology: str
    first_month: Month
    last_month: Month
    ceased_on: date
    request: Mapping[str, Any]
    fields: Mapping[str, str]
    national: Mapping[str, Any]
    units: Mapping[str, Any]
    paging: Paging
    columns: Columns
    levels: tuple[LevelRule, ...]
    name_prefixes: tuple[str, ...]

    def level(self, value: str, month: Month) -> str | None:
        """The level of a unit by its row, or None where nothing is known."""
        return next((rule.level for rule in self.levels if rule.holds(value, month)), None)


@cache
def load_gateway() -> Gateway:
    """The content of ``schemas/portal/legacy.yaml``.

    Raises:
        SchemaDataError: A part is missing or not as it must be.
    """
    data = read_yaml(_DATA)
    try:
        return _gateway(data)
    except (KeyError, TypeError, ValueError, UsageError) as error:
        raise SchemaDataError(
            f"not as it must be: {type(error).__name__} {error}", where=f"schemas/{_DATA}"
        ) from None


def _gateway(data: Mapping[str, Any]) -> Gateway:
    service, columns = data["service"], data["columns"]
    return Gateway(
        endpoint=Endpoint(
            name=data["endpoint"],
            group=None,
            page_size=data["paging"]["size"],
            period="time_type",
            asked=("national", "root"),
            in_files=("national",),
            root_at=None,
            rows="",
        ),
        path=data["path"],
        form_field=data["form_field"],
        success_statuses=tuple(data["success_statuses"]),
        methodology=data["methodology"],
        first_month=Month.parse(service["first_month"]),
        last_month=Month.parse(service["last_month"]),
        ceased_on=service["ceased_on"],
        request=data["request"],
        fields=data["fields"],
        national=data["national"]["fields"],
        units=data["units"]["fields"],
        paging=Paging(**data["paging"]),
        columns=Columns(**{**columns, "others": tuple(columns["others"])}),
        levels=tuple(_level_rule(row) for row in data["levels"]),
        name_prefixes=tuple(data["name_prefixes"]),
    )


def _level_rule(row: Mapping[str, Any]) -> LevelRule:
    last = Month.parse(row["to"]) if row["to"] else None
    return LevelRule(row["value"], row["level"], Month.parse(row["from"]), last)


def service_of(snapshot: Snapshot) -> Service:
    """Which service answered a snapshot."""
    legacy = load_gateway().endpoint.name
    return "legacy" if any(answer.endpoint == legacy for answer in snapshot.answers) else "current"
