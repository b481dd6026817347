"""The places of an installation, as ``places.yaml`` in its home declares them.

Belongs here: the shape of an entry, and refusing one that would be unsafe: a secret in the file, a
server whose key is not pinned. Does not: reaching a place.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cchc_pipeline.core.data import NotPlainYamlError, read_tree, refuse, typed
from cchc_pipeline.core.errors import SchemaDataError, UsageError
from cchc_pipeline.government import PlaceWords
from publish.site.page import INDEX_PAGE

PLACES_FILE = "places.yaml"
_LARGEST = 64 * 1024
_SECRET = re.compile(r"pass|secret|token|key_pem|access_key_id|credentials|bearer|sas_url")
_TAKES_A_TOKEN = re.compile(r"https://|http://(127\.0\.0\.1|localhost)[:/]")
_KEYS = ("host_keys", "known_hosts_file")
_LINKED_BY = ("key_file", "known_hosts_file")


class DeclaredPlace(BaseModel):
    """Somewhere that readers look, beside the portal's own folder.

    Attributes:
        name: Its code; target 31 counts the places of its plan by theirs.
        title: What it is called.
        kind: ``files`` (by rclone), ``ckan``, or ``manual`` (people put it there).
        shown_at: The public address at which readers see it: a folder, or a page in it.
        required: A publication is not done before it shows it.
        production: It is a real one: sample data is refused, and what it shows counts.
        remote: For ``files``: rclone's ``type`` and the options of that type, without secrets.
        path: For ``files``: the folder or bucket there.
        pointer: What leads readers to the newest site: a ``link`` named ``current``, or the
            ``page`` ``index.html``.
        package: For ``ckan``: the data set's name there.
        organization: For ``ckan``: whose data set it is there; needed where it is made first.
        wait_seconds: How long the address may take to show what was sent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")
    title: PlaceWords
    kind: Literal["files", "ckan", "manual"]
    shown_at: str = Field(pattern=r"^https?://[^\s@?#]+$")
    required: bool = False
    production: bool = False
    remote: Mapping[str, str] = Field(default_factory=dict)
    path: str = ""
    pointer: Literal["page", "link"] = "page"
    package: str = Field("", pattern=r"^([a-z0-9_-]{2,100})?$")
    organization: str = Field("", pattern=r"^([a-z0-9_-]{2,100})?$")
    wait_seconds: float = Field(30, ge=0, le=600)

    @property
    def address(self) -> str:
        """The public address of the folder, with a slash at its end."""
        return self.shown_at.removesuffix(INDEX_PAGE).rstrip("/") + "/"

    @property
    def front(self) -> str:
        """The public address as readers have it."""
        return self.shown_at if self.shown_at.endswith(f"/{INDEX_PAGE}") else self.address

    @model_validator(mode="after")
    def _is_whole_and_safe(self) -> Self:
        if (self.kind == "ckan") != bool(self.package):
            raise ValueError("kind: ckan needs package, which no other kind has")
        if self.kind == "files":
            return self._of_files()
        if self.remote or self.path:
            raise ValueError("remote and path are for kind: files")
        if self.kind == "ckan" and self.pointer == "link":
            raise ValueError("pointer is for kind: files")
        if self.kind == "ckan" and not _TAKES_A_TOKEN.match(self.shown_at):
            raise ValueError("kind: ckan needs https: a token goes there")
        return self

    def _of_files(self) -> Self:
        kind = self.remote.get("type", "")
        if not kind or not self.path:
            raise ValueError("kind: files needs remote.type and path")
        for option in self.remote:
            if _SECRET.search(option) and not option.endswith("_file"):
                raise ValueError(f"{option} is a secret: give it as {secret_name(self, option)}")
        if kind == "sftp" and not any(self.remote.get(key) for key in _KEYS):
            raise ValueError("sftp needs host_keys or known_hosts_file: the server's key is pinned")
        if self.pointer == "link" and kind not in {"local", "sftp"}:
            raise ValueError("pointer: link is for local and sftp")
        if self.pointer == "link" and kind == "sftp" and not all(map(self.remote.get, _LINKED_BY)):
            raise ValueError(f"pointer: link over sftp needs {' and '.join(_LINKED_BY)}")
        return self


def secret_name(place: DeclaredPlace, option: str) -> str:
    """The environment variable that gives rclone an option of a place."""
    return f"RCLONE_CONFIG_{place.name.upper()}_{option.upper()}"


def token_name(place: DeclaredPlace) -> str:
    """The environment variable that gives the token of a CKAN."""
    return f"CKAN_TOKEN_{place.name.upper()}"


def read_places(home: Path) -> tuple[DeclaredPlace, ...]:
    """The places of an installation; none without the file.

    Raises:
        SchemaDataError: The file cannot be used; one line says where.
    """
    path = home / PLACES_FILE
    if not path.exists():
        return ()
    try:
        tree = read_tree(path.read_bytes(), _LARGEST)
    except NotPlainYamlError as error:
        raise SchemaDataError(str(error), where=str(path)) from None
    return _typed(tree, str(path))


def _typed(tree: Any, where: str) -> tuple[DeclaredPlace, ...]:
    if tree is None:
        return ()
    if not isinstance(tree, dict) or {*tree} != {"places"}:
        raise SchemaDataError("has no list of places", where=where, todo="begin with: places:")
    places = typed(tuple[DeclaredPlace, ...], tree["places"] or (), where)
    names = [place.name for place in places]
    refuse((f"{n} stands twice" for n in sorted({*names}) if names.count(n) > 1), where)
    return places


def place_named(places: tuple[DeclaredPlace, ...], name: str, home: Path) -> DeclaredPlace:
    """One of the places.

    Raises:
        UsageError: There is none of that name.
    """
    for place in places:
        if place.name == name:
            return place
    known = ", ".join(place.name for place in places) or "none"
    raise UsageError(
        f"no place is called {name!r}", where=str(home / PLACES_FILE), todo=f"known are: {known}"
    )
