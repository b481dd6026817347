"""What the figures were made from: digests of what was handed in, and what differs since then.

Belongs here: which inputs a table rests on (``schemas/release/revisions.yaml``), and telling one
delivery from another. Does not: the reason that follows for a changed value (``revisions``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from cchc_pipeline.declared_sources import declared_sources, owed_sources
from cchc_pipeline.period import Month
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.store import Lake, content_digest
from cchc_pipeline.typed_data import typed

Digests = Mapping[str, Mapping[str, str]]
"""By period, then by input (``scores``, ``dossiers`` …): a digest of what was handed in."""

_PATH = "release/revisions.yaml"
_DIGITS = 16


@dataclass(frozen=True)
class Origin:
    """What a published table is made from.

    Args:
        carried: Whether a month also rests on the earlier months of its year.
        inputs: The sources, by the names that the table ``submissions`` gives them; where the file
            names none, all that somebody owes.
    """

    carried: bool
    inputs: tuple[str, ...] = field(
        default_factory=lambda: tuple(one.source for one in owed_sources())
    )


@dataclass(frozen=True)
class Provenance:
    """The content of ``schemas/release/revisions.yaml``."""

    basis: str
    tables: dict[str, Origin]


@cache
def load_provenance() -> Provenance:
    """What each published table is made from.

    Raises:
        SchemaDataError: The shipped file is not usable.
    """
    return typed(Provenance, read_yaml(_PATH), f"schemas/{_PATH}")


def input_digests(lake: Lake, months: Iterable[Month]) -> dict[str, dict[str, str]]:
    """A digest of each input of each month; an input that was not handed in has none."""
    return {
        str(month): {
            name: content_digest(held.sort_by([(c, "ascending") for c in columns]), columns)[
                :_DIGITS
            ]
            for name, held, columns in (
                (one.source, lake.read(one.raw, month).select(list(chosen)), chosen)
                for one in declared_sources()
                for chosen in (one.told_apart_by,)
            )
            if held.num_rows
        }
        for month in months
    }


def read_digests(recorded: Any) -> Digests:
    """The digests that a release's record tells; none of a release from before they were."""
    return TypeAdapter(dict[str, dict[str, str]]).validate_python(recorded or {})


@dataclass(frozen=True)
class Renewal:
    """What was handed in since the release before, as pairs of period and input.

    Args:
        arrived: Nothing had been handed in before.
        replaced: Something else had been, or it was taken back.
    """

    arrived: frozenset[tuple[str, str]] = frozenset()
    replaced: frozenset[tuple[str, str]] = frozenset()


def renewal(before: Digests, now: Digests) -> Renewal:
    """Compare the inputs of two releases."""
    old, new = _flat(before), _flat(now)
    differing = {place for place in old.keys() | new.keys() if old.get(place) != new.get(place)}
    return Renewal(
        frozenset(place for place in differing if place not in old),
        frozenset(place for place in differing if place in old),
    )


def _flat(digests: Digests) -> dict[tuple[str, str], str]:
    return {
        (period, name): digest
        for period, found in digests.items()
        for name, digest in found.items()
    }
