"""Fixtures of places: the stages of a story, and what a round needs."""

from pathlib import Path

import pytest

from tests.made_once import MadeOnce
from tests.publish.places.stages import make_stages


@pytest.fixture(scope="session")
def stages(made_once: MadeOnce) -> Path:
    """A home for each stage, by its name; only read."""
    return made_once("stages-of-places", make_stages)
