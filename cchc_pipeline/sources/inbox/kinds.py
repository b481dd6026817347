"""What kind of input a file is, by a bounded look into it.

Belongs here: the first bytes of a file, the headings or keys in them, and what these show. Does
not: its name (``files``), what becomes of it (``account``), or reading it for its figures
(``readers``, ``sources.national_portal.answers``). Whatever is damaged shows nothing: nothing here
raises.
"""

import csv
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.methodology import load_methodology
from cchc_pipeline.sources.agency_forms.items import load_layout
from cchc_pipeline.sources.inbox.files import (
    CORRECTIONS,
    FORMS,
    MANIFEST,
    SCORES,
    TABULAR,
    inbox_rules,
)
from cchc_pipeline.sources.national_portal.envelope import answer_layout
from cchc_pipeline.sources.national_portal.legacy_gateway import load_gateway
from cchc_pipeline.sources.readers.upload_schema import (
    UploadSchema,
    fold_heading,
    load_upload_schema,
)

_PACKED = {b"\x1f\x8b": ("gzip", ".gz"), b"\x28\xb5\x2f\xfd": ("zstd", ".zst")}
_FAULTS = (
    OSError, ValueError, EOFError, LookupError, OverflowError, RecursionError, NotImplementedError,
    MemoryError, TypeError, zipfile.BadZipFile, zlib.error, csv.Error, pa.ArrowException,
)  # fmt: skip
_KEYS = re.compile(r'"([^"\\]{1,64})"\s*:')
_CELL_TEXTS = re.compile(r"<t(?:\s[^>]*)?>([^<]*)</t>")
_CORRECTIONS = re.compile(r"^corrections\s*:", re.MULTILINE)
_ROOT = re.compile(r'"(?:parent|overview)"\s*:\s*\{[^{}\[\]]*"departmentCode"\s*:\s*"([A-Z]\d\d)"')
ANY_ROOT = "<root code>"
_SHEETS = 3


@dataclass(frozen=True)
class Kind:
    """What a file is: a record of ``schemas/records`` or one of ``_inbox.yaml``'s kinds.

    Attributes:
        name: The kind.
        format: ``csv``, ``xlsx``, ``jsonl``, ``json``, ``parquet`` or ``yaml``.
        packing: ``.gz``, ``.zst`` or nothing.
        endpoint: Which question of the national portal it answers, and of which root.
    """

    name: str
    format: str
    packing: str = ""
    endpoint: str = ""


def kind_by_content(path: Path) -> Kind | None:
    """What a regular file's content shows it to be; None where it shows nothing.

    Args:
        path: A regular file; only its first bytes, a workbook's first cells or a footer are read.
    """
    try:
        return _look(path)
    except _FAULTS:
        return None


def _look(path: Path) -> Kind | None:
    limits = inbox_rules().limits
    with path.open("rb") as content:
        head = content.read(limits.head_bytes)
    packing = next((found for magic, found in _PACKED.items() if head.startswith(magic)), None)
    if packing is None:
        if head.startswith(b"PAR1"):
            return _best(_parquet_names(path, limits.directory_bytes), "parquet", "")
        if head.startswith(b"PK"):
            with path.open("rb") as content:
                return _of_workbook(content, path.stat().st_size, "")
        return _of_text(head, "")
    with pa.input_stream(str(path), compression=packing[0]) as stream:
        head = stream.read(limits.head_bytes)
        if not head.startswith(b"PK"):
            return _of_text(head, packing[1])
        whole = head + stream.read(limits.packed_workbook_bytes)
    return _of_workbook(BytesIO(whole), len(whole), packing[1])


def _parquet_names(path: Path, most: int) -> Sequence[str]:
    """The columns that a Parquet file's footer names, if the footer is of a sensible size."""
    with path.open("rb") as content:
        content.seek(-8, 2)
        length = int.from_bytes(content.read(4), "little")
    return pq.read_schema(path).names if length <= most else ()


def _of_workbook(content: BinaryIO, size: int, packing: str) -> Kind | None:
    content.seek(max(0, size - 65_557))
    tail = content.read()
    place = tail.rfind(b"PK\x05\x06")
    directory = int.from_bytes(tail[place + 12 : place + 16], "little")
    if place < 0 or b"PK\x06\x06" in tail or directory > inbox_rules().limits.directory_bytes:
        return None
    with zipfile.ZipFile(content) as archive:
        texts = list(_cell_texts(archive))
    if _is_form(texts):
        return Kind(FORMS, "xlsx", packing)
    return _best(texts, "xlsx", packing)


def _cell_texts(archive: zipfile.ZipFile) -> Iterator[str]:
    """The first texts of a workbook: those of its shared list, and those in its first sheets."""
    names = archive.namelist()
    if "xl/workbook.xml" not in names:
        return
    sheets = [name for name in names if name.startswith("xl/worksheets/") and "/_rels/" not in name]
    for name in [name for name in names if name == "xl/sharedStrings.xml"] + sheets[:_SHEETS]:
        with archive.open(name) as part:
            text = part.read(inbox_rules().limits.head_bytes).decode("utf-8", "replace")
        yield from (unescape(cell) for cell in _CELL_TEXTS.findall(text))


def _is_form(texts: Iterable[str]) -> bool:
    """Whether they hold the headings of an agency form: those of the table, and the period's."""
    layout, folds = load_layout(), {fold_heading(text) for text in texts}

    def stands(headings: Iterable[str]) -> bool:
        return any(fold_heading(heading) in folds for heading in headings)

    block = {line.key: stands(line.headings) for line in layout.block}
    columns = sum(stands(column.headings) for column in layout.columns)
    return block["period"] and columns >= len(layout.columns) // 2


def _of_text(head: bytes, packing: str) -> Kind | None:
    is_utf16 = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = head.decode("utf-16" if is_utf16 else "utf-8-sig", "replace").lstrip()
    if "\0" in text:
        return None
    if text.startswith(("{", "[")):
        return _of_json(text, packing)
    if _CORRECTIONS.search(text):
        return Kind(CORRECTIONS, "yaml", packing)
    return _of_csv(text, packing)


def _of_json(text: str, packing: str) -> Kind | None:
    rules = inbox_rules().json
    keys = _KEYS.findall(text)
    folds = {fold_heading(key) for key in keys}
    if folds.issuperset(rules["legacy"]):
        return Kind(SCORES, "json", packing, f"{load_gateway().endpoint.name}.{ANY_ROOT}")
    is_answer = folds.issuperset(rules["envelope"])
    endpoint = _endpoint(text, set(keys)) if is_answer else ""
    if endpoint:
        root = _ROOT.search(text)
        whose = root[1] if root else ANY_ROOT
        return Kind(SCORES, "json", packing, f"{endpoint}.{whose}")
    if folds.issuperset(rules["manifest"]):
        return Kind(MANIFEST, "json", packing)
    first = text.splitlines()[0].rstrip()
    lines = first.startswith("{") and first.endswith("}")
    return _best(keys, "jsonl" if lines and not is_answer else "json", packing)


def _endpoint(text: str, keys: set[str]) -> str:
    """The question that an answer answers, by the counts or the metrics that stand in it."""
    if "groupScores" in keys:
        return "service-results"
    metrics = load_methodology("766-2026").metrics
    for name, shape in answer_layout().endpoints.items():
        counts = shape.counts.values()
        fields = {field for one in counts for field in (*one.numerator, *one.denominator)}
        codes = [m.code for m in metrics if m.group == shape.group]
        if fields & keys or (not counts and any(f'"{code}"' in text for code in codes)):
            return name
    return ""


def _of_csv(text: str, packing: str) -> Kind | None:
    lines = text.splitlines()[:50]
    found = [_best(_cells(lines, mark), "csv", packing) for mark in ",;\t|"]
    for mark in ",;\t":
        folds = {fold_heading(cell) for cell in next(csv.reader(lines[:1], delimiter=mark), ())}
        for name, columns in inbox_rules().lists.items():
            if folds.issuperset(map(fold_heading, columns)):
                return Kind(name, "csv", packing)
    return next((kind for kind in found if kind), None)


def _cells(lines: Sequence[str], mark: str) -> list[str]:
    """The cells of the row that names the most fields: headings stand in one row."""
    rows = [list(row) for row in csv.reader(lines, delimiter=mark)]
    return max(
        rows, key=lambda row: max(_fits(row, upload)[1] for upload in _schemas()), default=[]
    )


@cache
def _schemas() -> tuple[UploadSchema, ...]:
    return tuple(load_upload_schema(name) for name in TABULAR)


def _fits(names: Iterable[str], upload: UploadSchema) -> tuple[bool, int]:
    """Whether every field that must be there is named, and how many fields are."""
    known = {**upload.by_fold, **{fold_heading(name): name for name in upload.names}}
    found = {known[fold] for name in names if (fold := fold_heading(name)) in known}
    return all(field.name in found for field in upload.required), len(found)


def _best(names: Sequence[str], form_of_file: str, packing: str) -> Kind | None:
    """The record whose fields the names are; it must have every field that is needed."""
    fits = {upload.record: _fits(names, upload) for upload in _schemas()}
    record = max(fits, key=lambda name: fits[name])
    return Kind(record, form_of_file, packing) if fits[record][0] else None
