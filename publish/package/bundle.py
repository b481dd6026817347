"""A release as one file to take away: ``<data package>.zip``.

Belongs here: what lies in it (the CSV files, what explains them) and its bytes, the same for the
same files. Does not: the files themselves, or the other formats, which are taken one by one.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime

from publish.model import DESCRIPTOR
from publish.package.formats import json_bytes

_WITH_IT = ("CHANGES.md", "LICENSE.md")
_UNIX, _READABLE = 3, 0o100644 << 16


def bundle_name(package: str) -> str:
    """The file's name, by that of the data package."""
    return f"{package}.zip"


def bundle(package: str, files: Mapping[str, bytes], at: datetime) -> bytes:
    """The CSV files with a descriptor of these alone, the changes and the terms.

    Args:
        package: The name of the data package, the folder within.
        files: The files of the release, by their paths.
        at: The moment that every entry bears.
    """
    tables = sorted(name for name in files if name.startswith("data/"))
    taken = {DESCRIPTOR: _descriptor(files[DESCRIPTOR], tables)}
    taken |= {name: files[name] for name in (*_WITH_IT, *tables) if name in files}
    out, moment = io.BytesIO(), at.astimezone(UTC)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in taken.items():
            entry = zipfile.ZipInfo(f"{package}/{name}", moment.timetuple()[:6])
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, _UNIX
            entry.external_attr = _READABLE
            archive.writestr(entry, content)
    return out.getvalue()


def _descriptor(content: bytes, paths: list[str]) -> bytes:
    whole = json.loads(content)
    kept = [resource for resource in whole["resources"] if resource["path"] in paths]
    return json_bytes({**whole, "resources": kept})
