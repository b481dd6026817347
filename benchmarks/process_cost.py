"""What a process costs, as the operating system accounts for it.

Belongs here: running one process and its figures. Does not: which processes are worth measuring.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """Of one process: wall seconds, peak memory in MB, processor seconds."""

    wall: float
    peak: float
    processor: float


def cost_of(command: Sequence[object]) -> Cost:
    """Run a process once and wait for it.

    Raises:
        RuntimeError: It ended with an error.
    """
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([str(a) for a in command], stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(said.read().decode(errors="replace")[-2000:])
    wall, processor = time.perf_counter() - began, used.ru_utime + used.ru_stime
    return Cost(wall, used.ru_maxrss / 1024, processor)
