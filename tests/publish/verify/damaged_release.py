"""A small release in a folder, and every kind of damage that a verifier must find.

Belongs here: writing the release, damaging it, and sealing it again so that digests no longer tell.
Does not: assertions. Both verifiers and the gates are tried on the same damage.
"""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from publish.model import DESCRIPTOR, SUMS, Draft
from publish.package.bundle import bundle, bundle_name
from publish.package.croissant import CROISSANT, croissant
from publish.package.formats import json_bytes
from publish.store.store import write_files
from tests.publish.small_release import (
    FIRST,
    IDENTITY,
    MOMENT,
    Row,
    small_draft,
    whole_once,
    with_table,
)

SHEET = "xl/worksheets/sheet2.xml"


def whole_release(folder: Path, draft: Draft | None = None) -> Path:
    """The files of a small release."""
    write_files(folder, whole_once(draft or small_draft()))
    return folder


def sealed(folder: Path) -> None:
    """Make descriptor and digests again, as someone would who knows how they are made."""
    path = folder / DESCRIPTOR
    descriptor = json.loads(path.read_bytes())
    for resource in descriptor["resources"]:
        content = (folder / resource["path"]).read_bytes()
        resource |= {"bytes": len(content), "hash": f"sha256:{_digest(content)}"}
    path.write_text(json.dumps(descriptor, ensure_ascii=False), encoding="utf-8")
    (folder / CROISSANT).write_bytes(json_bytes(croissant(descriptor, IDENTITY)))
    _packed_again(folder)
    counted(folder)


def _packed_again(folder: Path) -> None:
    """Put what lies beside the ZIP into it."""
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    name = json.loads(files[DESCRIPTOR])["name"]
    (folder / bundle_name(name)).write_bytes(bundle(name, files, MOMENT))


def counted(folder: Path) -> None:
    """Make the digests again, and leave the descriptor."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    lines = (f"{_digest(p.read_bytes())}  {p.relative_to(folder).as_posix()}\n" for p in files)
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Damage:
    """A kind of damage.

    Args:
        name: What it is.
        do: Damages the release in a folder.
        check: The check of ``cchc verify`` that must find it, and alone must.
        says: What its line must name.
        title: What the title of the stand-alone verifier's check begins with; empty if it has none.
    """

    name: str
    do: Callable[[Path], None]
    check: str
    says: str
    title: str


def on_file(
    name: str, change: Callable[[bytes], bytes], *, seal: bool = True
) -> Callable[[Path], None]:
    """Change the bytes of a file."""

    def do(folder: Path) -> None:
        path = folder / name
        path.write_bytes(change(path.read_bytes()))
        if seal:
            sealed(folder)

    return do


def on_table(name: str, change: Callable[[Row], Row | None]) -> Callable[[Path], None]:
    """Publish other rows: the formats agree, and the digests too."""
    return lambda folder: _written_over(folder, with_table(small_draft(), name, change))


def _twice(folder: Path) -> None:
    draft = small_draft()
    units = draft.tables["units"]
    doubled = pa.concat_tables([units, units.slice(0, 1)]).combine_chunks()
    _written_over(folder, replace(draft, tables={**draft.tables, "units": doubled}))


def _written_over(folder: Path, draft: Draft) -> None:
    for name, content in whole_once(draft).items():
        (folder / name).write_bytes(content)


def _removed(folder: Path) -> None:
    (folder / "CHANGES.md").unlink()


def _added(folder: Path) -> None:
    (folder / "data" / "la.csv").write_text("a\n1\n", encoding="utf-8")


def _resized(folder: Path) -> None:
    path = folder / "formats" / "units.json"
    path.write_bytes(path.read_bytes() + b"\n")
    counted(folder)


def _unnamed(folder: Path) -> None:
    path = folder / DESCRIPTOR
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"keywords": []}), encoding="utf-8")
    counted(folder)


def _flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


def in_sheet(old: bytes, new: bytes, part: str = SHEET) -> Callable[[bytes], bytes]:
    """Replace bytes in a part of a workbook, once."""

    def change(content: bytes) -> bytes:
        source, out = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
        with zipfile.ZipFile(out, "w") as target:
            for name in source.namelist():
                inside = source.read(name)
                if name == part:
                    assert old in inside
                    inside = inside.replace(old, new, 1)
                target.writestr(name, inside)
        return out.getvalue()

    return change


def in_json(column: str, value: object) -> Callable[[bytes], bytes]:
    """Set a cell of the first row of an array."""

    def change(content: bytes) -> bytes:
        rows = json.loads(content)
        rows[0][column] = value
        return json.dumps(rows, ensure_ascii=False).encode()

    return change


def in_csv(column: str, text: str) -> Callable[[bytes], bytes]:
    """Set a cell of the first row below the heading."""

    def change(content: bytes) -> bytes:
        rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
        rows[1][rows[0].index(column)] = text
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        return out.getvalue().encode()

    return change


def _other_croissant(part: str, key: str, value: Any) -> Callable[[Path], None]:
    """Say something else of the first table in ``croissant.json``."""

    def do(folder: Path) -> None:
        told = json.loads((folder / CROISSANT).read_bytes())
        told[part][0][key] = value
        (folder / CROISSANT).write_text(json.dumps(told), encoding="utf-8")
        counted(folder)

    return do


def of_first(**changes: Any) -> Callable[[Row], Row]:
    """Change the total of the first agency."""

    def change(row: Row) -> Row:
        is_it = (row["unit_code"], row["metric_code"]) == (FIRST, "TOTAL")
        return row | changes if is_it else row

    return change


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><worksheet'
BAD_CELLS = (
    ("score", "tám", "scores"), ("score", "8,25", "scores"), ("score", "1e3", "scores"),
    ("rank", "1.0", "scores"), ("period", "2024-13", "scores"),
    ("valid_from", "01/01/2024", "units"), ("value_allowed", "True", "obs_status"),
)  # fmt: skip
"""Texts of a cell of a CSV that are not as the table declares the column."""
OUTSIDE = ("../secret", "/etc/passwd", "data/../../secret", "c:\\secret")
"""Names in a list of digests that lead out of the release."""
_DIGESTS, _DESCRIBED, _COPIES = "Tệp khớp", "Mô tả khớp", "JSON và XLSX"
_JSON, _XLSX = "formats/scores.json", "formats/scores.xlsx"
DAMAGES = (
    Damage("a flipped bit", on_file("LICENSE.md", _flipped, seal=False),
           "files_match_digests", "LICENSE.md", _DIGESTS),
    Damage("a missing file", _removed, "files_match_digests", "CHANGES.md", _DIGESTS),
    Damage("a further file", _added, "no_file_is_unlisted", "data/la.csv", _DIGESTS),
    Damage("a file that the descriptor does not know", _resized,
           "descriptor_matches_files", "formats/units.json", _DESCRIBED),
    Damage("another number in JSON", on_file(_JSON, in_json("score", 8.26)),
           "formats_are_equal", "formats/scores.json", _COPIES),
    Damage("a number as text in JSON", on_file(_JSON, in_json("score", "8.25")),
           "formats_are_equal", "formats/scores.json", _COPIES),
    Damage("no JSON", on_file(_JSON, lambda content: content[:-3]),
           "formats_are_equal", "formats/scores.json", _COPIES),
    Damage("another number in XLSX", on_file(_XLSX, in_sheet(b"<v>8.25</v>", b"<v>8.26</v>")),
           "formats_are_equal", "formats/scores.xlsx", _COPIES),
    Damage("another day in XLSX",
           on_file("formats/units.xlsx", in_sheet(b"<v>45292</v>", b"<v>45293</v>")),
           "formats_are_equal", "formats/units.xlsx", _COPIES),
    Damage("no workbook", on_file(_XLSX, lambda content: content[:100]),
           "formats_are_equal", "formats/scores.xlsx", _COPIES),
    Damage("a workbook that declares entities",
           on_file("formats/units.xlsx", in_sheet(b"<worksheet", BOMB)),
           "formats_are_equal", "formats/units.xlsx", _COPIES),
    Damage("another digest in the Croissant", _other_croissant("distribution", "sha256", "0"),
           "croissant_agrees", "data/scores.csv is not the file", ""),
    Damage("a column that the Croissant does not know", _other_croissant("recordSet", "field", []),
           "croissant_agrees", "scores has other columns", ""),
    Damage("another descriptor than the profile allows", _unnamed,
           "profile_is_valid", "keywords", ""),
    Damage("lines that end with CR LF",
           on_file("data/units.csv", lambda content: content.replace(b"\n", b"\r\n")),
           "text_is_clean", "data/units.csv", ""),
    Damage("a cell that a spreadsheet would run",
           on_table("units", lambda row: row | {"name_en": "=1+1"}),
           "text_is_clean", "data/units.csv", ""),
    Damage("a telephone number in a cell",
           on_table("plan_tasks", lambda row: row | {"note": "gọi 0912345678"}),
           "nothing_personal", "plan_tasks.note", ""),
    Damage("a telephone number beside the tables",
           on_file("CHANGES.md", lambda content: content + "gọi 0912345678\n".encode()),
           "nothing_personal", "CHANGES.md", ""),
    Damage("two rows of one key", _twice, "keys_are_unique", "Z00", "Khóa chính"),
    Damage("a code that is in no list",
           on_table("scores", of_first(unit_code="Z00.9")),
           "foreign_keys_resolve", "Z00.9", "Khóa ngoại"),
    Damage("a wrong total", on_table("scores", of_first(score=49.6)),
           "groups_sum_to_total", "Z00.01", "Điểm nhóm"),
    Damage("a gap without a status", on_table("scores", of_first(score=None)),
           "gaps_have_a_status", "Z00.01", "Ô trống"),
    Damage("lost rows", on_table("submissions", lambda row: row | {"rows": row["rows"] and 22}),
           "submissions_add_up", "scores", "Dòng nhận"),
)  # fmt: skip
