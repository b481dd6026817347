"""Checks on the files of a release: digests, descriptor, formats, signature.

Belongs here: what is judged on bytes. Does not: what the figures must fulfil (``figure_checks``).
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping

from cchc_pipeline.contracts import Contract
from cchc_pipeline.errors import CheckFailedError
from publish.formats import Rows, first_difference, from_json, from_parquet
from publish.portal import SUMS
from publish.signature import SIGNATURE, check_signature
from publish.verification.package import NotCheckedError, Package
from publish.workbook import from_xlsx

_READERS: Mapping[str, Callable[[bytes, Contract], Rows]] = {
    ".parquet": from_parquet,
    ".json": from_json,
    ".xlsx": from_xlsx,
}


def files_match_digests(package: Package) -> Iterable[str]:
    """Every file that SHA256SUMS lists is there, and is what was published."""
    for name, digest in package.sums.items():
        if not package.holds(name):
            yield f"{name} is missing"
        elif _digest(package.read(name)) != digest:
            yield f"{name} was changed"


def no_file_is_unlisted(package: Package) -> Iterable[str]:
    """The folder holds no file that SHA256SUMS does not list."""
    if not package.subject.is_whole:
        raise NotCheckedError("an address does not list its files")
    folder = package.subject.folder
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for name in sorted(found - package.sums.keys() - {SUMS, SIGNATURE}):
        yield f"{name} is not listed"


def digests_are_those_of_the_index(package: Package) -> Iterable[str]:
    """The digest of SHA256SUMS is the one that the portal's index.json gives."""
    if not package.subject.digest:
        raise NotCheckedError("no index.json that lists the release is at hand")
    found = _digest(package.read(SUMS))
    if found != package.subject.digest:
        yield f"{SUMS} has the digest {found}, the index says {package.subject.digest}"


def descriptor_matches_files(package: Package) -> Iterable[str]:
    """Sizes and digests in datapackage.json are those of the files, which are all listed."""
    for resource in package.resources:
        path = resource["path"]
        content = package.read(path)
        if path not in package.sums:
            yield f"{path} is described, and not listed in {SUMS}"
        if len(content) != resource["bytes"]:
            yield f"{path} has {len(content)} bytes, the descriptor says {resource['bytes']}"
        if f"sha256:{_digest(content)}" != resource["hash"]:
            yield f"{path} is not what the descriptor describes"


def formats_are_equal(package: Package) -> Iterable[str]:
    """CSV, Parquet, JSON and XLSX carry the same cells, read as the descriptor declares them."""
    for name, table in package.tables.items():
        rows, copies = table.rows, package.copies(name)
        for ending in sorted(_READERS.keys() - copies.keys()):
            yield f"{name} has no {ending}"
        for ending, path in copies.items():
            difference = _unlike(rows, package, path, _READERS[ending], table.contract)
            if difference:
                yield f"{path}: {difference}"


def _unlike(
    rows: Rows,
    package: Package,
    path: str,
    reader: Callable[[bytes, Contract], Rows],
    contract: Contract,
) -> str:
    try:
        return first_difference(rows, reader(package.read(path), contract))
    except CheckFailedError as error:
        return error.what
    except Exception as error:  # a library's own error on bytes that are no such file
        return f"cannot be read: {type(error).__name__}: {error}"


def signature_is_good(package: Package) -> Iterable[str]:
    """SHA256SUMS was signed with the secret key of the public key that was given."""
    key = package.subject.public_key
    if key is None:
        raise NotCheckedError("no public key was given (--public-key FILE)")
    if not package.holds(SIGNATURE):
        yield f"{SIGNATURE} is missing, and a public key was given"
        return
    try:
        check_signature(package.read(SUMS), package.read(SIGNATURE), key)
    except CheckFailedError as error:
        yield error.what


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
