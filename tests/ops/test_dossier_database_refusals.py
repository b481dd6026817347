"""What a database refuses is one line without a secret, and leaves nothing behind."""

import sys
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.core.errors import CchcError, UsageError
from cchc_pipeline.sources.dossiers import database as dossier_database
from cchc_pipeline.sources.dossiers.database import DossierDatabase, read_month
from cchc_pipeline.sources.raw.archive import RawArchive
from tests.ops.nginx import free_port
from tests.ops.postgres import MARK
from tests.sources.dossiers.dossier_table import MARCH, PASSWORD, VIEW, OneStop, collect, use_rules

pytestmark = MARK


def refused_by(source: DossierDatabase, archive: RawArchive) -> CchcError:
    """The error of a collection that fails, of one line and without a secret; nothing is kept."""
    with pytest.raises(CchcError) as caught:
        collect(source, archive)
    line = str(caught.value)
    assert "\n" not in line
    for secret in (PASSWORD, "127.0.0.1", "doc_mot_cua"):
        assert secret not in line
    assert caught.value.__suppress_context__
    kept = [path for path in archive.root.rglob("*") if path.is_file()]
    assert kept == []
    return caught.value


def test_a_view_that_writes_is_stopped_by_the_transaction(
    changing: OneStop, archive: RawArchive
) -> None:
    changing.execute(
        "CREATE TABLE dau_vet (a int)",
        "CREATE FUNCTION ghi() RETURNS text LANGUAGE sql AS "
        "'INSERT INTO dau_vet VALUES (1) RETURNING a::text'",
        """CREATE VIEW doc_va_ghi AS SELECT "MaHoSo", "MaTTHC", "NgayTiepNhan", "NgayHenTra",
           "NgayTra", "TrangThaiHoSo", "DonViXuLy", ghi() AS "TenTTHC" FROM ho_so""",
        f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {changing.reader}",
    )
    error = refused_by(DossierDatabase(changing.url, "doc_va_ghi"), archive)
    assert "the view writes when it is read -> " in str(error)


def test_an_account_that_may_write_is_told_of(changing: OneStop, archive: RawArchive) -> None:
    warning = "the account may also write to the view; give it SELECT only"
    assert warning not in collect(changing.source, archive).notes
    changing.execute(f"GRANT UPDATE ON {VIEW} TO {changing.reader}")
    assert warning in collect(changing.source, archive).notes


@pytest.mark.parametrize(
    ("user", "password", "database", "told"),
    [
        ("doc_mot_cua", "sai", "mot_cua", "refuses the account or its password"),
        ("khong_co", PASSWORD, "mot_cua", "refuses the account or its password"),
        ("doc_mot_cua", "", "mot_cua", "refuses the account or its password"),
        ("doc_mot_cua", PASSWORD, "khong_co", "no database of that name"),
    ],
)
def test_who_is_not_let_in_is_told_why(
    filled: OneStop, archive: RawArchive, user: str, password: str, database: str, told: str
) -> None:
    source = DossierDatabase(filled.server.url(database, user, password), VIEW)
    error = refused_by(source, archive)
    assert told in str(error)
    assert "or drop the export into inbox/2024-03" in str(error)


def test_a_server_that_is_not_there(filled: OneStop, archive: RawArchive) -> None:
    url = filled.url.replace(str(filled.server.port), str(free_port()))
    error = refused_by(DossierDatabase(url, VIEW), archive)
    assert str(error).startswith(f"database view {VIEW}: the server cannot be reached -> ")


@pytest.mark.parametrize("view", ["khong_co", "khong_co.cchc_ho_so"])
def test_a_view_that_is_not_there(filled: OneStop, archive: RawArchive, view: str) -> None:
    error = refused_by(DossierDatabase(filled.url, view), archive)
    assert "there is no such view -> make it, or set CCHC_DOSSIERS_VIEW" in str(error)


def test_a_view_that_may_not_be_read(changing: OneStop, archive: RawArchive) -> None:
    changing.execute(f"CREATE VIEW kin AS SELECT * FROM {VIEW}")  # noqa: S608 - own name
    error = refused_by(DossierDatabase(changing.url, "kin"), archive)
    assert "permission denied -> GRANT USAGE on its schema and SELECT" in str(error)


def test_a_view_in_a_schema_under_quoted_or_folded_names(changing: OneStop, tmp_path: Path) -> None:
    changing.execute(
        'CREATE SCHEMA "MotCua"',
        f'CREATE VIEW "MotCua"."HoSo" AS SELECT * FROM {VIEW}',  # noqa: S608 - own name
        f'GRANT USAGE ON SCHEMA "MotCua" TO {changing.reader}',
        f'GRANT SELECT ON "MotCua"."HoSo" TO {changing.reader}',
    )
    for number, view in enumerate(("MotCua.HoSo", "PUBLIC.CCHC_Ho_So")):
        source = DossierDatabase(changing.url, view)
        assert read_month(source, MARCH, tmp_path / str(number)).rows == 30


def test_a_view_without_a_required_column(changing: OneStop, archive: RawArchive) -> None:
    changing.execute(
        "CREATE VIEW thieu AS SELECT MaHoSo, MaTTHC, NgayTiepNhan, NgayHenTra, NgayTra, DonViXuLy"
        " FROM cchc_ho_so"
    )
    error = refused_by(DossierDatabase(changing.url, "thieu"), archive)
    assert 'database view thieu: no column for TrangThaiHoSo ("Trạng thái")' in str(error)


def test_a_view_whose_dates_are_texts(changing: OneStop, archive: RawArchive) -> None:
    changing.execute(
        "CREATE VIEW chu AS SELECT MaHoSo, MaTTHC, NgayTiepNhan::text, NgayHenTra, NgayTra,"
        " TrangThaiHoSo, DonViXuLy FROM cchc_ho_so"
    )
    error = refused_by(DossierDatabase(changing.url, "chu"), archive)
    assert "ngaytiepnhan is of the type TEXT, by which no month is found" in str(error)


def test_a_code_that_is_not_known_is_told_as_such(changing: OneStop, archive: RawArchive) -> None:
    changing.execute(
        f"CREATE VIEW chia AS SELECT h.*, (length(MaHoSo) / 0)::text AS TenLinhVuc2 FROM {VIEW} h",  # noqa: S608
        "CREATE VIEW chia_0 AS SELECT MaHoSo, MaTTHC, NgayTiepNhan, NgayHenTra, NgayTra,"
        " TrangThaiHoSo, DonViXuLy, TenLinhVuc2 AS TenLinhVuc FROM chia",
        f"GRANT SELECT ON chia_0 TO {changing.reader}",
    )
    error = refused_by(DossierDatabase(changing.url, "chia_0"), archive)
    assert "the database refused (SQLSTATE 22012)" in str(error)


def test_a_month_without_a_dossier_is_no_delivery(changing: OneStop, archive: RawArchive) -> None:
    changing.execute("DELETE FROM ho_so")
    assert "holds no dossier of 2024-03" in str(refused_by(changing.source, archive))


def test_a_view_that_takes_too_long(
    changing: OneStop, archive: RawArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_rules(monkeypatch, statement_seconds=1)
    changing.execute(
        f"CREATE VIEW cham AS SELECT h.* FROM {VIEW} h,"  # noqa: S608 - own name
        " (SELECT pg_sleep(0.2), generate_series(1, 60)) slow",
        f"GRANT SELECT ON cham TO {changing.reader}",
    )
    error = refused_by(DossierDatabase(changing.url, "cham"), archive)
    assert "the time-out was reached" in str(error)


def test_a_connection_lost_half_way_leaves_nothing(
    changing: OneStop, archive: RawArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_rules(monkeypatch, rows=10)
    table, seen = dossier_database._table, []

    def cut_after_the_first(*arguments: Any) -> Any:
        seen.append(table(*arguments))
        changing.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'cchc_pipeline'"
        )
        return seen[-1]

    monkeypatch.setattr(dossier_database, "_table", cut_after_the_first)
    error = refused_by(changing.source, archive)
    assert "the connection was lost half-way; nothing of it was kept -> run again" in str(error)
    assert len(seen) == 1


def test_a_driver_that_is_not_installed(
    filled: OneStop, archive: RawArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    error = refused_by(filled.source, archive)
    assert isinstance(error, UsageError)
    assert "make extra EXTRA=postgres" in str(error)


@pytest.mark.parametrize("url", [f"postgresql://a:{PASSWORD}@may:cong/x", PASSWORD])
def test_an_address_that_is_none(archive: RawArchive, url: str) -> None:
    assert isinstance(refused_by(DossierDatabase(url, VIEW), archive), UsageError)
