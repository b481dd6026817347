"""Small exports of dossiers for tests: a row as a dict, a file as rows, and what came of them.

All of it is DỮ LIỆU MẪU.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.units import Unit, UnitRegister, UnitTexts
from cchc_pipeline.sources.dossiers.month import DossierReading, NamedFile, Results, read_dossiers
from cchc_pipeline.sources.dossiers.quarantine import sheet_rows
from cchc_pipeline.storage.duckdb_engine import Means

MARCH = Month(2024, 3)
GOOD = {
    "MaHoSo": "000.00.16.H24-240305-0001",
    "MaTTHC": "2.000815",
    "TenTTHC": "Thủ tục mẫu",
    "MaLinhVuc": "LV1",
    "TenLinhVuc": "Lĩnh vực mẫu",
    "KenhThucHien": "2",
    "MucDo": "4",
    "NgayNopHoSo": "20240305080000",
    "NgayTiepNhan": "20240305083000",
    "NgayHenTra": "20240312170000",
    "NgayHenTraMoi": "",
    "NgayTra": "20240311100000",
    "NgayKetThucXuLy": "20240311093000",
    "TrangThaiHoSo": "10",
    "DonViXuLy": "H24.16",
    "DuocThanhToanTrucTuyen": "1",
    "TongLePhi": "50000",
    "HoSoCoThanhPhanSoHoa": "1",
    "TaiKhoanDuocXacThucVoiVNeID": "1",
    "DaDongBoDVCQG": "1",
    "LuanChuyenNoiBo": "1",
    "MucDoHaiLong": "5",
    "SoLanBoSung": "0",
    "CoKetQuaDienTu": "1",
}
OPEN = {"NgayTra": "", "NgayKetThucXuLy": "", "TrangThaiHoSo": "4"}


def dossier(number: int = 1, **changes: str) -> dict[str, str]:
    """A good, finished dossier with its own code, changed as said."""
    return GOOD | {"MaHoSo": f"000.00.16.H24-240305-{number:04d}"} | changes


def csv_bytes(rows: Iterable[Mapping[str, str]], columns: Iterable[str] = GOOD) -> bytes:
    """Rows as a CSV file with these columns."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(columns), extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def register() -> UnitRegister:
    """The city, two agencies, and a district that ended in 2023."""
    begin, end = date(2020, 1, 1), date(2023, 12, 31)

    def unit(code: str, name: str, level: str, until: date | None = None) -> Unit:
        parent = None if level == "city" else "H24"
        return Unit(code, name, name, level, parent, begin, until, "sample", "DỮ LIỆU MẪU")

    return UnitRegister(
        (
            unit("H24", "Thành phố Mẫu", "city"),
            unit("H24.16", "Sở Thủy sản Mẫu", "agency"),
            unit("H24.17", "Sở Thổ nhưỡng Mẫu", "agency"),
            unit("H24.90", "Quận Cũ Mẫu", "district", end),
        )
    )


@dataclass(frozen=True)
class Outcome:
    """What came of an export."""

    reading: DossierReading
    accepted: list[dict[str, Any]]
    refused: list[dict[str, Any]]

    @property
    def rules(self) -> list[tuple[int, str]]:
        """Row and rule of each fault."""
        return [(row["row"], row["rule"]) for row in self.refused]

    @property
    def account(self) -> tuple[int, int, int, int]:
        """Rows, accepted, quarantined, duplicates."""
        accounts = self.reading.accounts
        return (
            sum(a.rows for a in accounts), sum(a.accepted for a in accounts),
            sum(a.quarantined for a in accounts), sum(a.duplicates for a in accounts),
        )  # fmt: skip


def read_files(
    folder: Path,
    files: Mapping[str, bytes],
    month: Month = MARCH,
    units: UnitRegister | None = None,
) -> Outcome:
    """Read files as one export of a month."""
    inbox = folder / "files"
    inbox.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (inbox / name).write_bytes(content)
    results = Results.below(folder / "results")
    reading = read_dossiers(
        [NamedFile(name, inbox / name) for name in files],
        UnitTexts(units or register(), "H24", month),
        Means(folder / "scratch", "200MB"),
        results,
    )
    return Outcome(
        reading,
        pq.read_table(results.accepted).to_pylist(),
        list(sheet_rows(results.quarantine, results.codes)),
    )


def read_rows(folder: Path, *rows: Mapping[str, str], month: Month = MARCH) -> Outcome:
    """Read rows as a CSV export."""
    return read_files(folder, {"ho-so.csv": csv_bytes(rows)}, month)
