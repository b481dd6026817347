"""``cchc run`` with dossiers from a real PostgreSQL, from the view to the published page."""

import json
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest

from assets.raw import raw_dossiers
from assets.resources import ParquetIOManager, Workspace
from cchc_pipeline.settings import DOSSIERS_URL
from tests.command_line import SAMPLE_INBOX, published, run
from tests.ops.postgres import MARK, Server
from tests.sources.dossiers.dossier_table import (
    FILE,
    PASSWORD,
    OneStop,
    fits,
    one_stop,
    rows_of,
    typed,
)

pytestmark = MARK
PEOPLE = ("Người mẫu", "Nội dung mẫu")
"""How the names and the matters of the sample's people begin."""
MONTH, AT = "2024-03", "2024-04-12T08:30:00+07:00"


@pytest.fixture(scope="module")
def sample_system(postgres_server: Server) -> Iterator[OneStop]:
    """The bundled month in a database, with the people's columns."""
    with one_stop(postgres_server, "mot_cua_mau") as made:
        content = (SAMPLE_INBOX / MONTH / "ho-so-mau.csv").read_text(encoding="utf-8-sig")
        assert all(word in content for word in PEOPLE)
        made.fill(typed(row) for row in rows_of(content) if fits(row))
        yield made


@pytest.fixture(scope="module")
def bare_inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled inbox without its files of dossiers."""
    inbox = tmp_path_factory.mktemp("bare") / "inbox"
    shutil.copytree(SAMPLE_INBOX, inbox, ignore=shutil.ignore_patterns("ho-so*"))
    return inbox


def test_a_run_publishes_from_the_database_what_it_publishes_from_a_file(
    sample_system: OneStop,
    bare_inbox: Path,
    march_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv(DOSSIERS_URL, sample_system.url)
    outcome = run(home, bare_inbox, month=MONTH, at=AT)
    assert outcome.code == 0, outcome.err
    assert published(home, "dossier_statistics") == published(march_home, "dossier_statistics")
    (told,) = kept_deliveries(home)
    assert [file["name"] for file in told["files"]] == [FILE]
    assert_nothing_leaked(home, outcome.out + outcome.err)


def test_a_step_that_fails_tells_dagster_no_secret(
    sample_system: OneStop, bare_inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, wrong = tmp_path / "home", sample_system.url.replace(PASSWORD, f"{PASSWORD}-sai")
    monkeypatch.setenv(DOSSIERS_URL, wrong)
    (home / "dagster").mkdir(parents=True)
    workspace = Workspace(home=str(home), inbox=str(bare_inbox), moment=AT)
    with dg.DagsterInstance.local_temp(str(home / "dagster")) as instance:
        result = dg.materialize(
            [raw_dossiers],
            resources={"workspace": workspace, "io_manager": ParquetIOManager(workspace=workspace)},
            partition_key=MONTH,
            instance=instance,
            raise_on_error=False,
        )
        (failure,) = result.get_step_failure_events()
        told = str(failure.step_failure_data.error_display_string)
    line = "refuses the account or its password -> correct CCHC_DOSSIERS_URL; or drop the export"
    assert line in told
    assert kept_deliveries(home) == []
    assert_nothing_leaked(home, told)


def assert_nothing_leaked(home: Path, said: str) -> None:
    """Neither the account's secret nor the people of the table stand anywhere."""
    words = [said, *everything_below(home)]
    assert any("raw_dossiers" in text for text in words)
    for secret in (PASSWORD, "127.0.0.1", *PEOPLE):
        assert not any(secret in text for text in words), secret


def kept_deliveries(home: Path) -> list[dict[str, list[dict[str, str]]]]:
    """The records of deliveries of dossiers."""
    folder = home / "raw" / "deliveries" / "dossiers" / MONTH
    return [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]


def everything_below(home: Path) -> Iterator[str]:
    """Every file as text: tables, workbooks and databases unpacked, and the bytes as they are."""
    for path in home.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            yield content.decode("utf-8", errors="replace")
            if content.startswith(b"PAR1"):
                yield str(pq.read_table(BytesIO(content)).to_pydict())
            elif content.startswith(b"PK"):
                with zipfile.ZipFile(BytesIO(content)) as archive:
                    yield from (
                        archive.read(name).decode(errors="replace") for name in archive.namelist()
                    )
            elif content.startswith(b"SQLite format 3"):
                with sqlite3.connect(path) as database:
                    yield "\n".join(database.iterdump())
