"""Code that readers can copy to read the data.

Belongs here: filling the shipped code with the portal's address. Does not: the code and its words,
which are data (``schemas/pages/snippets.yaml``).
"""

from dataclasses import dataclass

from cchc_pipeline.contracts import Text
from cchc_pipeline.reference import read_yaml
from publish.release import Identity

PLACEHOLDER = "https://…/"
"""Stands for the portal's address where that is not known."""


@dataclass(frozen=True)
class Snippet:
    """A piece of code with what it is for."""

    name: str
    language: str
    title: Text
    note: Text
    code: str


def snippets(identity: Identity, base: str = "") -> tuple[Snippet, ...]:
    """The code for readers of a portal.

    Args:
        identity: Who publishes, and where.
        base: The address that the code reads from; that of the portal if empty.
    """
    known = f"{identity.public_url.rstrip('/')}/" if identity.public_url else PLACEHOLDER
    places = {"base": base or known, "unit": identity.root_unit}
    return tuple(
        Snippet(
            name, entry["language"], Text(**entry["title"]), Text(**entry["note"]),
            entry["code"].format(**places),
        )
        for name, entry in read_yaml("pages/snippets.yaml").items()
    )  # fmt: skip
