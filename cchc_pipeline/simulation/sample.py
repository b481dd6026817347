"""Writing an export of simulated dossiers.

Belongs here: options, names of files, compression, one pass over the rows for each file. Does not:
what the rows are.
"""

import gzip
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import zstandard

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.units import UnitRegister
from cchc_pipeline.simulation.exports import write_jsonl, write_parquet
from cchc_pipeline.simulation.offer import require_units, sample_units
from cchc_pipeline.simulation.office import write_csv, write_xlsx
from cchc_pipeline.simulation.profile import load_profile
from cchc_pipeline.simulation.stream import Stream

FORMATS = ("csv", "jsonl", "parquet", "xlsx")
COMPRESSIONS = ("gz", "zst")
STEM = "ho-so-mau"
_LEVEL = 9


@dataclass(frozen=True)
class Options:
    """What to simulate.

    Attributes:
        dossiers: Rows of an ordinary month's export; each month has its season's factor (1 in
            March). Everything but this, ``seed`` and ``broken`` leaves the dossiers as they are.
        seed: The same seed makes the same bytes.
        broken: The share of rows that a check must refuse.
        formats: Some of ``FORMATS``; all carry the same rows in the same order.
        compress: One of ``COMPRESSIONS``, or None.
    """

    dossiers: int
    seed: int = 1
    broken: float = 0.004
    formats: tuple[str, ...] = ("csv",)
    compress: str | None = None


def write_sample(
    out: Path, month: Month, options: Options, register: UnitRegister, root: str
) -> list[Path]:
    """Write ``out/<month>/ho-so-mau.<format>[.<compression>]``, in pieces: memory is bounded.

    Args:
        out: An inbox, or any folder.
        month: The month of the export.
        options: What to simulate.
        register: The units in time; sample units are taken if there are any.
        root: The code that the units stand below, such as ``H24``.

    Returns:
        The files, in the order of the formats.

    Raises:
        UsageError: An option cannot be followed, or no unit exists in the month.
    """
    _require(options, month)
    require_units(register, root, month)
    stream = Stream(load_profile(), register, root, options.seed, options.dossiers, options.broken)
    suffix = f".{options.compress}" if options.compress else ""
    folder = out / str(month)
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{STEM}.{form}{suffix}" for form in options.formats]
    for form, path in zip(options.formats, files, strict=True):
        with _opened(path, options.compress) as file:
            _write(form, file, stream, month)
    return files


def _require(options: Options, month: Month) -> None:
    """Judge the options.

    Raises:
        UsageError: The first that cannot be followed.
    """
    profile = load_profile()
    begins = Month.parse(profile.begins)
    for _ in range(profile.follows):
        begins = begins.next()
    unknown = [form for form in options.formats if form not in FORMATS]
    checks = (
        (options.dossiers >= 1, "--dossiers", f"{options.dossiers} is no size", "give 1 or more"),
        (0 <= options.seed < 2**63, "--seed", f"{options.seed} is no seed", "give 0 or more"),
        (0 <= options.broken <= 1, "--broken", f"{options.broken} is no share", "give 0 to 1"),
        (not unknown, "--format", f"{unknown} is unknown", f"use {', '.join(FORMATS)} or all"),
        (options.compress in (None, *COMPRESSIONS), "--compress",
         f"{options.compress} is unknown", f"use {' or '.join(COMPRESSIONS)}"),
        (month >= begins, "month", f"{month} lies before the simulation", f"begin with {begins}"),
    )  # fmt: skip
    for holds, where, what, todo in checks:
        if not holds:
            raise UsageError(what, where=where, todo=todo)


def _write(form: str, file: IO[bytes], stream: Stream, month: Month) -> None:
    exports = stream.export(month)
    if form == "csv":
        write_csv(file, exports)
    elif form == "jsonl":
        write_jsonl(file, exports)
    elif form == "parquet":
        write_parquet(file, exports)
    else:
        units = sample_units(stream.register, stream.root, month)
        with tempfile.TemporaryFile() as book:  # a workbook is written by seeking
            write_xlsx(book, exports, month, units)
            book.seek(0)
            shutil.copyfileobj(book, file)


@contextmanager
def _opened(path: Path, compress: str | None) -> Iterator[Any]:
    """A file that appears under its name only when it is whole; nothing in it tells the time."""
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with unfinished.open("wb") as raw:
            if compress is None:
                yield raw
            elif compress == "gz":
                with gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as packed:
                    yield packed
            else:
                with zstandard.ZstdCompressor(level=_LEVEL).stream_writer(raw) as packed:
                    yield packed
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
