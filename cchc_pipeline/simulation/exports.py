"""Simulated rows as an office would export them: in the native form, or broken on purpose.

Belongs here: the native columns, as JSON Lines and Parquet; setting fields to what no export should
hold. Does not: flat exports (``office``), compressing files (``sample``), or judging rows.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cchc_pipeline.core.period import Month
from cchc_pipeline.simulation.details import native_texts, timestamps
from cchc_pipeline.simulation.draws import Bools, Ints
from cchc_pipeline.simulation.offer import EMPTY
from cchc_pipeline.simulation.office_days import DAY, start_of
from cchc_pipeline.simulation.profile import Breakage, Shift, load_office_look
from cchc_pipeline.simulation.rows import FEES, SUPPLEMENTS, UNREADABLE, Rows

_INSTANTS = ("NgayNopHoSo", "NgayTiepNhan", "NgayKetThucXuLy", "NgayTra")
_SUPPLEMENT = ("NgayBoSung", "NgayTiepNhanBoSung", "NgayHenTraTruoc", "NgayHenTraMoi")
_FLAT_ONLY = ("SoLanBoSung", "CoKetQuaDienTu", *FEES)
_HOUR = 32400  # 09:00: a shifted moment is not midnight


def write_jsonl(out: IO[bytes], exports: Iterable[Rows]) -> None:
    """One object a line; moments as ``yyyyMMddHHmmss``."""
    for rows in exports:
        for record in native_table(rows, as_text=True).to_pylist():
            line = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
            out.write(line.encode() + b"\n")


def write_parquet(out: IO[bytes], exports: Iterable[Rows]) -> None:
    """Nested Parquet; moments as timestamps, due moments as text, for some are days."""
    writer = None
    for rows in exports:
        table = native_table(rows, as_text=False)
        writer = writer or pq.ParquetWriter(out, table.schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()


def native_table(rows: Rows, *, as_text: bool) -> pa.Table:
    """The rows as the national record.

    Args:
        rows: Some rows.
        as_text: Write every moment as text; else those that always have a time are timestamps.
    """
    texts = native_texts(load_office_look().unreadable["native"])
    columns: dict[str, pa.Array] = dict(rows.texts)
    for name, codes in rows.codes.items():
        if name not in _FLAT_ONLY:
            columns[name] = _numbers(codes)
    for name in _INSTANTS:
        moment = rows.moments[name]
        columns[name] = texts(moment, rows.is_day(name)) if as_text else timestamps(moment)
    columns["NgayHenTra"] = texts(rows.moments["NgayHenTra"], rows.due_is_day)
    return pa.table({**columns, **_lists(rows)})


def _lists(rows: Rows) -> dict[str, pa.Array]:
    """Fees, supplements, papers handed in and papers of the result."""
    supplements = [rows.moments[f"NgayTiepNhanBoSung.{n}"] != EMPTY for n in SUPPLEMENTS]
    parts = {name: _supplement_texts(rows, name) for name in _SUPPLEMENT}
    one = [np.ones(len(rows), dtype=np.bool_)]
    digitised = rows.codes["HoSoCoThanhPhanSoHoa"]
    papers = {"DuocSoHoa": [_numbers(digitised)], "DuocTaiSuDung": [_numbers(digitised * 0)]}
    return {
        "DanhSachLePhi": _list(
            [rows.codes[fee] != EMPTY for fee in FEES],
            {"Gia": [_numbers(rows.codes[fee]) for fee in FEES]},
        ),
        "DanhSachHoSoBoSung": _list(supplements, parts),
        "TaiLieuNop": _list(one, papers),
        "DanhSachGiayToKetQua": _list(
            [rows.codes["CoKetQuaDienTu"] == 1], {"DuongDanTepTinKetQua": [_result_files(rows)]}
        ),
    }


def _supplement_texts(rows: Rows, name: str) -> list[pa.Array]:
    texts = native_texts(load_office_look().unreadable["native"])
    is_day = rows.is_day(name)
    return [texts(rows.moments[f"{name}.{n}"], is_day) for n in SUPPLEMENTS]


def _result_files(rows: Rows) -> pa.Array:
    before, _, after = load_office_look().result_file.partition("{number}")
    return pa.array([f"{before}{number:05d}{after}" for number in range(len(rows))])


def _numbers(codes: Ints) -> pa.Array:
    return pa.array(codes, mask=codes == EMPTY)


def _list(told: Sequence[Bools], members: Mapping[str, Sequence[Any]]) -> pa.Array:
    """Lists of structs: for each place, whether a row has it, and the members' values there."""
    kept = np.stack(told, axis=1)
    order = np.arange(kept.size).reshape(kept.shape[::-1]).T.ravel()
    chosen = pa.array(order[kept.ravel()])
    values = {name: pa.concat_arrays(list(parts)).take(chosen) for name, parts in members.items()}
    offsets = np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(np.int32)
    structs = pa.StructArray.from_arrays(list(values.values()), names=list(values))
    return pa.ListArray.from_arrays(pa.array(offsets), structs)


def broken(rows: Rows, kinds: Sequence[Breakage], month: Month, first: int = 0) -> Rows:
    """The rows, each broken in one way; the ways take turns.

    Args:
        rows: Good rows.
        kinds: The ways.
        month: The month of the export.
        first: The number of the first row among all broken ones, so that pieces go on in turn.
    """
    texts, codes, moments = dict(rows.texts), dict(rows.codes), dict(rows.moments)
    turn = (np.arange(len(rows)) + first) % len(kinds)
    for number, kind in enumerate(kinds):
        chosen = turn == number
        for name, text in (kind.texts or {}).items():
            texts[name] = pc.if_else(pa.array(chosen), pa.scalar(text, pa.string()), texts[name])
        for name, code in (kind.codes or {}).items():
            codes[name] = np.where(chosen, code, codes[name])
        for name, change in (kind.moments or {}).items():
            value = _moment(change, month, rows.moments["NgayTiepNhan"])
            moments |= _set(moments, name, chosen, value)
    return Rows(texts, codes, moments, rows.due_is_day)


def _set(moments: dict[str, Ints], name: str, chosen: Bools, value: Ints) -> dict[str, Ints]:
    """A moment set where chosen; a due date also loses what supplements made of it."""
    changed = {name: np.where(chosen, value, moments[name])}
    if name == "NgayHenTra":
        later = [at for at in moments if "." in at or at == "NgayHenTraMoi"]
        changed |= {at: np.where(chosen, EMPTY, moments[at]) for at in later}
    return changed


def _moment(change: str | Shift, month: Month, received: Ints) -> Ints:
    if isinstance(change, str):
        return np.full(len(received), EMPTY if change == "empty" else UNREADABLE)
    anchors = {"start": start_of(month), "end": start_of(month.next())}
    if change.of == "reception":
        return received + change.days * DAY
    return np.full(len(received), anchors[change.of] + change.days * DAY + _HOUR)
