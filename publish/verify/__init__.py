"""Verifying a release that is out: by its own descriptor, wherever it lies.

``places`` finds it and gives the verdicts, ``package`` reads it, ``checks`` judge it.
``standalone`` is the script beside a release, which shares nothing with them on purpose.

Belongs here: judging what readers have. Does not: the gates before a publication
(``publish.gates.gates``), making a release again (``assets.recomputation``), or printing.
"""

from importlib.resources import files

from publish.verify.package import Package, Subject
from publish.verify.places import CHECKS, Verdict, home_subject, subject_at, verify

__all__ = [
    "CHECKS",
    "VERIFIER",
    "Package",
    "Subject",
    "Verdict",
    "home_subject",
    "standalone_verifier",
    "subject_at",
    "verify",
]

VERIFIER = "verify.py"
"""The verifier that every release carries: one file, the standard library only."""


def standalone_verifier() -> bytes:
    """The file ``verify.py`` as it goes into a release."""
    return files(__name__).joinpath("standalone.py").read_bytes()
