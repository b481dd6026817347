"""The verifier that every release carries: one file, the standard library only.

Belongs here: ``verify.py``, which imports nothing of this project, and its bytes. Does not: the
checks of ``cchc verify`` (``publish.verification``), which reads with this project's libraries.
"""

from importlib.resources import files

VERIFIER = "verify.py"


def standalone_verifier() -> bytes:
    """The file ``verify.py`` as it goes into a release."""
    return files(__name__).joinpath(VERIFIER).read_bytes()
