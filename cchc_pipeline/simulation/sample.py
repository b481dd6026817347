"""A stream of simulated dossiers, month by month, and writing the export of a month.

Belongs here: how many dossiers a month receives, the rows of its export, in pieces; options, names
of files, compression, one pass over the rows for each file. What is open at the end of a month is
carried over into the next one of the same seed and options. Does not: the form of a file
(``exports``).
"""

import gzip
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import zstandard

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.units import UnitRegister
from cchc_pipeline.simulation.details import Rows, codes_of, moments_of, progress_of, texts_of
from cchc_pipeline.simulation.draws import Ints, start_of
from cchc_pipeline.simulation.exports import (
    broken,
    write_csv,
    write_jsonl,
    write_parquet,
    write_xlsx,
)
from cchc_pipeline.simulation.offer import (
    EMPTY,
    Course,
    Reception,
    course_of,
    offer_of,
    procedures_of,
    reception_of,
    require_units,
    sample_units,
)
from cchc_pipeline.simulation.profile import Profile, load_breakages, load_profile

PIECE = 50_000
FORMATS = ("csv", "jsonl", "parquet", "xlsx")
COMPRESSIONS = ("gz", "zst")
STEM = "ho-so-mau"
_LEVEL = 9


@dataclass(frozen=True)
class Sizes:
    """Rows of a month's export: all of them, and those that are no dossiers of the stream."""

    rows: int
    broken: int
    duplicates: int
    not_received: int
    received: int


@dataclass(frozen=True)
class Stream:
    """Dossiers of one seed and size.

    Args:
        profile: What they are like.
        register: The units in time; of every month asked, some stand below ``root``.
        root: The code that the units stand below.
        seed: The seed of all chance.
        dossiers: The rows of an ordinary month's export; each month has its season's factor.
        broken: The share of broken rows.
    """

    profile: Profile
    register: UnitRegister
    root: str
    seed: int
    dossiers: int
    broken: float
    _receptions: dict[Month, Reception] = field(default_factory=dict, compare=False)
    _known_sizes: dict[Month, Sizes] = field(default_factory=dict, compare=False)

    def sizes(self, month: Month) -> Sizes:
        """How many rows of each kind a month has.

        The dossiers received fill up what those carried over leave. These are counted from the
        first month on, each month from at most ``estimate_from`` of its dossiers.
        """
        if month not in self._known_sizes:
            at, carried = Month.parse(self.profile.begins), [0] * self.profile.follows
            while at <= month:
                self._known_sizes[at] = sizes = self._sizes(at, carried[0])
                still = self._still_open(at, sizes.received)
                carried = [a + b for a, b in zip(still, [*carried[1:], 0], strict=True)]
                at = at.next()
        return self._known_sizes[month]

    def _sizes(self, month: Month, carried: int) -> Sizes:
        rows = max(1, round(self.dossiers * self.profile.season[month.month]))
        bad = round(rows * self.broken)
        shares = self.profile.rows
        twice, refused = round(rows * shares.duplicates), round(rows * shares.not_received)
        received = max(0, rows - bad - twice - refused - carried)
        return Sizes(rows, bad, min(twice, received), refused, received)

    def _still_open(self, month: Month, received: int) -> list[int]:
        """Of the received, how many are open at the end of the month, and of those that follow."""
        seen = min(received, self.profile.estimate_from)
        finished = course_of(self.reception(month), np.arange(seen)).finished
        counts, at = [], month
        for _ in range(self.profile.follows):
            at = at.next()
            counts.append(round(int((finished >= start_of(at)).sum()) * received / max(seen, 1)))
        return counts

    def reception(self, month: Month) -> Reception:
        """What receives dossiers in a month."""
        if month not in self._receptions:
            scale = (self.seed, self.dossiers)
            offer = offer_of(self.profile, self.register, self.root, month, scale)
            procedures = procedures_of(self.profile)
            self._receptions[month] = reception_of(
                self.profile, month, offer, procedures, self.seed
            )
        return self._receptions[month]

    def export(self, month: Month) -> Iterator[Rows]:
        """The rows of a month's export in pieces of at most ``PIECE``.

        First the dossiers carried over and received, then broken rows, duplicates of received
        dossiers, and last those not taken in, which fill up the number of rows.
        """
        sizes, told = self.sizes(month), 0
        for piece in self._dossiers(month, sizes.received):
            told += len(piece)
            yield piece
        yield from self._broken(month, sizes)
        yield from self._duplicates(month, sizes)
        rest = sizes.rows - told - sizes.broken - sizes.duplicates
        yield from self._not_received(month, sizes.received + sizes.broken, max(0, rest))

    def _dossiers(self, month: Month, received: int) -> Iterator[Rows]:
        earlier, at = [], month
        for _ in range(self.profile.follows):
            at = at.previous()
            earlier.append(at)
        for origin in reversed(earlier):
            if origin >= Month.parse(self.profile.begins):
                number = self.sizes(origin).received
                yield from self._rows_of(month, origin, np.arange(number))
        yield from self._rows_of(month, month, np.arange(received))

    def _rows_of(self, month: Month, origin: Month, index: Ints) -> Iterator[Rows]:
        """The rows of those dossiers of ``origin`` that were open at some time in ``month``."""
        for piece in pieces(index):
            course = course_of(self.reception(origin), piece)
            course = course.only(course.finished >= start_of(month))
            if len(course.index):
                yield self._shown(month, self.reception(origin), course)

    def _shown(self, month: Month, reception: Reception, course: Course) -> Rows:
        progress = progress_of(reception, course, start_of(month.next()))
        moments = moments_of(reception, course, progress)
        rows = Rows(
            texts_of(reception, course, self.root),
            codes_of(reception, course, progress),
            moments,
            course.due_is_day,
        )
        return replace(rows, moments=moments | {"NgayHenTraMoi": rows.last_new_due()})

    def _broken(self, month: Month, sizes: Sizes) -> Iterator[Rows]:
        """Rows broken in turn; a month goes on with the kinds about where the last one stopped."""
        told = month.month * sizes.broken
        for piece in pieces(np.arange(sizes.broken) + sizes.received):
            for rows in self._rows_of(month, month, piece):
                yield broken(rows, load_breakages(), month, told)
                told += len(rows)

    def _duplicates(self, month: Month, sizes: Sizes) -> Iterator[Rows]:
        """Received dossiers told again: every other one as it was before it was finished."""
        step = sizes.received / max(sizes.duplicates, 1)
        index = (np.arange(sizes.duplicates) * step).astype(np.int64)
        for rows in self._rows_of(month, month, index):
            yield _as_before(rows)

    def _not_received(self, month: Month, first: int, number: int) -> Iterator[Rows]:
        share = self.profile.details.registered
        for piece in pieces(np.arange(number) + first):
            draws = self.reception(month).draws
            status = np.where(draws.below("registered", piece, share), 1, 3)
            for rows in self._rows_of(month, month, piece):
                yield _never_received(rows, status)


def pieces(index: Ints) -> Iterator[Ints]:
    """An array in parts of at most ``PIECE``."""
    for begin in range(0, len(index), PIECE):
        yield index[begin : begin + PIECE]


def _as_before(rows: Rows) -> Rows:
    """Every other row as it was when it was still worked on."""
    before = np.arange(len(rows)) % 2 == 1
    undone = {"NgayKetThucXuLy": EMPTY, "NgayTra": EMPTY}
    unsaid = {"MucDoHaiLong": EMPTY, "CoKetQuaDienTu": 0, "TrangThaiHoSo": 4}
    ended = rows.codes["TrangThaiHoSo"] >= 7
    moments = {k: np.where(before & ended, v, rows.moments[k]) for k, v in undone.items()}
    codes = {k: np.where(before & ended, v, rows.codes[k]) for k, v in unsaid.items()}
    return replace(rows, moments={**rows.moments, **moments}, codes={**rows.codes, **codes})


def _never_received(rows: Rows, status: Ints) -> Rows:
    """Only handed in: no dates but that, nothing done."""
    moments = {
        name: moment if name == "NgayNopHoSo" else np.full(len(rows), EMPTY)
        for name, moment in rows.moments.items()
    }
    unsaid = {"MucDoHaiLong": EMPTY, "LuanChuyenNoiBo": EMPTY, "CoKetQuaDienTu": 0}
    codes = {name: np.full(len(rows), code) for name, code in unsaid.items()}
    codes |= {"TrangThaiHoSo": status, "SoLanBoSung": np.zeros(len(rows), dtype=np.int64)}
    return replace(rows, moments=moments, codes={**rows.codes, **codes})


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
