"""Small labelled answers of the legacy gateway, in the form that is believed of it.

Belongs here: rows and files. Does not: asserting. Names say DỮ LIỆU MẪU where a unit is made up.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ENDPOINT = "report_tinh_766_service"
Cells = dict[str, str | None]


def row(number: int, code: str | None, name: str | None, level: str | None, *scores: str) -> Cells:
    """A row with six groups and their total, in the order of the gateway's columns."""
    groups = dict(zip(("CKMB", "TDGQ", "CLGQ", "TTTT", "MDHL", "MDSH"), scores[:6], strict=True))
    return {
        "ROW_STT": str(number), "ID": f"id{number}", "TEN": name, "MA_COQUAN": code,
        "CAPDONVIID": level, **groups, "TONG_SCORE": scores[6],
    }  # fmt: skip


def merged(cells: Mapping[str, str | None], score: str, column: str = "DVTT") -> Cells:
    """The row in the layout of five groups."""
    kept = {name: cell for name, cell in cells.items() if name not in ("CLGQ", "TTTT")}
    return {**kept, column: score}


def provinces() -> list[Cells]:
    """The city and three others, two of which ended in 2025; commas and points."""
    return [
        row(1, "H26", "Thành phố Hà Nội", None, "15", "18", "8", "5", "17", "12", "75"),
        row(2, "H24", "Thành phố Hải Phòng", None,
            "16,5", "19,25", "9,1", "6", "17", "15,4", "83,25"),
        row(3, "000.00.00.H97", "Tỉnh Mẫu Một (DỮ LIỆU MẪU)", None,
            "16.5", "19.25", "9.1", "6", "17", "15.4", "83.25"),
        row(4, "H98", "Tỉnh Mẫu Hai (DỮ LIỆU MẪU)", None, "10", "10", "5", "2", "9", "4", "40"),
    ]  # fmt: skip


def units() -> list[Cells]:
    """Two agencies and a district of the city, by the two forms of a code."""
    return [
        row(1, "000.00.91.H24", "Sở Mẫu Một (DỮ LIỆU MẪU)", "1",
            "16", "20", "10", "8", "18", "18", "90"),
        row(2, "H24.92", "Sở Mẫu Hai (DỮ LIỆU MẪU)", "1", "16", "18", "10", "8", "18", "10", "80"),
        row(3, "H24.93", "Quận Mẫu (DỮ LIỆU MẪU)", "2", "16", "18", "10", "8", "18", "10", "80"),
    ]  # fmt: skip


def content(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """An answer's bytes."""
    return json.dumps(list(rows), ensure_ascii=False).encode()


def drop(
    inbox: Path,
    month: str,
    national: Iterable[Mapping[str, Any]] | None = None,
    below: Iterable[Mapping[str, Any]] | None = None,
    captured_at: str = "2026-10-01",
    windows: Iterable[str] = ("month",),
) -> Path:
    """Write a capture into the inbox as an officer would; returns its folder."""
    folder = inbox / month / "portal"
    folder.mkdir(parents=True, exist_ok=True)
    rows = provinces() if national is None else national
    for window in windows:
        (folder / f"{ENDPOINT}.{window}.json").write_bytes(content(rows))
        if below is not None:
            (folder / f"{ENDPOINT}.H24.{window}.json").write_bytes(content(below))
    manifest = {"captured_at": captured_at, "source": "test"}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder
