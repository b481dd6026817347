"""Engines that are kept open what lies at their address now, as new ones would."""

from pathlib import Path

import sqlalchemy
from sqlalchemy.pool import NullPool, StaticPool

from tests.kept_engines import engines_kept

kept = engines_kept(sqlalchemy.create_engine)


def test_an_engine_that_keeps_no_connection_is_made_once_of_each_address(tmp_path: Path) -> None:
    one, other = f"sqlite:///{tmp_path}/one.db", f"sqlite:///{tmp_path}/other.db"
    assert kept(one, poolclass=NullPool) is kept(one, poolclass=NullPool)
    assert kept(one, poolclass=NullPool) is not kept(other, poolclass=NullPool)
    assert kept(one, poolclass=NullPool) is not kept(one, poolclass=NullPool, echo=True)
    assert kept(one, poolclass=StaticPool) is not kept(one, poolclass=StaticPool)


def test_a_file_that_was_replaced_is_opened_anew(tmp_path: Path) -> None:
    file = tmp_path / "one.db"
    for name in ("before", "after"):
        file.unlink(missing_ok=True)
        engine = kept(f"sqlite:///{file}", poolclass=NullPool)
        assert sqlalchemy.inspect(engine).get_table_names() == []
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text(f"CREATE TABLE {name} (x)"))
        assert sqlalchemy.inspect(engine).get_table_names() == [name]


def test_an_engine_of_a_server_is_never_kept_since_its_text_hides_the_password() -> None:
    right, wrong = (
        sqlalchemy.make_url(f"postgresql+psycopg2://a:{word}@127.0.0.1/b") for word in ("x", "y")
    )
    assert str(right) == str(wrong)
    assert kept(right, poolclass=NullPool) is not kept(wrong, poolclass=NullPool)
