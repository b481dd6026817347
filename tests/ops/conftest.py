"""One-stop systems of the tests of their database, and an archive.

Belongs here: fixtures. Does not: functions that need none
(``tests.sources.dossiers.dossier_table``).
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.simulation import Options, write_sample
from cchc_pipeline.sources.raw.archive import RawArchive
from tests.command_line import SAMPLE_INBOX
from tests.ops.postgres import Server
from tests.sources.dossiers.dossier_table import (
    MARCH,
    OneStop,
    Row,
    fits,
    one_stop,
    open_in,
    rows_of,
    typed,
)


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """A month's dossiers, wrong ones among them, as far as a database can hold them."""
    options, register = Options(400, 7, 0.1), load_register(SAMPLE_INBOX)
    (path,) = write_sample(tmp_path_factory.mktemp("dossiers"), MARCH, options, register, "H24")
    return [row for row in rows_of(path.read_text(encoding="utf-8")) if fits(row)]


@pytest.fixture(scope="session")
def filled(postgres_server: Server, exported: list[Row]) -> Iterator[OneStop]:
    """The one-stop system with these dossiers; do not change it."""
    with one_stop(postgres_server, "mot_cua") as made:
        made.fill(map(typed, exported))
        yield made


@pytest.fixture
def changing(postgres_server: Server, exported: list[Row]) -> Iterator[OneStop]:
    """Another one with thirty of them, for a test to change."""
    with one_stop(postgres_server, "mot_cua_khac") as made:
        made.fill(typed(row) for row in exported if open_in(row, MARCH))
        made.execute("DELETE FROM ho_so WHERE ctid NOT IN (SELECT ctid FROM ho_so LIMIT 30)")
        yield made


@pytest.fixture
def archive(tmp_path: Path) -> RawArchive:
    return RawArchive(tmp_path / "raw")
