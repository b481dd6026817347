"""Damage to good files: bytes and structure, drawn by a seeded random number generator.

Belongs here: one function a kind of file, bytes to damaged bytes. Does not: the good files, reading
them, or judging what a reader says (``bad_inputs``).
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

SNIPPETS = (
    b"\x00", b"\x1b[31m", b"\n", b"\r", b"\r\n", b'"', b"'", b",", b";", b"\t", b"{", b"}", b"[",
    b"]", b"\xef\xbb\xbf", b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"\\", b"\\u0000",
    b"\\ud800", b"=1+1", b"9" * 40, b"-", b"%", b"&x;", b"<!--", b"PK\x03\x04", b"PAR1",
    b"\x1f\x8b", "\u202e".encode(), "Đ".encode(), b"A" * 5000,
)  # fmt: skip
TEXTS = (
    "", " ", "-", "NULL", "N/A", "#REF!", "#N/A", "=1+1", "'1", '="10"', "nan", "inf", "-inf",
    "1e400", "1e5", "10.0", "-3.7", "18:25", "0x1F", "1_000", "01", "yes", "~", "null", "true",
    "2026-02-30", "2024-13-45", "24:00:00", "31/02/2024", "45313.441875", "99999999999999999999",
    "9" * 400, "\x1b[2J", "a\nb", "\u202eabc", "\u200b", "A" * 4001, "Sở\u0000", "H24", "h24.m02",
    "H24.16", "../../etc", "%s{0}", "{value}", "<b>", "0912345678", "012345678901",
)  # fmt: skip
_YAML_TEXTS = (
    "[1, 2]", "{a: b}", "&a [*a]", "*a", "!!python/name:os.system", "!!binary x", "!!set {a}",
    "1:2:3", "2026-02-30T25:00:00Z", "!!timestamp x", "!!float x", ".nan", ".inf", "'",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**53, 2**63, 10**40, 0.5, 1e300, float("nan"), float("inf"), [], {},
    [[]], [None], [1, "a"], {"": 1}, {"a": {"b": {}}}, "\ud800", *TEXTS,
)  # fmt: skip

Damage = Callable[[bytes, Random], bytes]


def damage_bytes(content: bytes, random: Random) -> bytes:
    """One to three slips of single bytes, pieces or ends, whatever they mean."""
    for _ in range(random.choice((1, 1, 2, 3))):
        content = random.choice(_BYTE_SLIPS)(content, random)
    return content


def _flip(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content) or 1)
    return content[:at] + bytes([random.randrange(256)]) + content[at + 1 :]


def _insert(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content) + 1)
    return content[:at] + random.choice(SNIPPETS) + content[at:]


def _remove(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content) + 1)
    return content[:at] + content[at + random.choice((1, 3, 30, 300)) :]


def _cut(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _repeat(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content) + 1)
    piece = content[at : at + random.choice((5, 50, 500))]
    return content[:at] + piece * random.choice((2, 40)) + content[at:]


_BYTE_SLIPS: Sequence[Damage] = (_flip, _insert, _insert, _remove, _cut, _repeat)


def damage_json(content: bytes, random: Random) -> bytes:
    """A node of a document replaced, renamed, doubled, dropped, or sunk very deep."""
    return _damaged_tree(json.loads(content), random).encode("utf-8", errors="surrogatepass")


def damage_lines(content: bytes, random: Random) -> bytes:
    """A line of JSON Lines damaged as a document, doubled, cut, or ended otherwise."""
    lines = content.splitlines()
    at = random.randrange(len(lines))
    match random.randrange(4):
        case 0 | 1:
            lines[at] = damage_json(lines[at], random)
        case 2:
            lines[at] = lines[at][: random.randrange(len(lines[at]))]
        case _:
            lines[at] += random.choice((b",", b"]", b"}", b" x", lines[at]))
    return b"\n".join(lines) + random.choice((b"\n", b"", b"\r\n"))


def _damaged_tree(tree: Any, random: Random) -> str:
    if random.random() < 0.03:
        depth = random.choice((100, 5_000, 200_000))
        return "[" * depth + "]" * random.choice((depth, 0))
    nodes = list(_nodes(tree))
    if not nodes:
        return json.dumps(random.choice(VALUES))
    for _ in range(random.choice((1, 1, 3))):
        holder, key = random.choice(nodes)
        _change(holder, key, random)
    text = json.dumps(tree)
    return _with_doubled_key(text, random) if random.random() < 0.1 else text


def _change(holder: Any, key: Any, random: Random) -> None:
    kind = random.randrange(6)
    if kind < 3:
        holder[key] = random.choice(VALUES)
    elif isinstance(holder, dict) and key in holder:
        value = holder.pop(key)
        if kind > 3:
            holder[random.choice((str(key).upper(), str(key).lower(), "", f"{key} "))] = value
    elif isinstance(holder, list) and key < len(holder):
        holder.insert(key, holder[key])


def _nodes(tree: Any) -> list[tuple[Any, Any]]:
    """Every place of a value in a tree: what holds it, and its key or index."""
    found, rest = [], [tree]
    while rest:
        node = rest.pop()
        keys = node.keys() if isinstance(node, dict) else range(len(node)) if _is_list(node) else ()
        for key in keys:
            found.append((node, key))
            rest.append(node[key])
    return found


def _is_list(node: Any) -> bool:
    return isinstance(node, list)


def _with_doubled_key(text: str, random: Random) -> str:
    pairs = list(re.finditer(r'"\w+": (?:"[^"]*"|[\d.]+|null)', text))
    if not pairs:
        return text
    pair = random.choice(pairs)
    return f"{text[: pair.start()]}{pair[0]}, {text[pair.start() :]}"


def damage_csv(content: bytes, random: Random) -> bytes:
    """A cell, a row or the delimiter of a table changed."""
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
    row = random.choice(rows)
    match random.randrange(7):
        case 0 | 1 | 2:
            row[random.randrange(len(row))] = random.choice(TEXTS)
        case 3:
            del row[random.randrange(len(row)) :]
        case 4:
            row.extend(random.choice(TEXTS) for _ in range(random.choice((1, 5, 6_000))))
        case 5:
            rows.insert(random.randrange(len(rows) + 1), list(random.choice(rows)))
        case _:
            random.shuffle(rows[0])
    out = io.StringIO()
    csv.writer(out, delimiter=random.choice(",,;\t|"), lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def damage_yaml(content: bytes, random: Random) -> bytes:
    """A scalar of a YAML text replaced by an odd one, a line moved, doubled or indented."""
    lines = content.decode().split("\n")
    at = random.randrange(len(lines))
    key, colon, _ = lines[at].partition(": ")
    odd = (*TEXTS, *_YAML_TEXTS)
    match random.randrange(5):
        case 0 | 1 | 2:
            lines[at] = f"{key}{colon or ': '}{random.choice(odd)}"
        case 3:
            lines.insert(at, lines[at])
        case _:
            lines[at] = random.choice(("  ", "\t", "- ", "? ", "--- ", "<<: ")) + lines[at]
    return "\n".join(lines).encode()


def damage_workbook(content: bytes, random: Random) -> bytes:
    """A part of a workbook changed in its XML, its bytes, or left out."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = random.choice([name for name in parts if random.random() < 0.5] or sorted(parts))
    if random.random() < 0.6:
        name = next(part for part in sorted(parts) if part.startswith("xl/worksheets/"))
    match random.randrange(6):
        case 0:
            parts[name] = damage_bytes(parts[name], random)
        case 1:
            del parts[name]
        case 2:
            parts[name] = _with_stray_cells(parts[name], random)
        case _:
            parts[name] = _with_odd_values(parts[name].decode(), random).encode(errors="replace")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, bytes_ in parts.items():
            archive.writestr(part, bytes_)
    return out.getvalue()


def _with_stray_cells(sheet: bytes, random: Random) -> bytes:
    row = random.choice((
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        b'<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>',
        b'<row r="0"><c r="A0"><v>1</v></c></row>', b'<row><c><v>1</v></c></row>' * 3,
        b'<row r="900">' + b"<c><v>1</v></c>" * 20_000 + b"</row>",
        b'<row r="7"><c r="ZZZZZZ7" t="s"><v>-1</v></c></row>',
        b'<row r="8"><c r="A8" t="s"><v>4000000000</v></c></row>',
        b'<row r="9"><c r="B9" t="e"><v>#REF!</v></c><c r="C9"><f>A1</f></c></row>',
    ))  # fmt: skip
    return sheet.replace(b"</sheetData>", row + b"</sheetData>")


def _with_odd_values(text: str, random: Random) -> str:
    places = list(re.finditer(r'"[^"<>]*"|>[^<>]+<|<[^<>]+>', text))
    if not places:
        return text
    place = random.choice(places)
    odd = random.choice((*TEXTS, "1048577", "A1:XFD1048576", "-1", "4294967296", "&amp;", "&a;"))
    odd = odd.replace("<", "&lt;") if random.random() < 0.5 else odd
    new = {'"': f'"{odd}"', ">": f">{odd}<", "<": random.choice(("", place[0] * 2, odd))}
    return text[: place.start()] + new[place[0][0]] + text[place.end() :]


def damage_parquet(content: bytes, random: Random) -> bytes:
    """A column of another type, name or number, or damaged bytes."""
    if random.random() < 0.4:
        return damage_bytes(content, random)
    table = pq.read_table(io.BytesIO(content))
    at = random.randrange(table.num_columns)
    name = random.choice((table.column_names[at], table.column_names[at].lower(), "", "x\x1b\ny"))
    column = random.choice(_columns(table.num_rows))
    table = table.set_column(at, name, column)
    if random.random() < 0.2:
        table = table.append_column(name, column)
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _columns(rows: int) -> list[pa.Array]:
    kinds: list[tuple[Any, pa.DataType]] = [
        (None, pa.null()), (1e400, pa.float64()), (float("nan"), pa.float32()),
        (2**63, pa.uint64()), (b"\xff\xfe", pa.binary()), ("Sở".encode(), pa.binary()),
        (True, pa.bool_()), (b"1234", pa.binary(4)), (1, pa.timestamp("ns", "UTC")),
        (2**40, pa.timestamp("s")), (-(2**62), pa.timestamp("us")), (1, pa.date32()),
        (2**40, pa.date64()), (1, pa.time64("ns")), (1, pa.duration("s")),
        ([1], pa.list_(pa.int64())), ([{"a": 1}], pa.list_(pa.struct([("a", pa.int64())]))),
        ({"a": "b"}, pa.struct([("a", pa.string())])),
        ([{"Gia": "50,000"}], pa.list_(pa.struct([("Gia", pa.string())]))),
        ([("k", "v")], pa.map_(pa.string(), pa.string())),
        ("x", pa.dictionary(pa.int32(), pa.string())), ("A" * 5000, pa.large_string()),
    ]  # fmt: skip
    return [pa.array([value] * rows, kind) for value, kind in kinds]
