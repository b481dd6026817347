"""What test files of pages share: a small portal of two months, made once.

Belongs here: fixtures. Does not: what it publishes (``tests.publish.two_months``).
"""

from pathlib import Path

import pytest

from tests.made_once import MadeOnce
from tests.publish.two_months import show


@pytest.fixture(scope="session")
def two_months_home(made_once: MadeOnce) -> Path:
    """An installation that shows two months, of which a figure was corrected; only to be read."""
    return made_once("two-months", lambda home: show(home / "portal"))
