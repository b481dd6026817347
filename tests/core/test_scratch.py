"""The scratch folder is a process's own, whoever else works on the same month or died doing so."""

import os
import signal
import time
from pathlib import Path

from cchc_pipeline.core.scratch import scratch_folder


def test_two_that_work_on_one_month_do_not_meet(tmp_path: Path) -> None:
    month = tmp_path / "2024-03"
    with scratch_folder(month) as first:
        (first / "rows.parquet").write_bytes(b"rows")
        with scratch_folder(month) as second:
            assert not list(second.iterdir())
        assert (first / "rows.parquet").read_bytes() == b"rows"
    assert not list(tmp_path.iterdir())


def test_a_worker_that_outlives_its_command_keeps_its_folder(tmp_path: Path) -> None:
    child, folder, pipe = _at_work(tmp_path)
    with scratch_folder(tmp_path / "2024-03"):
        assert (folder / "rows.parquet").exists()
    os.write(pipe, b"end")
    os.waitpid(child, 0)
    assert not folder.exists()
    os.close(pipe)


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    child, folder, pipe = _at_work(tmp_path)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert (folder / "rows.parquet").exists()
    with scratch_folder(tmp_path / "2024-04") as own:
        assert [path.name for path in tmp_path.iterdir()] == [own.name]
    os.close(pipe)


def _at_work(parent: Path) -> tuple[int, Path, int]:
    """A child with rows in its scratch folder: its number, the folder, what it waits to read."""
    waits, ends = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ends)
        with scratch_folder(parent / "2024-03") as folder:
            (folder / "rows.parquet").write_bytes(b"rows")
            (parent.parent / f"{parent.name}.ready").symlink_to(folder)
            os.read(waits, 3)
        os._exit(0)
    os.close(waits)
    ready = parent.parent / f"{parent.name}.ready"
    while not ready.is_symlink():
        time.sleep(0.01)
    return child, ready.readlink(), ends
