"""Every kind of input with a good file, its damage, and the reading that a month gives it.

Belongs here: what is read how, and what a reader's answer must be. Does not: how a file is damaged
(``mutations``), or running thousands of them (``benchmarks.bad_inputs``). All of it is DỮ LIỆU MẪU.
"""

import gzip
import io
import json
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
import zstandard

from cchc_pipeline.contracts.sources import source_of_input
from cchc_pipeline.core.errors import CchcError
from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.settings import load_settings
from cchc_pipeline.sources.national_portal.drop import read_drop
from cchc_pipeline.sources.national_portal.tables import read_month
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.sources.raw.deliveries import DeliveredFile, Delivery
from cchc_pipeline.sources.records.corrections import read_corrections
from cchc_pipeline.sources.records.other_inputs import Circumstances, reader_of
from cchc_pipeline.storage.duckdb_engine import Means
from publish.release.publication_log import read_publications
from publish.store.store import Portal
from tests.builders import mutations
from tests.builders.agency_form import filled
from tests.builders.dossier_export import GOOD, OPEN, csv_bytes, dossier, read_files
from tests.builders.mutations import Damage
from tests.builders.records import write_xlsx
from tests.command_line import SAMPLE_INBOX

LONGEST_LINE = 500
NOW = datetime.fromisoformat("2026-10-12T08:00:00+07:00")
MARCH, SEPTEMBER = Month(2024, 3), Month(2026, 9)
_RECEIVED = "2024-04-01T00:00:00Z"
Read = Callable[[Path, str, bytes], Iterator[str]]


@dataclass(frozen=True)
class Kind:
    """A kind of input: its file, a good one, how it is damaged, and how it is read.

    ``read`` takes an empty folder, the file's name and the bytes; it gives the lines that a person
    would be told of what was not taken, or raises.
    """

    name: str
    file: str
    good: Callable[[], bytes]
    damage: Damage
    read: Read


@dataclass(frozen=True)
class Verdict:
    """What came of a damaged file: ``read``, ``refused``, or what is wrong with the answer."""

    outcome: str
    line: str = ""


def kinds() -> tuple[Kind, ...]:
    """Every kind of input."""
    return (*_dossier_kinds(), *_small_kinds(), *_portal_kinds(), *_list_kinds())


def damaged(kind: Kind, seed: str) -> bytes:
    """A good file of a kind, damaged; the same seed gives the same bytes."""
    random = Random(seed)  # noqa: S311 - damage is no secret
    damage = kind.damage if random.random() < 0.6 else mutations.damage_bytes
    return damage(kind.good(), random)


def try_to_read(kind: Kind, content: bytes, folder: Path) -> Verdict:
    """Read a file as a month would, and judge what is said of it."""
    try:
        lines = [line for line in kind.read(folder, kind.file, content) if line]
    except CchcError as refusal:
        return _judged(kind, str(refusal))
    except Exception as error:  # what is looked for
        return Verdict("unexpected", f"{type(error).__name__}: {error}"[:300])
    bad = (v for line in lines if (v := _judged(kind, line)).outcome != "refused")
    return next(bad, Verdict("refused" if lines else "read"))


def _judged(kind: Kind, line: str) -> Verdict:
    """Whether a refusal names its file, is short, and is safe for a terminal."""
    if kind.file not in line:
        return Verdict("names no file", line)
    if len(line) > LONGEST_LINE:
        return Verdict("too long", line)
    if any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in line):
        return Verdict("raw characters", repr(line))
    return Verdict("refused", line)


def _dossiers() -> list[dict[str, str]]:
    rows = [dossier(number) for number in range(1, 9)]
    return [*rows, dossier(9, **OPEN), dossier(10, TongLePhi="50.000", MucDoHaiLong="")]


def _native() -> list[dict[str, Any]]:
    nested = {
        "DanhSachLePhi": [{"Gia": 50000, "TenLePhi": "Mẫu"}],
        "DanhSachGiayToKetQua": [{"DuongDanTepTinKetQua": "mau.pdf"}],
        "DanhSachHoSoBoSung": [{"NgayBoSung": "20240306080000", "NgayHenTraMoi": "20240320170000"}],
    }
    flat = ("TongLePhi", "SoLanBoSung", "CoKetQuaDienTu", "NgayHenTraMoi")
    return [{k: v for k, v in row.items() if k not in flat} | nested for row in _dossiers()]


@cache
def _csv() -> bytes:
    return csv_bytes(_dossiers())


@cache
def _json_lines() -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _native()).encode()


@cache
def _json() -> bytes:
    return json.dumps({"data": _native()}, ensure_ascii=False).encode()


@cache
def _parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(_native()), out)
    return out.getvalue()


def _workbook(name: str, rows: list[list[str]]) -> bytes:
    path = Path(name)
    write_xlsx(path, {"Mẫu": rows})
    content = path.read_bytes()
    path.unlink()
    return content


@cache
def _dossier_workbook() -> bytes:
    import tempfile  # noqa: PLC0415 - a builder writes to a path

    with tempfile.TemporaryDirectory() as folder:
        rows = [list(GOOD), *([row[name] for name in GOOD] for row in _dossiers())]
        return _workbook(f"{folder}/a.xlsx", rows)


def _read_dossiers(folder: Path, file: str, content: bytes) -> Iterator[str]:
    outcome = read_files(folder, {file: content})
    rows, *fates = outcome.account
    if rows != sum(fates):
        raise AssertionError(f"{file}: {rows} rows, {fates} accounted for")
    yield from ()


def _dossier_kinds() -> Iterator[Kind]:
    yield Kind("dossiers CSV", "ho-so.csv", _csv, mutations.damage_csv, _read_dossiers)
    lines = mutations.damage_lines
    yield Kind("dossiers JSON Lines", "ho-so.jsonl", _json_lines, lines, _read_dossiers)
    yield Kind("dossiers JSON", "ho-so.json", _json, mutations.damage_json, _read_dossiers)
    book = mutations.damage_workbook
    yield Kind("dossiers workbook", "ho-so.xlsx", _dossier_workbook, book, _read_dossiers)
    yield Kind(
        "dossiers Parquet", "ho-so.parquet", _parquet, mutations.damage_parquet, _read_dossiers
    )
    any_byte = mutations.damage_bytes
    yield Kind(
        "dossiers gzip",
        "ho-so.csv.gz",
        lambda: gzip.compress(_csv(), mtime=0),
        any_byte,
        _read_dossiers,
    )
    packed = zstandard.ZstdCompressor().compress
    yield Kind(
        "dossiers Zstandard", "ho-so.csv.zst", lambda: packed(_csv()), any_byte, _read_dossiers
    )


def _small_kinds() -> Iterator[Kind]:
    def kind(name: str, file: str, good: Callable[[], bytes], damage: Damage, record: str) -> Kind:
        return Kind(
            name,
            file,
            good,
            damage,
            lambda folder, at, content: _read_small(record, folder, at, content),
        )

    march, rows = SAMPLE_INBOX / "2024-03", mutations.damage_csv
    petitions, catalogue = march / "phan-anh-mau.csv", march / "tthc-mau.csv"
    yield kind("petitions CSV", "phan-anh.csv", petitions.read_bytes, rows, "petitions")
    yield kind("catalogue CSV", "tthc.csv", catalogue.read_bytes, rows, "procedures")
    yield kind("catalogue JSON", "tthc.json", _catalogue, mutations.damage_json, "procedures")
    yield kind("agency form", "H24.M01.xlsx", _form, mutations.damage_workbook, "agency_forms")


def _catalogue() -> bytes:
    items = [{"code": f"1.00000{n}", "name": "Thủ tục mẫu", "state": "PUBLIC"} for n in range(5)]
    return json.dumps({"data": {"items": items}}, ensure_ascii=False).encode()


@cache
def _form() -> bytes:
    return filled("H24.M01", {"II.2": {"numerator": 40, "denominator": 50}})


def _read_small(record: str, folder: Path, file: str, content: bytes) -> Iterator[str]:
    archive = RawArchive(folder / "raw")
    kept = DeliveredFile(file, archive.put(content), len(content), _RECEIVED)
    about = Circumstances(
        MARCH, "H24", _register(), archive, Means(folder / "scratch", "200MB"),
        {record: Delivery(record, MARCH, (kept,))},
    )  # fmt: skip
    source = source_of_input(record)
    assert source is not None
    yield from reader_of(source)(about).refused


@cache
def _register() -> Any:
    return load_register(SAMPLE_INBOX)


def _portal_kinds() -> Iterator[Kind]:
    for path in sorted((SAMPLE_INBOX / "2026-09" / "portal").iterdir()):
        yield Kind(
            f"portal {path.name}", path.name, path.read_bytes, mutations.damage_json, _read_capture
        )


def _read_capture(folder: Path, file: str, content: bytes) -> Iterator[str]:
    from cchc_pipeline.methodology import load_methodology  # noqa: PLC0415 - used here only

    capture = folder / "portal"
    capture.mkdir()
    for path in (SAMPLE_INBOX / "2026-09" / "portal").iterdir():
        (capture / path.name).write_bytes(content if path.name == file else path.read_bytes())
    archive = RawArchive(folder / "raw")
    read_drop(capture, SEPTEMBER, "H24", NOW, archive)
    settings = load_settings(home=folder / "home", inbox=folder)
    read_month(SEPTEMBER, archive, load_methodology(), _register(), settings)
    yield from ()


def _list_kinds() -> Iterator[Kind]:
    def kind(name: str, file: str, good: bytes, damage: Damage, read: Read) -> Kind:
        return Kind(name, file, lambda: good, damage, read)

    rows = mutations.damage_csv
    yield kind(
        "corrections", "corrections.yaml", _corrections(), mutations.damage_yaml, _read_corrections
    )
    yield kind("units", "units.csv", (SAMPLE_INBOX / "units.csv").read_bytes(), rows, _read_lists)
    successions = b"old_code,new_code,date,kind\nH24.M31,H24.M32,2025-07-01,merged\n"
    yield kind("successions", "successions.csv", successions, rows, _read_lists)
    publications = b"period,place,published_at\n2024-03,one_stop,2024-04-12T08:00:00+07:00\n"
    yield kind("publications", "publications.csv", publications, rows, _read_publications)


@cache
def _corrections() -> bytes:
    entry = {
        "basis": "month", "unit_code": "H24.M01", "metric_code": "TDGQ", "action": "replace",
        "value": 18.25, "expect": 81.25, "reason_code": "SRC",
        "reason": {"vi": "Nguồn gõ nhầm", "en": "Mistyped"},
        "reported_by": "Cơ quan mẫu", "reported_on": "2026-10-20",
    }  # fmt: skip
    entries = [entry, entry | {"basis": "ytd"}]
    text: str = yaml.safe_dump({"corrections": entries}, allow_unicode=True)
    return text.encode()


def _read_corrections(_: Path, file: str, content: bytes) -> Iterator[str]:
    read_corrections(content, file)
    yield from ()


def _read_lists(folder: Path, file: str, content: bytes) -> Iterator[str]:
    (folder / "units.csv").write_bytes((SAMPLE_INBOX / "units.csv").read_bytes())
    (folder / file).write_bytes(content)
    load_register(folder)
    yield from ()


def _read_publications(folder: Path, file: str, content: bytes) -> Iterator[str]:
    (folder / file).write_bytes(content)
    read_publications(Portal(folder / "portal"), folder, month=SEPTEMBER, now=NOW, production=False)
    yield from ()


__all__ = ["Kind", "Verdict", "damaged", "kinds", "replace", "try_to_read"]
