"""Whether Spark can run here, and on what: two threads of this machine."""

import importlib.util
import os
import shutil

import pytest

MASTER = "local[2]"
MEMORY = "600MB"
_CAN = importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None
MARK = pytest.mark.skipif(
    not _CAN and not os.environ.get("CCHC_TEST_ALL"), reason="no pyspark or no Java here"
)
"""Skipped where pyspark or Java is absent, unless ``CCHC_TEST_ALL`` forbids skipping."""
