"""The names in a record of its own names: matched to a form's fields, lists and leaves.

Belongs here: keys of JSON, columns of Parquet and of views, names within lists; they meet as
headings do. Does not: finding the names in a file, or headings of tables (``record_form``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cchc_pipeline.errors import SourceError
from cchc_pipeline.sources.record_files.record_form import (
    NestedField,
    RecordForm,
    check_match,
    fold_heading,
    match_headings,
    shown,
)

_TOLD = 2
_KEEP_ONE = "keep one of them, rename or delete the other"


@dataclass(frozen=True)
class KeyMatch:
    """Which name of the file holds which field or list of the form, and the names not known."""

    fields: Mapping[str, str]
    lists: Mapping[str, str]
    unknown: tuple[str, ...]


def match_keys(keys: Iterable[str], form: RecordForm, where: str) -> KeyMatch:
    """Find the fields and lists that the names of a file mean.

    Args:
        keys: The names; one that stands there twice is two columns of one name.
        form: The record's form.
        where: The file or view, for the reader of an error.

    Raises:
        SourceError: Two names mean the same, or a field that must be there is not.
    """
    by_fold = {fold_heading(item.name): item.name for item in form.nested}
    listed: dict[str, str] = {}
    plain, doubles = [], []
    for key in keys:
        item = by_fold.get(fold_heading(key))
        if item is None:
            plain.append(key)
        elif item in listed:
            doubles.append(_double(listed[item], key, item))
        else:
            listed[item] = key
    match = match_headings(plain, form)
    told = (*match.doubles, *doubles)[:_TOLD]
    check_match(replace(match, doubles=told), form, where)
    fields = {field: plain[place] for field, place in match.columns.items()}
    return KeyMatch(fields, listed, match.unknown)


def match_leaves(keys: Iterable[str], item: NestedField, where: str) -> Mapping[str, str]:
    """By leaf, the name that holds it in the entries of a list.

    Raises:
        SourceError: Two names mean the same leaf.
    """
    by_fold = {fold_heading(leaf): leaf for leaf in item.leaves}
    found: dict[str, str] = {}
    for key in keys:
        leaf = by_fold.get(fold_heading(key))
        if leaf in found:
            double = _double(found[leaf], key, f"{item.name}.{leaf}")
            what = f"two names with the same meaning: {double}"
            raise SourceError(what, where=where, todo=_KEEP_ONE)
        if leaf is not None:
            found[leaf] = key
    return found


def _double(one: str, other: str, name: str) -> str:
    return f'"{shown(one)}" and "{shown(other)}" ({name})'
