"""The data that say what simulated dossiers are like, typed.

Belongs here: ``schemas/simulation`` as Python types. Does not: drawing from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal

from cchc_pipeline.core.data import load

Anchor = Literal["reception", "start", "end"]


@dataclass(frozen=True)
class RowShares:
    """Shares of an export's rows that are not dossiers of the stream."""

    not_received: float
    duplicates: float


@dataclass(frozen=True)
class Slack:
    """Days around the lunar new year with less load."""

    days: tuple[int, int]
    factor: float


@dataclass(frozen=True)
class SmallUnits:
    """The share of units that receive only a few dossiers a month."""

    share: float
    dossiers: float


@dataclass(frozen=True)
class UnitProfile:
    """How the load, the fields and the lateness differ from unit to unit."""

    exponent: float
    small: SmallUnits
    late: tuple[float, ...]
    fields: int


@dataclass(frozen=True)
class CourseProfile:
    """How a dossier goes from reception to finish; days are working days."""

    no_deadline: float
    due_by_day: float
    supplemented: float
    supplemented_twice: float
    supplement_from: int
    request_days: int
    reply_days: int
    haste: float
    late_days: int
    free_days: int


@dataclass(frozen=True)
class OnlineShare:
    """A share for dossiers handed in online, and one for the others."""

    online: float
    other: float


@dataclass(frozen=True)
class PaidShares:
    """Of fee-bearing dossiers: paid on DVCQG, paid on another portal."""

    online: tuple[float, float]
    other: tuple[float, float]


@dataclass(frozen=True)
class DetailProfile:
    """Shares of everything that is said of a dossier beside its course."""

    channel_empty: float
    postal: float
    submit_lag: int
    identified: OnlineShare
    synced: float
    digitised: float
    paid: PaidShares
    circulated: float
    circulated_electronically: float
    withdrawn: float
    returned_only: float
    return_days: tuple[int, ...]
    e_result: float
    rated: float
    ratings: tuple[float, ...]
    newly_received: int
    owes_fee: float
    registered: float
    field_empty: float
    local_suffix: float


@dataclass(frozen=True)
class PersonalColumn:
    """A personal column of real exports with its artificial value."""

    heading: str
    form: str
    digits: int


@dataclass(frozen=True)
class SampleField:
    """A field; a procedure is (working days, share online, MucDo, fees, weight)."""

    levels: tuple[str, ...]
    procedures: tuple[tuple[int, float, int, tuple[int, ...], float], ...]


@dataclass(frozen=True)
class Profile:
    """``schemas/simulation/dossiers.yaml``."""

    basis: str
    mark: str
    begins: str
    follows: int
    estimate_from: int
    season: Mapping[int, float]
    rows: RowShares
    week: tuple[float, float, float, float, float, float, float]
    hours: tuple[tuple[int, int], ...]
    due_hour: int
    holidays: tuple[str, ...]
    lunar_new_year: tuple[date, ...]
    lunar_closed: tuple[int, int]
    lunar_slack: Slack
    units: UnitProfile
    course: CourseProfile
    details: DetailProfile
    suffix: str
    names: Mapping[Literal["procedure", "field"], str]
    field_code: str
    procedure_code: str
    personal: Mapping[str, PersonalColumn]
    fields: tuple[SampleField, ...]


@dataclass(frozen=True)
class Shift:
    """A moment as days from another."""

    of: Anchor
    days: int


@dataclass(frozen=True)
class Breakage:
    """One way to break a row: what its fields are set to."""

    id: str
    texts: Mapping[str, str | None] | None = None
    codes: Mapping[str, int] | None = None
    moments: Mapping[str, Literal["empty", "unreadable"] | Shift] | None = None


@dataclass(frozen=True)
class OfficeLook:
    """``schemas/simulation/office.yaml``."""

    basis: str
    title: str
    period: str
    sheet: str
    total: str
    rows_a_sheet: int
    columns: tuple[str, ...]
    unreadable: Mapping[Literal["native", "office"], str]
    result_file: str


@cache
def load_profile() -> Profile:
    """What simulated dossiers are like.

    Raises:
        SchemaDataError: The data are not usable.
    """
    path = "simulation/dossiers.yaml"
    return load(Profile, path)


@dataclass(frozen=True)
class Breakages:
    """The content of ``schemas/simulation/broken.yaml``."""

    basis: str
    kinds: tuple[Breakage, ...]


@cache
def load_breakages() -> tuple[Breakage, ...]:
    """The ways in which rows are broken, in the order of the file.

    Raises:
        SchemaDataError: The data are not usable.
    """
    path = "simulation/broken.yaml"
    return load(Breakages, path).kinds


@cache
def load_office_look() -> OfficeLook:
    """The look of an office's export.

    Raises:
        SchemaDataError: The data are not usable.
    """
    path = "simulation/office.yaml"
    return load(OfficeLook, path)
