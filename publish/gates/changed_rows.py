"""A package without the rows that the release before has: what a row by row reader need not read.

Belongs here: which rows of a file stood in the same bytes, under the same schema, in a release that
went out, and the smaller package beside the whole. Does not: reading either (``package``).

A row is judged by itself, so what was said of its bytes holds. What a row is judged with must be
the same too: the program, the schema, and the lists that its codes stand in. That keys tell all
rows apart is asked of the whole table (``figures.tables_meet_their_contracts``).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publish.model import DESCRIPTOR, Published
from publish.store.store import SUMS

Resource = Mapping[str, Any]
_JUDGED_WITH = ("schema", "dialect", "encoding", "path")
_OF_BYTES = ("name", "path", "mediatype", "bytes", "hash")


def package_of_changes(whole: Path, before: Published | None, folder: Path) -> Path | None:
    """Make a package of the files of a release in which long tables have their changed rows only.

    Args:
        whole: The folder of the package.
        before: The release before.
        folder: Empty; the smaller package is made of links and of the files that are cut.

    Returns:
        Its descriptor, or None if there is nothing that the release before could tell.
    """
    descriptor = json.loads((whole / DESCRIPTOR).read_bytes())
    shown = _Shown.of(before) if before else None
    if shown is None or shown.program != _program(descriptor):
        return None
    resources = descriptor["resources"]
    cut = dict(_cut_tables(whole, resources, shown))
    _link_all(whole, folder, [resource["path"] for resource in resources])
    for name, rows in cut.items():
        (folder / f"{name}.csv").write_bytes(rows)
    descriptor["resources"] = [
        part for one in resources for part in (_cut_resource(one) if one["name"] in cut else [one])
    ]
    (folder / DESCRIPTOR).write_text(json.dumps(descriptor), encoding="utf-8")
    return folder / DESCRIPTOR


@dataclass(frozen=True)
class _Shown:
    """The release before, as far as its files are those that its digests name."""

    folder: Path
    digests: Mapping[str, str]
    program: Any
    resources: Mapping[str, Resource]

    @classmethod
    def of(cls, release: Published) -> "_Shown | None":
        """None where its list of digests is not the one that went out."""
        if not (release.folder / SUMS).is_file():
            return None
        listed = (release.folder / SUMS).read_bytes()
        if hashlib.sha256(listed).hexdigest() != release.digest:
            return None
        lines = (line.partition("  ") for line in listed.decode("utf-8").splitlines())
        shown = cls(release.folder, {name: digest for digest, _, name in lines}, None, {})
        descriptor = json.loads(shown.read(DESCRIPTOR) or b"{}")
        named = {resource["name"]: resource for resource in descriptor.get("resources", ())}
        return cls(shown.folder, shown.digests, _program(descriptor), named)

    def read(self, path: str) -> bytes | None:
        """A file, or None where it is not what went out."""
        place = self.folder / path
        content = place.read_bytes() if place.is_file() else b""
        return content if hashlib.sha256(content).hexdigest() == self.digests.get(path) else None


def _program(descriptor: Mapping[str, Any]) -> Any:
    return descriptor.get("generatedBy", {}).get("version")


def _cut_tables(
    whole: Path, resources: Iterable[Resource], shown: _Shown
) -> Iterable[tuple[str, bytes]]:
    """The heading and changed rows of each table that nothing refers to."""
    named = {one["name"]: one for one in resources}
    targets = {target for one in named.values() for target in _targets(one)}
    for name, one in named.items():
        if one.get("type") != "table" or name in targets:
            continue
        earlier = shown.resources.get(name)
        if earlier and _is_judged_alike(one, earlier, named, shown):
            rows = _changed_rows((whole / one["path"]).read_bytes(), shown.read(one["path"]))
            if rows is not None:
                yield name, rows


def _targets(resource: Resource) -> set[str]:
    """The resources that its codes stand in; itself by its own name."""
    keys = resource.get("schema", {}).get("foreignKeys", ())
    return {key["reference"].get("resource") or resource["name"] for key in keys}


def _is_judged_alike(
    one: Resource, earlier: Resource, named: Mapping[str, Resource], shown: _Shown
) -> bool:
    return all(one.get(part) == earlier.get(part) for part in _JUDGED_WITH) and all(
        named.get(target, {}).get("hash", target) == shown.resources.get(target, {}).get("hash")
        for target in _targets(one)
    )


def _changed_rows(content: bytes, earlier: bytes | None) -> bytes | None:
    """The heading and the lines that are not in the earlier file; None if lines are no rows."""
    if earlier is None:
        return None
    (heading, *lines), (old_heading, *old_lines) = content.split(b"\n"), earlier.split(b"\n")
    known = set(old_lines)
    if heading != old_heading or len(set(lines)) != len(lines) or lines[-1:] != [b""]:
        return None
    if any(line.count(b'"') % 2 for line in (*lines, *known)):
        return None
    return b"".join(line + b"\n" for line in (heading, *lines[:-1]) if line not in known)


def _link_all(whole: Path, folder: Path, paths: Iterable[str]) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to((whole / path).resolve())


def _cut_resource(resource: Resource) -> list[Resource]:
    """The table with its changed rows, and its whole file as bytes that have a digest."""
    rows = {key: value for key, value in resource.items() if key not in {"bytes", "hash"}}
    as_bytes = {key: resource[key] for key in _OF_BYTES if key in resource}
    return [
        rows | {"path": f"{resource['name']}.csv"},
        as_bytes | {"name": f"{resource['name']}-whole", "format": "CSV"},
    ]
