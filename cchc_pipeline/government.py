"""A place of government as data: the province or city that publishes (``schemas/government``).

Belongs here: what is known of the place under a root unit's code, and what a place of which no file
tells is taken for. Does not: its units (``registers.unit_lists``), what an installation sets in
their place (``settings``), or the terms of reuse (``terms``).
"""

from datetime import date
from functools import cache

from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.core.data import NO_EXTRAS, ROOT, load, refuse
from cchc_pipeline.core.errors import UsageError

DEFAULT_ROOT = "H24"
_FOLDER = "government"
_PACKAGE = "chat-luong-phuc-vu"


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class PlaceWords:
    """Words in both languages."""

    vi: str
    en: str


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Box:
    """The degrees (WGS 84) within which a place lies, rounded outward."""

    west: float
    south: float
    east: float
    north: float

    @property
    def wkt(self) -> str:
        """The box as well-known text, longitude first."""
        west, south, east, north = self.west, self.south, self.east, self.north
        corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
        return f"POLYGON(({', '.join(f'{x:g} {y:g}' for x, y in corners)}))"

    @property
    def middle(self) -> str:
        """Its middle."""
        return f"POINT({(self.west + self.east) / 2:g} {(self.south + self.north) / 2:g})"


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Government:
    """A province or city that publishes; what is not known of it is empty.

    Attributes:
        code: The code of its own unit, the root.
        place: Its name without its rank.
        noun: Its rank, as pages say the whole of it: thành phố, tỉnh.
        unit: The name of its own unit.
        slug: Its name in addresses.
        data_package: The name of its data package, where it is not made of the slug.
        iso: Its code in ISO 3166-2.
        box: Where it lies, for catalogues.
        department_id: Its identifier in the national portal's API.
        publisher: Who publishes; the root unit itself where that is not known.
        language: The language of its titles.
        plan_years: The years whose plan in ``schemas/plan`` is its own; None where no file tells.
        units: The list of its units whose codes are not public, below ``schemas``.
        valid_from: The first day of its unit under this code in the data.
        basis: Where that is known from.
        publication: What asks for monthly publication, for the calendar's page.
    """

    code: str
    place: PlaceWords
    noun: PlaceWords
    unit: PlaceWords
    slug: str
    data_package: str = ""
    iso: str = ""
    box: Box | None = None
    department_id: str = ""
    publisher: str = ""
    language: str = "vi"
    plan_years: tuple[int, ...] | None = None
    units: str = ""
    valid_from: date | None = None
    basis: str = ""
    publication: PlaceWords | None = None

    @property
    def package(self) -> str:
        """The name of its data package, which addresses and catalogues know it by."""
        return self.data_package or f"{self.slug}-{_PACKAGE}"

    @property
    def office(self) -> str:
        """Who publishes and answers: the publisher, else the unit itself."""
        return self.publisher or self.unit.vi

    def has_plan(self, year: int) -> bool:
        """Whether the plan of a year in ``schemas/plan`` binds this place."""
        return self.plan_years is None or year in self.plan_years


@cache
def government_of(code: str) -> Government:
    """The place of a root unit; one of which no file tells is called by its code.

    Raises:
        SchemaDataError: Its file cannot be used.
    """
    if code not in known_governments():
        named = PlaceWords(code, code)
        noun = PlaceWords("tỉnh, thành phố", "province or city")
        return Government(code, named, noun, named, code.lower())
    path = f"{_FOLDER}/{code}.yaml"
    found = load(Government, path)
    refuse([] if found.code == code else [f"code is {found.code}"], f"schemas/{path}")
    return found


@cache
def known_governments() -> tuple[str, ...]:
    """The codes of the places that have a file."""
    names = (entry.name for entry in ROOT.joinpath(_FOLDER).iterdir())
    return tuple(sorted(n.removesuffix(".yaml") for n in names if n[:1].isupper()))


def require_government(code: str) -> None:
    """Refuse to publish for a place of which nothing is known.

    Raises:
        UsageError: There is no file of the place.
    """
    if code not in known_governments():
        raise UsageError(
            f"no place of government is known under {code}",
            where="setting 'root_unit' (CCHC_ROOT_UNIT, --root)",
            todo=f"write schemas/{_FOLDER}/{code}.yaml like {DEFAULT_ROOT}.yaml, or use one of "
            f"{', '.join(known_governments())}",
        )
