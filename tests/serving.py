"""The portal served within the test's process, by the server of ``cchc serve``.

Belongs here: starting and ending it. Does not: assertions, or the web server of the public
(``tests.ops.nginx``).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from publish.portal.server import LocalServer, shown_folders
from publish.store.store import Portal


@contextmanager
def served(root: Path, within: Iterable[Path] = ()) -> Iterator[str]:
    """The address of a folder that is being served."""
    with LocalServer(root, 0, within) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.address
        finally:
            server.shutdown()
            thread.join(20)
            assert not thread.is_alive()


@contextmanager
def served_portal(home: Path) -> Iterator[str]:
    """The address of an installation's portal, as ``cchc serve`` shows it."""
    portal = Portal(home / "portal")
    with served(portal.current, shown_folders(portal)) as address:
        yield address
