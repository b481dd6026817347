"""What the gates judge: a draft, the bytes that it would publish, and the moment.

Belongs here: this one type. Does not: the gates (``gates``), or making the bytes (``publication``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from publish.release import Draft, Published


@dataclass(frozen=True)
class Candidate:
    """A draft with the bytes that it would publish, and the moment at which it is judged.

    ``folder`` holds the same bytes as files, for the checks that read a package from disk;
    ``shown`` are the releases that the portal shows already; ``revision_limit`` is the share of
    the published values of a year that a release may revise without being told that it may.
    """

    draft: Draft
    files: Mapping[str, bytes]
    folder: Path
    now: datetime
    production: bool
    methodology: str
    threshold: int
    shown: tuple[Published, ...] = ()
    revision_limit: Decimal = Decimal("0.25")
