"""The national portal's catalogue of procedures: from its pages to procedures, whole or not at all.

Belongs here: one page of the catalogue, whether pages together are the whole of it, and judging its
procedures. Does not: asking for pages (``catalogue_client``), the city's own catalogue
(``sources.records.procedures``), or what changed since (``indicators.procedure_changes``).
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.masking import quoted
from cchc_pipeline.core.period import Month
from cchc_pipeline.core.scratch import scratch_folder
from cchc_pipeline.sources.national_portal.envelope import check_page, read_envelope
from cchc_pipeline.sources.readers.unpacking import format_of, unpack
from cchc_pipeline.sources.readers.upload_schema import file_rules, load_upload_schema
from cchc_pipeline.sources.records.rows import (
    SAMPLE_MARK,
    Fault,
    Judged,
    Reading,
    RecordRow,
    Repetition,
    judge_rows,
    reading_of,
)
from cchc_pipeline.sources.records.values import begins_like_formula, read_procedure_code

if TYPE_CHECKING:
    from cchc_pipeline.sources.records.other_inputs import Circumstances

SOURCE = "national_procedures"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_STATE = re.compile(r"[A-Z][A-Z_]{0,39}")
_ANEW = "capture the whole catalogue again: cchc catalogue MONTH"


@dataclass(frozen=True)
class CataloguePage:
    """One answer: its number among ``pages``, the ``total`` that it tells, what it lists."""

    number: int
    pages: int
    total: int
    items: tuple[Mapping[str, Any], ...]

    @property
    def of(self) -> tuple[int, int]:
        """What every page of one catalogue says alike."""
        return self.pages, self.total


def read_page(content: bytes, where: str) -> CataloguePage:
    """A page of the catalogue.

    Args:
        content: The raw answer.
        where: The file or address, for the error's line.

    Raises:
        SourceError: It is no good answer, or does not say which page of how many it is.
    """
    data = read_envelope(content, where)
    said, items = data.get("pagination"), data.get("items")
    if not isinstance(said, Mapping) or not isinstance(items, list):
        raise SourceError("no page of the catalogue: no items or pagination", where=where)
    number, total = said.get("currentPage"), said.get("total")
    if not _is_count(number) or not _is_count(total):
        what = f"currentPage is {quoted(number)}, total is {quoted(total)}: no counts"
        raise SourceError(what, where=where)
    pages = check_page(data, number, where)
    if not all(isinstance(item, Mapping) for item in items):
        raise SourceError("an item of the catalogue is no object", where=where)
    return CataloguePage(number, pages, total, tuple(items))


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def whole_catalogue(pages: Iterable[CataloguePage], where: str) -> tuple[CataloguePage, ...]:
    """The pages in their order, once each, if together they are the whole catalogue.

    Raises:
        SourceError: A page lacks or contradicts another, or they do not list as many procedures as
            each of them says that there are: it changed while it was walked.
    """
    by_number: dict[int, CataloguePage] = {}
    for page in pages:
        if by_number.setdefault(page.number, page) != page:
            what = f"page {page.number} came twice with different content"
            raise SourceError(what, where=where, todo=_ANEW)
    ordered = tuple(by_number[number] for number in sorted(by_number))
    problem = next(_what_lacks(ordered), None)
    if problem:
        raise SourceError(f"not the whole catalogue: {problem}", where=where, todo=_ANEW)
    return ordered


def _what_lacks(pages: Sequence[CataloguePage]) -> Iterator[str]:
    if not pages:
        yield "no page"
        return
    said = Counter(page.of for page in pages)
    if len(said) > 1:
        told = ", ".join(f"{total} procedures on {count} pages" for count, total in sorted(said))
        yield f"its pages speak of different states ({told})"
    ((count, total),) = list(said)[:1]
    lacking = sorted(set(range(1, count + 1)) - {page.number for page in pages})
    if lacking:
        yield f"{len(lacking)} of {count} pages are missing, the first is page {lacking[0]}"
    listed = {json.dumps(item.get("id")) for page in pages for item in page.items}
    if len(listed) != total:
        yield f"it lists {len(listed)} different procedures and says that there are {total}"


@dataclass(frozen=True)
class NationalProcedure:
    """A procedure as the portal lists it; departments by the portal's identifiers."""

    file: str
    row: int
    formality_id: str
    code: str
    name_vi: str
    state: str | None
    department_id: str | None
    publishing_departments: str | None
    applied_departments: str | None

    @property
    def unit_code(self) -> str | None:
        """None: the portal's catalogue is the nation's."""
        return None

    def as_row(self, month: Month) -> dict[str, Any]:
        """The row of ``national_procedures``."""
        said = {name: value for name, value in vars(self).items() if name not in ("file", "row")}
        return {"period": str(month), "procedure_code": said.pop("code"), **said}


def read_formalities(about: "Circumstances") -> Reading:
    """The month's capture of the catalogue; nothing of one that is not whole."""
    files = about.files(SOURCE)
    rows: list[RecordRow] = []
    try:
        pages = whole_catalogue(list(_pages(about)), SOURCE) if files else ()
        rows = list(rows_of(pages, files[0].name if files else ""))
        return reading_of(SOURCE, about, judge_formalities, (rows, (), bool(files)))
    except SourceError as error:
        return reading_of(SOURCE, about, judge_formalities, ([], (str(error),), False))


def _pages(about: "Circumstances") -> Iterator[CataloguePage]:
    with scratch_folder(about.means.scratch) as scratch:
        for file in about.files(SOURCE):
            plain = unpack(
                file.name, about.archive.path_of(file.sha256), scratch, file_rules().limits
            )
            yield from pages_of_file(file.name, plain)


def pages_of_file(name: str, path: Path) -> Iterator[CataloguePage]:
    """The pages that a file holds: one, or one a line.

    Raises:
        SourceError: One of them is no good answer.
    """
    content = path.read_bytes()
    if format_of(name)[0] != "jsonl":
        yield read_page(content, name)
        return
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip():
            yield read_page(line, f"{name} line {number}")


def rows_of(pages: Iterable[CataloguePage], file: str) -> Iterator[RecordRow]:
    """The procedures of a whole catalogue as rows of text, numbered as they stand in it."""
    items = (item for page in pages for item in page.items)
    names = [field for field in load_upload_schema(SOURCE).fields if field.name != SAMPLE_MARK]
    for number, item in enumerate(items, 1):
        texts = {field.name: _text(item.get(field.headings[0])) for field in names}
        yield RecordRow(file, number, texts | {SAMPLE_MARK: _text(item.get(SAMPLE_MARK))})


def _text(value: object) -> str | None:
    """A value as text: lists sorted and joined, what is nothing as None."""
    if isinstance(value, list):
        return ";".join(sorted(text for part in value if (text := _text(part)))) or None
    if value is None or isinstance(value, str):
        return unicodedata.normalize("NFC", " ".join((value or "").split())) or None
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def judge_formalities(rows: Iterable[RecordRow]) -> Judged[NationalProcedure]:
    """Judge the procedures of a whole catalogue; the portal's identifier tells them apart."""
    once = Repetition[NationalProcedure](
        SOURCE,
        key=lambda one: one.formality_id,
        content=lambda one: tuple(one.as_row(Month(1, 1)).values()),
        fault=lambda one: Fault("CODE_CONTRADICTS", "MaDinhDanh", one.formality_id),
    )
    return judge_rows(rows, _judge, once)


def _judge(row: RecordRow) -> tuple[NationalProcedure | None, None, list[Fault]]:
    identifier, state, name = row.text("MaDinhDanh"), row.text("TrangThai"), row.text("TenTTHC")
    code, faults = _code(row), list(_id_faults(row))
    if code is None:
        faults.append(Fault("CODE_MALFORMED", "MaTTHC", row.text("MaTTHC")))
    if not name:
        faults.append(Fault("NAME_MISSING", "TenTTHC"))
    if begins_like_formula(name):
        faults.append(Fault("TEXT_LIKE_FORMULA", "TenTTHC"))
    if state and not _STATE.fullmatch(state):
        faults.append(Fault("STATE_UNKNOWN", "TrangThai", state))
    if code is None or faults:
        return None, None, faults
    return NationalProcedure(
        row.file, row.row, identifier, code, name, state or None, row.text("CoQuan") or None,
        row.text("CoQuanCongBo") or None, row.text("CoQuanApDung") or None,
    ), None, []  # fmt: skip


def _id_faults(row: RecordRow) -> Iterator[Fault]:
    """Every identifier of the portal has its form: nothing else gets into these columns."""
    for column in ("MaDinhDanh", "CoQuan", "CoQuanCongBo", "CoQuanApDung"):
        text = row.text(column)
        parts = text.split(";") if text or column == "MaDinhDanh" else []
        if not all(_ID.fullmatch(part) for part in parts):
            yield Fault("ID_MALFORMED", column, text)


def _code(row: RecordRow) -> str | None:
    try:
        return read_procedure_code(row.text("MaTTHC"))
    except ValueError:
        return None
