#!/usr/bin/env python3
"""Kiểm tra một bản phát hành của bộ dữ liệu này | checks a release of this data set.

    python3 verify.py [FOLDER | https://…/releases/2024-03/r1/]     (Python 3.9+, nothing else)

Không có tham số thì kiểm thư mục chứa tệp này | without an argument, the folder that it lies in.
One line a check, OK or LỖI (failed) with why | mỗi phép kiểm một dòng, OK hoặc LỖI kèm lý do.
Exit code 0 if nothing failed, else 1 | mã thoát 0 nếu không có lỗi, nếu có thì 1.

It proves that the files are whole and agree with each other, not who made them: compare the digest
of SHA256SUMS with the one in the portal's index.json, or check its signature with minisign.
"""

import csv
import hashlib
import io
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib import parse, request
from xml.etree import ElementTree

SUMS, SIGNATURE = "SHA256SUMS", "SHA256SUMS.minisig"
LARGEST_FILE = 1 << 30  # bytes; what is longer is no file of a release
TOLERANCE = 0.011  # points; group scores are rounded before they are added up
# Tables, each with the column that is empty exactly if the row's status says so.
STATED = (("scores", "score"), ("plan-indicators", "value"), ("dossier-statistics", "received"),
          ("petition-statistics", "received"))  # fmt: skip
KINDS: dict[str, tuple[str, Callable[[str], Any]]] = {  # how cells are written, and their value
    "integer": (r"-?\d+", int),
    "number": (r"-?\d+(\.\d+)?", float),
    "boolean": (r"true|false", lambda text: text == "true"),
    "yearmonth": (r"\d{4}-(0[1-9]|1[0-2])", str),
    "date": (r"\d{4}-\d\d-\d\d", str),
    "datetime": (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str),
}
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
Row = tuple[Any, ...]  # of text, int, float, bool or None; dates and moments stay text


class Table:
    """The rows of a CSV file, typed as its schema declares."""

    def __init__(self, path: str, schema: dict[str, Any], content: bytes) -> None:
        self.path, self.schema, fields = path, schema, schema["fields"]
        stated = ([field[name] for field in fields] for name in ("name", "title", "type"))
        self.columns, self.titles, self.types = stated
        self.rows = list(rows_of_csv(content, self.columns, self.types))

    def pick(self, *names: str) -> list[Row]:
        """These columns of every row."""
        places = [self.columns.index(name) for name in names]
        return [tuple(row[place] for place in places) for row in self.rows]

    def keyed(self, *names: str) -> Iterator[Row]:
        """The place and primary key of every row as a text, and these columns."""
        for key, cells in zip(self.pick(*self.schema["primaryKey"]), self.pick(*names)):
            yield (f"{self.path}: {' '.join(map(str, key))}", *cells)


class Release:
    """What lies in a folder or at an address; each file is read when it is needed, and once."""

    def __init__(self, where: str) -> None:
        self.where, self.is_remote = where, where.startswith(("https://", "http://"))
        self.kept: dict[str, bytes] = {}

    def read(self, name: str) -> bytes:
        """The bytes of a file."""
        if name not in self.kept:
            if name.startswith("/") or ".." in name or "\\" in name or ":" in name:
                raise ValueError(f"{name!r} nằm ngoài thư mục | lies outside the folder")
            if self.is_remote:
                address = f"{self.where.rstrip('/')}/{parse.quote(name)}"
                with request.urlopen(address, timeout=60) as answer:  # noqa: S310 - http(s)
                    self.kept[name] = answer.read(LARGEST_FILE)
            else:
                self.kept[name] = (Path(self.where) / name).read_bytes()
        return self.kept[name]

    @cached_property
    def sums(self) -> dict[str, str]:
        """The digest of every listed file."""
        lines = (line.split("  ", 1) for line in self.read(SUMS).decode("utf-8").splitlines())
        return {name: digest for digest, name in lines}

    @cached_property
    def resources(self) -> list[dict[str, Any]]:
        """The files that the descriptor describes."""
        return list(json.loads(self.read("datapackage.json"))["resources"])

    @cached_property
    def tables(self) -> dict[str, Table]:
        """The tables by the names of their resources."""
        described = [one for one in self.resources if "schema" in one]
        return {o["name"]: Table(o["path"], o["schema"], self.read(o["path"])) for o in described}


def rows_of_csv(content: bytes, columns: list[str], types: list[str]) -> Iterator[Row]:
    """The typed rows of a CSV file; an empty cell is None."""
    reader = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    if next(reader, []) != columns:
        raise ValueError("tiêu đề khác khai báo | the heading is not as declared")
    forms = [KINDS.get(kind, (r"(?s:.*)", str)) for kind in types]
    for row in reader:
        if len(row) != len(columns):
            raise ValueError(f"dòng | line {reader.line_num}: {len(row)} ô | cells")
        for text, name, (form, _) in zip(row, columns, forms):
            if text and not re.fullmatch(form, text):
                raise ValueError(f"dòng | line {reader.line_num}, {name}: {text!r}")
        yield tuple(value(text) if text else None for text, (_, value) in zip(row, forms))


def rows_of_json(content: bytes, table: Table) -> Iterator[Row]:
    """The rows of an array of objects."""
    for row in json.loads(content):
        if list(row) != table.columns:
            raise ValueError("các cột khác khai báo | the columns are not as declared")
        yield tuple(row.values())


def rows_of_xlsx(content: bytes, table: Table) -> Iterator[Row]:
    """The rows of the sheet that is named as the table, below the titles of the columns."""
    book = zipfile.ZipFile(io.BytesIO(content))
    names = [sheet.get("name") for sheet in parts(book, "workbook.xml", "sheet")]
    strings = parts(book, "sharedStrings.xml", "si")
    shared = ["".join(text.text or "" for text in one.iter(f"{SHEET}t")) for one in strings]
    rows = parts(book, f"worksheets/sheet{names.index(Path(table.path).stem[:31]) + 1}.xml", "row")
    if [cell_of(cell, "", shared) for cell in next(rows, ())] != table.titles:
        raise ValueError("tiêu đề khác khai báo | the heading is not as declared")
    for row in rows:
        if len(row) != len(table.types):
            raise ValueError(f"dòng | row {row.get('r')}: {len(row)} ô | cells")
        yield tuple(cell_of(cell, kind, shared) for cell, kind in zip(row, table.types))


def parts(book: zipfile.ZipFile, name: str, tag: str) -> Iterator[ElementTree.Element]:
    """The elements of a tag; a file that is huge, or declares entities, is none of ours."""
    content = book.open(f"xl/{name}").read(LARGEST_FILE)
    if not content.startswith(b'<?xml version="1.0" encoding="UTF-8"') or b"<!" in content:
        raise ValueError(f"{name}: không an toàn | is not safe to read")
    for _, element in ElementTree.iterparse(io.BytesIO(content)):  # noqa: S314 - no entities
        if element.tag == f"{SHEET}{tag}":
            yield element
            element.clear()


def cell_of(cell: ElementTree.Element, kind: str, shared: list[str]) -> Any:
    """A cell's value; dates are days counted from the end of 1899."""
    text, form = cell.findtext(f"{SHEET}v"), cell.get("t", "n")
    if text is None:
        return None
    if form != "n":
        return shared[int(text)] if form == "s" else text == "1"
    if kind == "date":
        return (date(1899, 12, 30) + timedelta(days=int(text))).isoformat()
    return int(text) if kind == "integer" else float(text)


def files_match_sums(release: Release) -> Iterator[str]:
    """Tệp khớp SHA256SUMS | the files are those that are listed, unchanged."""
    for name, digest in release.sums.items():
        try:
            if hashlib.sha256(release.read(name)).hexdigest() != digest:
                yield f"{name}: bị thay đổi | changed"
        except OSError as error:
            yield f"{name}: thiếu | missing ({error})"
    if not release.is_remote:  # the web shows only what is asked for by name
        root = Path(release.where)
        found = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
        for name in sorted(found - release.sums.keys() - {SUMS, SIGNATURE}):
            yield f"{name}: không có trong danh sách | is not listed"


def descriptor_matches(release: Release) -> Iterator[str]:
    """Mô tả khớp tệp | sizes and digests are those in datapackage.json."""
    for one in release.resources:
        size, digest = len(release.read(one["path"])), f"sha256:{release.sums.get(one['path'])}"
        if (size, digest) != (one["bytes"], one["hash"]):
            yield f"{one['path']}: khác mô tả | is not as described"


def csv_is_as_declared(release: Release) -> Iterator[str]:
    """CSV đúng khai báo | the columns and types of every CSV file."""
    for one in (one for one in release.resources if "schema" in one):
        try:
            Table(one["path"], one["schema"], release.read(one["path"]))
        except ValueError as error:
            yield f"{one['path']}: {error}"


def keys_are_unique(release: Release) -> Iterator[str]:
    """Khóa chính không trùng | no two rows have one primary key."""
    for table in release.tables.values():
        lines = sorted(line for (line,) in table.keyed())
        yield from (line for line, following in zip(lines, lines[1:]) if line == following)


def references_resolve(release: Release) -> Iterator[str]:
    """Khóa ngoại có trong danh mục | every code stands in its code list."""
    for name, table in release.tables.items():
        for key in table.schema.get("foreignKeys", ()):
            target = release.tables[key["reference"].get("resource", name)]
            used = {row for row in table.pick(*key["fields"]) if None not in row}
            for code in sorted(used - set(target.pick(*key["reference"]["fields"]))):
                yield f"{table.path}: {code} không có trong | is not in {target.path}"


def copies_equal_csv(release: Release) -> Iterator[str]:
    """JSON và XLSX giống CSV | JSON and XLSX agree with CSV cell by cell."""
    for one in release.resources:
        if one["format"] in ("JSON", "XLSX"):
            yield from unlike_csv(release, one["path"], release.tables[one["alternateOf"]])


def unlike_csv(release: Release, path: str, table: Table) -> Iterator[str]:
    """How a copy of a table differs from its CSV file; 1 is neither "1" nor true."""
    rows_of = rows_of_json if path.endswith(".json") else rows_of_xlsx
    try:
        rows = list(rows_of(release.read(path), table))
    except (ValueError, LookupError, zipfile.BadZipFile, ElementTree.ParseError) as error:
        yield f"{path}: không đọc được | cannot be read: {error}"
        return
    if len(rows) != len(table.rows):
        yield f"{path}: {len(rows)} dòng | rows, CSV {len(table.rows)}"
    for number, (left, right) in enumerate(zip(table.rows, rows), start=1):
        for name, one, two in zip(table.columns, left, right):
            if one != two or type(one) is not type(two):
                yield f"{path}: dòng | row {number}, {name}: {two!r}, CSV {one!r}"
                return


def groups_sum_to_total(release: Release) -> Iterator[str]:
    """Điểm nhóm cộng thành tổng | group scores add up to the total."""
    codes = release.tables["metrics"].pick("methodology", "metric_code", "group_code", "max_score")
    most = {(rules, code): points for rules, code, group, points in codes if group is None}
    names = ("methodology", "metric_code", "period", "basis", "unit_code", "score")
    units: dict[Row, dict[str, float]] = {}
    for rules, code, *unit, score in release.tables["scores"].pick(*names):
        if score is not None and (rules, code) in most:
            units.setdefault((rules, *unit), {})[code] = score
    for (rules, *unit), groups in units.items():
        total, reach = groups.pop("TOTAL", None), sum(most[rules, code] for code in groups)
        if total is None or reach != most[rules, "TOTAL"]:
            continue  # the source left a group out: what is there need not add up
        if abs(round(total - sum(groups.values()), 4)) > TOLERANCE:
            yield f"{' '.join(unit)}: {total}, các nhóm | groups {sum(groups.values()):.2f}"


def gaps_have_a_status(release: Release) -> Iterator[str]:
    """Ô trống có lý do | a value is empty exactly if its status says so."""
    allowed: dict[str, bool] = dict(release.tables["obs-status"].pick("code", "value_allowed"))
    for name, column in STATED:
        for line, value, status in release.tables[name].keyed(column, "obs_status"):
            if (value is not None) != allowed.get(status):
                yield f"{line}: {column} = {value}, obs_status = {status}"


def submissions_add_up(release: Release) -> Iterator[str]:
    """Dòng nhận được đủ | rows received were accepted, quarantined or duplicates."""
    parts = ("accepted", "quarantined", "duplicates")
    for line, rows, *counts in release.tables["submissions"].keyed("rows", *parts):
        if rows is not None and rows != sum(count or 0 for count in counts):
            yield f"{line}: {rows} ≠ {counts}"


CHECKS = (
    files_match_sums, descriptor_matches, csv_is_as_declared, keys_are_unique, references_resolve,
    copies_equal_csv, groups_sum_to_total, gaps_have_a_status, submissions_add_up,
)  # fmt: skip


def judge(check: Callable[[Release], Iterator[str]], release: Release) -> bool:
    """Make a check and print what it found; whether it did not fail."""
    try:
        failures = list(check(release))
    except Exception as error:  # a check that breaks was not passed
        failures = [f"{type(error).__name__}: {error}"]
    print(f"{'LỖI' if failures else 'OK '}  {check.__doc__}", *failures[:10], sep="\n     ")
    return not failures


def main(arguments: list[str]) -> int:
    """Judge the release in the folder or at the address that is named."""
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    release = Release(arguments[0] if arguments else str(Path(__file__).resolve().parent))
    passed = [judge(check, release) for check in CHECKS]
    print("–    Parquet: chỉ so mã băm | only its digest was compared")
    print("ĐẠT | passed" if all(passed) else "KHÔNG ĐẠT | FAILED")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
