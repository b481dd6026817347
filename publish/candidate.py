"""What the gates judge, and by what: a draft, the bytes that it would publish, the terms.

Belongs here: these two types. Does not: the gates (``gates``), or making the bytes
(``publication``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from publish.release import Draft, Published
from publish.signature import Signer


@dataclass(frozen=True)
class Terms:
    """The rules of publishing of an installation: one value from its settings to the gates.

    Args:
        production: Whether the portal is the city's real one, which refuses sample data.
        methodology: The name of the scoring rules in ``schemas/decision-766``.
        threshold: Fewer dossiers than this are not shown apart.
        revision_limit: The share of a year's published values that may be revised unasked.
        signer: Who signs; None where releases are not signed.
    """

    production: bool
    methodology: str
    threshold: int
    revision_limit: Decimal = Decimal("0.25")
    signer: Signer | None = None


@dataclass(frozen=True)
class Candidate:
    """A draft with the bytes that it would publish, and the moment at which it is judged.

    ``folder`` holds the same bytes as files, for the checks that read a package from disk;
    ``shown`` are the releases that the portal shows already.
    """

    draft: Draft
    files: Mapping[str, bytes]
    folder: Path
    now: datetime
    terms: Terms
    shown: tuple[Published, ...] = ()
