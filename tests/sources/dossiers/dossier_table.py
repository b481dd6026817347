"""A one-stop system's table of dossiers and the view that is read, filled from an office's CSV.

All of it is DỮ LIỆU MẪU. The table has what such a table has: the people too.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cchc_pipeline.core.period import Month
from cchc_pipeline.sources.dossiers import database
from cchc_pipeline.sources.dossiers.collection import CollectedDossiers, collect_dossiers
from cchc_pipeline.sources.dossiers.database import DossierDatabase
from cchc_pipeline.sources.dossiers.view import database_rules
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.sources.readers.upload_schema import fold_heading, load_upload_schema
from tests.ops.postgres import Server

VIEW, PASSWORD = "cchc_ho_so", "bi-mat-khong-lo"
PERSONAL = ("ChuHoSo", "SoDienThoai", "SoGiayToChuHoSo", "TrichYeuHoSo")
_PERSONAL_HEADINGS = ("Chủ hồ sơ", "Số điện thoại", "Số giấy tờ", "Trích yếu")
FILE = "ho-so-csdl.parquet"
MARCH = Month(2024, 3)
SOON = datetime.fromisoformat("2024-04-01T04:00:00+07:00")
NEXT_DAY = SOON + timedelta(days=1)
TOO_LATE = datetime.fromisoformat("2024-05-01T00:00:00+07:00")
_TYPES = {
    "NgayNopHoSo": "timestamp",
    "NgayTiepNhan": "timestamp",
    "NgayKetThucXuLy": "timestamptz",
    "NgayTra": "timestamp",
    "TongLePhi": "numeric(18, 2)",
    "SoLanBoSung": "integer",
    "MucDoHaiLong": "smallint",
}
FIELDS = tuple(field.name for field in load_upload_schema("dossiers").fields)
COLUMNS = (*FIELDS, *PERSONAL)
Row = dict[str, str | None]


def rows_of(content: str) -> list[Row]:
    """The rows of an office's CSV under the record's names."""
    form = load_upload_schema("dossiers")
    people = zip(map(fold_heading, _PERSONAL_HEADINGS), PERSONAL, strict=True)
    known = {**form.by_fold, **dict(people)}
    return [
        {known[fold_heading(heading)]: text or None for heading, text in row.items()}
        for row in csv.DictReader(io.StringIO(content), delimiter=";")
    ]


def as_csv(rows: Iterable[Row]) -> bytes:
    """Rows as an office's CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, delimiter=";", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def fits(row: Row) -> bool:
    """Whether a database with dates and numbers can hold the row at all."""
    try:
        typed(row)
    except (ValueError, ArithmeticError):
        return False
    return True


def typed(row: Row) -> dict[str, Any]:
    """The row's values as the table holds them."""
    return {name: _value(name, row.get(name)) for name in COLUMNS}


def _value(name: str, text: str | None) -> Any:
    kind = _TYPES.get(name, "text")
    if text is None or kind == "text":
        return text
    if kind.startswith("timestamp"):
        return moment(text)
    return Decimal(text.replace(".", "").replace(",", ".")) if name == "TongLePhi" else int(text)


def moment(text: str) -> datetime:
    """A moment as the simulated offices write it."""
    return datetime.strptime(text, "%d/%m/%Y %H:%M:%S")


def open_in(row: Row, month: Month) -> bool:
    """Whether a dossier was open at some time in the month, or was refused in it."""
    held = typed(row)
    received, submitted = held["NgayTiepNhan"], held["NgayNopHoSo"]
    finished = held["NgayKetThucXuLy"] or held["NgayTra"]
    start, end = (at.replace(tzinfo=None) for at in (month.start, month.end))
    refused = row["TrangThaiHoSo"] == "Không được tiếp nhận"
    waiting = submitted is None or (submitted < end and (submitted >= start or not refused))
    came = received < end if received else waiting
    return came and (finished is None or finished >= start)


@dataclass(frozen=True)
class OneStop:
    """A database with the table ``ho_so``, the view, and an account that may only read that."""

    server: Server
    name: str

    @property
    def reader(self) -> str:
        """The account."""
        return f"doc_{self.name}"

    @property
    def source(self) -> DossierDatabase:
        """As the pipeline is told of it."""
        return DossierDatabase(self.url, VIEW)

    @property
    def url(self) -> str:
        """The reader's address."""
        return self.server.url(self.name, self.reader, PASSWORD)

    def execute(self, *statements: str) -> None:
        """Run statements as the owner."""
        self.server.execute(*statements, database=self.name)

    def fill(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows; moments are on the city's clock."""
        names = ", ".join(f'"{name}"' for name in COLUMNS)
        places = ", ".join(["%s"] * len(COLUMNS))
        connection = self.server.connect(self.name)
        with connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'Asia/Ho_Chi_Minh'")
            cursor.executemany(
                f"INSERT INTO ho_so ({names}) VALUES ({places})",  # noqa: S608 - own names
                [[row[name] for name in COLUMNS] for row in rows],
            )
        connection.close()


@contextmanager
def one_stop(server: Server, name: str) -> Iterator[OneStop]:
    """An empty one-stop system. The view folds its names and has the people's columns too."""
    columns = ", ".join(f'"{column}" {_TYPES.get(column, "text")}' for column in COLUMNS)
    shown = ", ".join(f'"{column}" AS {column}' for column in COLUMNS)
    with server.database(name):
        made = OneStop(server, name)
        made.execute(
            f"CREATE TABLE ho_so ({columns})",
            f"CREATE VIEW {VIEW} AS SELECT {shown} FROM ho_so",  # noqa: S608 - own names
            f"DROP ROLE IF EXISTS {made.reader}",
            f"CREATE ROLE {made.reader} LOGIN PASSWORD '{PASSWORD}'",
            # By column: asking for one of the people's fails.
            f"GRANT SELECT ({', '.join(FIELDS)}) ON {VIEW} TO {made.reader}",
        )
        try:
            yield made
        finally:
            made.execute(f"DROP OWNED BY {made.reader}", f"DROP ROLE {made.reader}")


def collect(
    source: DossierDatabase | None, archive: RawArchive, at: datetime = SOON, month: Month = MARCH
) -> CollectedDossiers:
    """Collect a month with an inbox that is empty, unless the test put something into it."""
    return collect_dossiers(month, source, archive, archive.root.parent / "inbox", at)


def use_rules(monkeypatch: pytest.MonkeyPatch, **changes: int) -> None:
    """Change a rule of reading for this test."""
    rules = replace(database_rules(), **changes)
    monkeypatch.setattr(database, "database_rules", lambda: rules)
