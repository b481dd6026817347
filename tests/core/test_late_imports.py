"""What a library imports and nobody uses is not loaded, and is whole as soon as it is touched."""

import subprocess
import sys

_PROGRAM = """
import sys
from cchc_pipeline.core.late_imports import UNUSED
from cchc_pipeline.contracts.checks import _great_expectations
_great_expectations()
from scipy import stats
inside = "scipy.stats._stats_py"
print(sorted(name for name in UNUSED if name in sys.modules), inside in sys.modules)
print(round(stats.norm.cdf(0), 3), inside in sys.modules, sys.meta_path[0])
"""


def test_great_expectations_loads_neither_statistics_nor_charts_until_somebody_asks() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    )
    first, second = done.stdout.splitlines()
    assert first == "['altair', 'scipy.stats'] False"
    assert second.startswith("0.5 True")
    assert "late_imports" not in second
