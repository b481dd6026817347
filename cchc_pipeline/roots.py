"""Several places of government in one home: where each has its own, and which settings are its own.

Belongs here: the home of a further root, below that of the installation's own, and its settings.
Does not: what is known of a place (``government``), or going through several (``cli``).

The root that the settings name has the home itself. Each further one has a whole home of its own in
``roots/<code>``, with raw archive, lake and portal, and drops its files into ``<code>`` of the
inbox: nothing of one place is ever read for another.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cchc_pipeline.core.modes import ROOTS
from cchc_pipeline.government import government_of, known_governments


def further_root(home: Path) -> str | None:
    """The root whose home this is, where it lies below another's; None for a home by itself."""
    return home.name if home.parent.name == ROOTS and home.name in known_governments() else None


def home_of(home: Path, root: str) -> Path:
    """The home of a further root, below that of the installation."""
    return home / ROOTS / root


def inbox_of(inbox: Path, root: str) -> Path:
    """The folder of a further root in the inbox of the installation, which may be named at once."""
    return inbox if inbox.name == root else inbox / root


def places_in(home: Path) -> tuple[str, ...]:
    """The further roots that have a home below this one."""
    return tuple(
        path.name
        for path in sorted(home.joinpath(ROOTS).glob("*"))
        if path.is_dir() and path.name in known_governments()
    )


def address_of(public_url: str, root: str) -> str:
    """Where the site of a further root is served, below that of the installation; empty if none."""
    return f"{public_url.rstrip('/')}/{root}" if public_url else ""


def own_settings(root: str, public_url: str) -> Mapping[str, Any]:
    """What a further root has in place of what is set for the installation's own.

    What is set tells of one place; of a further one only its file does (``schemas/government``).
    """
    place = government_of(root)
    return {
        "root_unit": root,
        "root_department_id": place.department_id,
        "publisher": place.office,
        "contact": place.office,
        "public_url": address_of(public_url, root),
        "legacy_ids": "",
        "mirrors": "",
    }
