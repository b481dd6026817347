"""Fixtures of the tests of publishing: a small complete draft and a portal."""

from pathlib import Path

import pytest

from publish.model import Draft
from publish.store.store import Portal
from tests.publish.small_release import small_draft


@pytest.fixture(scope="session")
def good_draft() -> Draft:
    """A complete release that passes every gate; frozen, so the whole session may share it."""
    return small_draft()


@pytest.fixture
def portal(tmp_path: Path) -> Portal:
    """A portal in which nothing was published yet."""
    return Portal(tmp_path / "portal")
