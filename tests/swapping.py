"""Whether this machine can let two folders change places, on which joining files rests.

Belongs here: the mark of tests that need it. Does not: assertions.
"""

import os
import tempfile
from pathlib import Path

import pytest

from cchc_pipeline.durable import swap_folders


def _can_swap() -> bool:
    with tempfile.TemporaryDirectory() as place:
        one, other = Path(place) / "one", Path(place) / "other"
        one.mkdir()
        other.mkdir()
        try:
            swap_folders(one, other)
        except OSError:
            return False
    return True


NEEDS_SWAP = pytest.mark.skipif(
    not os.environ.get("CCHC_TEST_ALL") and not _can_swap(),
    reason="folders cannot change places here",
)
"""Skipped where the file system cannot do it, unless ``CCHC_TEST_ALL`` forbids skipping."""
