"""What files must fulfil: a valid package, clean text, formats that carry the same cells.

Belongs here: what is judged on bytes, of a draft as of what is out, and which rows a row by row
reader need not read again. Does not: what the figures must fulfil (``figures``), or what may change
between releases (``changes``).

A row is judged by itself, so what was said of its bytes holds. What a row is judged with must be
the same too: the program, the schema, and the lists that its codes stand in. That keys tell all
rows apart is asked of the whole table (``figures.tables_meet_their_contracts``).
"""

import csv
import io
import json
import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema

from cchc_pipeline.contracts import Contract, Field
from cchc_pipeline.core.data import ROOT
from cchc_pipeline.core.errors import CheckFailedError
from cchc_pipeline.core.late_imports import unused_modules_late
from cchc_pipeline.core.masking import personal_marks
from publish.model import DESCRIPTOR, PUBLISHED_TABLES, SUMS, Published
from publish.package.bundle import bundle_name
from publish.package.croissant import CROISSANT
from publish.package.formats import Rows, first_difference, from_json, from_parquet, paths_of
from publish.package.workbook import from_xlsx
from publish.release.comparison import Candidate
from publish.store.reading import Package, Resource, Subject, sha256

_PROFILE = "profiles/data-package-2.0.json"
_FORMULA = re.compile(r"[=+@\t]|-(?!\d+(?:\.\d+)?$)")
"""How a cell begins that a spreadsheet would run; a plain negative number is none."""
_NO_VALUE = frozenset({"nan", "inf", "-inf", "null", "none"})
_READERS: Mapping[str, Callable[[bytes, Contract], Rows]] = {
    ".parquet": from_parquet,
    ".json": from_json,
    ".xlsx": from_xlsx,
}
_TAG = re.compile(r"<[^>]*>")
_PACKED = (".zip", ".xlsx")
_SHEET_TEXTS = "sharedStrings.xml"
_JUDGED_WITH = ("schema", "dialect", "encoding", "path")
_OF_BYTES = ("name", "path", "mediatype", "bytes", "hash")


def profile_is_valid(package: Package) -> Iterable[str]:
    """The descriptor meets the official Data Package 2.0 JSON Schema."""
    profile = json.loads(ROOT.joinpath(_PROFILE).read_text(encoding="utf-8"))
    validator = jsonschema.Draft7Validator(profile)
    descriptor = json.loads(package.read(DESCRIPTOR))
    for error in validator.iter_errors(descriptor):
        yield f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"


def frictionless_agrees(candidate: Candidate) -> Iterable[str]:
    """Read the finished package from disk with frictionless, which must find no error.

    It reads row by row, a minute for years of them: rows that the release before has in the same
    bytes are left out, and what it finds in the others is told from the whole.
    """
    with tempfile.TemporaryDirectory(dir=candidate.folder.parent) as folder:
        changed = package_of_changes(candidate.folder, candidate.draft.previous, Path(folder))
        if changed is None or _frictionless(changed):
            yield from _frictionless(candidate.folder / DESCRIPTOR)


def _frictionless(descriptor: Path) -> list[str]:
    """What frictionless finds in a package."""
    with unused_modules_late():
        import frictionless  # noqa: PLC0415 - half a second that only a publication pays

    report = frictionless.Package(str(descriptor)).validate()
    found = report.flatten(["name", "title", "note"])
    if not report.valid and not found:
        return ["the package is not valid"]
    return [f"{path}: {title}: {note}" for path, title, note in found[:20]]


def every_table_is_there(candidate: Candidate) -> Iterable[str]:
    """Each published table has its resource and its four files (frictionless accepts none)."""
    descriptor = json.loads(candidate.files[DESCRIPTOR])
    named = {resource["path"] for resource in descriptor["resources"]}
    for table in PUBLISHED_TABLES:
        for path in paths_of(table):
            if path not in named or path not in candidate.files:
                yield f"{path} is missing"


def text_is_clean(package: Package) -> Iterable[str]:
    """CSV is UTF-8, NFC, LF, no BOM, final newline, fixed decimals; no formula, no NaN."""
    for table in package.tables.values():
        forms = [_form(field) for field in table.contract.fields]
        yield from (f"{table.path}: {fault}" for fault in _csv_faults(table.content, forms))


def _form(field: Field) -> str:
    """The pattern of a column's numbers: no exponent, the declared decimals; empty for text.

    The files of a release do not declare how many decimals a number has.
    """
    if field.type not in {"integer", "number"}:
        return ""
    if field.type == "number" and field.decimals is None:
        return r"-?\d+(\.\d+)?"
    return rf"-?\d+\.\d{{{field.decimals}}}" if field.decimals else r"-?\d+"


def _csv_faults(content: bytes, forms: Sequence[str]) -> Iterable[str]:
    """Faults of the bytes, then of the cells.

    Args:
        content: A CSV file.
        forms: For each column the pattern of its numbers; empty for a column of text.
    """
    text = content.decode("utf-8")
    if text.startswith("\ufeff"):
        yield "begins with a BOM"
    if "\r" in text or not text.endswith("\n"):
        yield "lines do not end with LF"
    if unicodedata.normalize("NFC", text) != text:
        yield "is not NFC"
    heading, *rows = csv.reader(io.StringIO(text))
    yield from _row_faults([heading], [""] * len(heading), 1)
    yield from _row_faults(rows, forms, 2)


def _row_faults(rows: Sequence[Sequence[str]], forms: Sequence[str], first: int) -> Iterable[str]:
    """Faults of cells, each distinct one of a column judged once; ``first`` numbers the rows."""
    columns = list(zip(*rows, strict=True)) or [()] * len(forms)
    faults = [
        {cell: _cell_fault(cell, form) for cell in set(column)}
        for column, form in zip(columns, forms, strict=True)
    ]
    if not any(any(found.values()) for found in faults):
        return
    for number, row in enumerate(rows, start=first):
        for cell, found in zip(row, faults, strict=True):
            if found[cell]:
                yield f"row {number}: {cell[:20]!r} {found[cell]}"


def _cell_fault(cell: str, form: str) -> str:
    if form and cell:
        return "" if re.fullmatch(form, cell) else "is no number in the fixed form"
    if _FORMULA.match(cell):
        return "begins like a formula"
    return "is no value" if cell.casefold() in _NO_VALUE else ""


def formats_are_equal(package: Package) -> Iterable[str]:
    """CSV, Parquet, JSON and XLSX carry the same cells, read back from the bytes."""
    for name, table in package.tables.items():
        rows, copies = table.rows, package.copies(name)
        for ending in sorted(_READERS.keys() - copies.keys()):
            yield f"{name} has no {ending}"
        for ending, path in copies.items():
            difference = _unlike(rows, package, path, _READERS[ending], table.contract)
            if difference:
                yield f"{path}: {difference}"
    bundle = bundle_name(package.descriptor["name"])
    if bundle in package.names:
        yield from _unlike_bundle(package, bundle)


def _unlike_bundle(package: Package, bundle: str) -> Iterable[str]:
    """The tables in the ZIP are the files beside it."""
    with zipfile.ZipFile(io.BytesIO(package.read(bundle))) as archive:
        for name in archive.namelist():
            path = name.partition("/")[2]
            if path.startswith("data/") and archive.read(name) != package.read(path):
                yield f"{bundle}: {path} is not the file beside it"


def croissant_agrees(package: Package) -> Iterable[str]:
    """croissant.json names each CSV file with its digest and each table with its columns."""
    if CROISSANT not in package.names:
        return  # an earlier release
    told = json.loads(package.read(CROISSANT))
    digests = {file["@id"]: file["sha256"] for file in told["distribution"]}
    columns = {
        record["@id"]: [field["source"]["extract"]["column"] for field in record["field"]]
        for record in told["recordSet"]
    }
    for name, table in package.tables.items():
        if digests.get(table.path) != sha256(table.content):
            yield f"{CROISSANT}: {table.path} is not the file beside it"
        if columns.get(name.replace("_", "-")) != [one.name for one in table.contract.fields]:
            yield f"{CROISSANT}: {name} has other columns"


def _unlike(
    rows: Rows,
    package: Package,
    path: str,
    reader: Callable[[bytes, Contract], Rows],
    contract: Contract,
) -> str:
    try:
        return first_difference(rows, reader(package.read(path), contract))
    except CheckFailedError as error:
        return error.what
    except Exception as error:  # a library's own error on bytes that are no such file
        return f"cannot be read: {type(error).__name__}: {error}"


def nothing_personal(package: Package) -> Iterable[str]:
    """No personal column; no text or cell that looks like personal data or a dossier code.

    The cells of the tables are those of every format (``formats_are_equal``); the texts are all
    other files of the release, and those within an archive.
    """
    for name, table in package.tables.items():
        fields = table.contract.fields
        yield from (f"{name}.{field.name} is personal" for field in fields if field.personal)
        for column in (field.name for field in fields if field.type == "string"):
            cells = {cell for (cell,) in table.pick(column) if cell}
            kinds = personal_marks("\n".join(sorted(cells)))
            yield from (f"{name}.{column}: a cell looks like a {kind}" for kind in kinds)
    for path in sorted(package.names, key=lambda name: name.endswith(_PACKED)):
        if not path.startswith(("data/", "formats/")):
            found = {kind for text in _texts(package.read(path)) for kind in personal_marks(text)}
            yield from (f"{path}: holds what looks like a {kind}" for kind in sorted(found))


def _texts(content: bytes) -> Iterator[str]:
    """The texts of a file, or of what is packed in it; of a workbook those of its cells."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        yield content.decode("utf-8")
        return
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        for name in packed.namelist():
            if name.endswith(_SHEET_TEXTS) or not name.endswith(".xml"):
                yield _TAG.sub("\n", packed.read(name).decode("utf-8"))


def package_of_changes(whole: Path, before: Published | None, folder: Path) -> Path | None:
    """Make a package of the files of a release in which long tables have their changed rows only.

    Args:
        whole: The folder of the package.
        before: The release before.
        folder: Empty; the smaller package is made of links and of the files that are cut.

    Returns:
        Its descriptor, or None if there is nothing that the release before could tell.
    """
    descriptor = json.loads((whole / DESCRIPTOR).read_bytes())
    shown = _shown(before)
    if shown is None or _program(shown.descriptor) != _program(descriptor):
        return None
    resources = descriptor["resources"]
    cut = dict(_cut_tables(whole, resources, shown))
    _link_all(whole, folder, [resource["path"] for resource in resources])
    for name, rows in cut.items():
        (folder / f"{name}.csv").write_bytes(rows)
    descriptor["resources"] = [
        part for one in resources for part in (_cut_resource(one) if one["name"] in cut else [one])
    ]
    (folder / DESCRIPTOR).write_text(json.dumps(descriptor), encoding="utf-8")
    return folder / DESCRIPTOR


def _shown(before: Published | None) -> Package | None:
    """The release before, where its lists of files and resources are those that went out."""
    if before is None or not (before.folder / SUMS).is_file():
        return None
    package = Package(Subject(str(before.id), before.folder))
    if sha256(package.read(SUMS)) != before.digest or not package.is_intact(DESCRIPTOR):
        return None
    return package


def _program(descriptor: Mapping[str, Any]) -> Any:
    return descriptor.get("generatedBy", {}).get("version")


def _cut_tables(
    whole: Path, resources: Iterable[Resource], shown: Package
) -> Iterable[tuple[str, bytes]]:
    """The heading and changed rows of each table that nothing refers to."""
    now, before = ({one["name"]: one for one in rs} for rs in (resources, shown.resources))
    targets = {target for one in now.values() for target in _targets(one)}
    for name, one in now.items():
        if one.get("type") != "table" or name in targets or name not in before:
            continue
        path = one["path"]
        if _is_judged_alike(one, before[name], now, before) and shown.is_intact(path):
            rows = _changed_rows((whole / path).read_bytes(), shown.read(path))
            if rows is not None:
                yield name, rows


def _targets(resource: Resource) -> set[str]:
    """The resources that its codes stand in; itself by its own name."""
    keys = resource.get("schema", {}).get("foreignKeys", ())
    return {key["reference"].get("resource") or resource["name"] for key in keys}


def _is_judged_alike(
    one: Resource, earlier: Resource, now: Mapping[str, Resource], before: Mapping[str, Resource]
) -> bool:
    return all(one.get(part) == earlier.get(part) for part in _JUDGED_WITH) and all(
        now.get(target, {}).get("hash", target) == before.get(target, {}).get("hash")
        for target in _targets(one)
    )


def _changed_rows(content: bytes, earlier: bytes) -> bytes | None:
    """The heading and the lines that are not in the earlier file; None if lines are no rows."""
    (heading, *lines), (old_heading, *old_lines) = content.split(b"\n"), earlier.split(b"\n")
    known = set(old_lines)
    if heading != old_heading or len(set(lines)) != len(lines) or lines[-1:] != [b""]:
        return None
    if any(line.count(b'"') % 2 for line in (*lines, *known)):
        return None
    return b"".join(line + b"\n" for line in (heading, *lines[:-1]) if line not in known)


def _link_all(whole: Path, folder: Path, paths: Iterable[str]) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to((whole / path).resolve())


def _cut_resource(resource: Resource) -> list[Resource]:
    """The table with its changed rows, and its whole file as bytes that have a digest."""
    rows = {key: value for key, value in resource.items() if key not in {"bytes", "hash"}}
    as_bytes = {key: resource[key] for key in _OF_BYTES if key in resource}
    return [
        rows | {"path": f"{resource['name']}.csv"},
        as_bytes | {"name": f"{resource['name']}-whole", "format": "CSV"},
    ]
