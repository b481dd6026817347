"""One engine for each SQLite file of Dagster's, instead of one for each time that it is opened.

Belongs here: keeping what an engine has compiled, a fifth of a run's time. Does not: connections,
of which each is opened and closed as before.
"""

import sys
from collections.abc import Callable
from typing import Any

import sqlalchemy
from sqlalchemy.pool import NullPool

_ROOM = 64
"""Engines that are kept: of each installation and each of its runs one, and tests make hundreds."""


def engines_kept(create: Callable[..., sqlalchemy.Engine]) -> Callable[..., sqlalchemy.Engine]:
    """The same engines; one of a file that keeps no connection is made once of what was asked."""
    made: dict[str, sqlalchemy.Engine] = {}

    def created(url: Any, **given: Any) -> sqlalchemy.Engine:
        is_file = str(url).startswith("sqlite")  # of another address, the text hides the password
        if not is_file or given.get("poolclass") is not NullPool:
            return create(url, **given)
        asked = f"{url} {sorted(given.items())}"
        if asked not in made:
            if len(made) == _ROOM:
                del made[next(iter(made))]
            made[asked] = create(url, **given)
        return made[asked]

    return created


def keep_engines() -> None:
    """From now on, in this process and its forks, wherever the function is known by its name."""
    create = sqlalchemy.create_engine
    kept = engines_kept(create)
    for module in list(sys.modules.values()):
        if getattr(module, "__dict__", {}).get("create_engine") is create:
            vars(module)["create_engine"] = kept
