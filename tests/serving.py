"""The portal served within the test's process, by the server of ``cchc serve``.

Belongs here: starting and ending it. Does not: assertions, or the web server of the public
(``tests.ops.nginx``).
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Thread

from publish.portal.server import LocalServer, WebRoot, further_web_roots, web_root_of
from publish.store.store import Portal


def served(root: Path, within: Iterable[Path] = ()) -> AbstractContextManager[str]:
    """The address of a folder that is being served."""
    return _served(WebRoot(root, tuple(within)), {})


@contextmanager
def _served(shown: WebRoot, further: Mapping[str, WebRoot]) -> Iterator[str]:
    with LocalServer(shown, 0, further) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.address
        finally:
            server.shutdown()
            thread.join(20)
            assert not thread.is_alive()


def served_portal(home: Path) -> AbstractContextManager[str]:
    """The address of an installation's portal, as ``cchc serve`` shows it."""
    return _served(web_root_of(Portal(home / "portal")), further_web_roots(home))
