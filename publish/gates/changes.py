"""Gates on what a release changes: its period and version, its columns, rows and values.

Belongs here: what is judged against the release before and the moment. Does not: the figures by
themselves (``figures``).
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts import Contract, load_code_list, load_contract
from publish.model import CODE_LISTS, DESCRIPTOR, REVISIONS, Draft
from publish.package.formats import cell_text
from publish.release.comparison import Candidate, comparable

_Cell = tuple[str, str, str, str, str]
"""Table, key, column, old text, new text; no text is an empty cell."""


def period_is_over(candidate: Candidate) -> Iterable[str]:
    """No month of the release is still running, and the release is named for its newest month."""
    draft = candidate.draft
    for month in draft.periods:
        if not month.has_ended(candidate.now):
            yield f"{month} is not over"
    if not draft.periods or draft.id.month != max(draft.periods):
        yield f"{draft.id} is not named for the newest month"
    if draft.previous and draft.id <= draft.previous.id:
        yield f"{draft.id} does not follow {draft.previous.id}"
    if draft.previous and draft.published_text <= draft.previous.published_at:
        yield f"published_at {draft.published_text} is not after {draft.previous.published_at}"


def schema_change_is_announced(candidate: Candidate) -> Iterable[str]:
    """The descriptor states a version by the rules: a changed or removed column is a major one."""
    draft = candidate.draft
    version = str(json.loads(candidate.files[DESCRIPTOR])["version"])
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        yield f"the version {version!r} is not three numbers"
    if draft.previous is None:
        return
    now, before = draft.schema_digests, draft.previous.schema_digests
    changed = [name for name in {**before, **now} if now.get(name) != before.get(name)]
    if changed and version.startswith(f"{draft.previous.version.split('.', 1)[0]}."):
        yield f"columns of {', '.join(changed)} changed without a major version"


def revisions_are_expected(candidate: Candidate) -> Iterable[str]:
    """Every changed value has a reason, and no more of them changed than was said to be right."""
    draft = candidate.draft
    mine = [row for row in _log_of(draft) if row["release"] == str(draft.id)]
    unexplained = [row for row in mine if row["reason_code"] is None]
    if unexplained:
        yield (
            f"{len(unexplained)} published value(s) changed for no known reason,"
            f" mostly {_places(unexplained)} -> {_ask()}"
        )
    revised = [r for r in mine if r["old_value"] is not None and r["table"] not in CODE_LISTS]
    years = {_period_in(row["key"])[:4] for row in revised}
    published = sum(_filled_cells(draft, name, years) for name in draft.before)
    if draft.acceptance is None and len(revised) > candidate.terms.revision_limit * published:
        yield (
            f"{len(revised) / published:.1%} of the published values of {', '.join(sorted(years))}"
            f" are revised ({len(revised)} of {published}; the limit is"
            f" {candidate.terms.revision_limit:.1%}), mostly {_places(revised)} -> {_ask()}"
        )


def _ask() -> str:
    codes = "|".join(code.code for code in load_code_list("reason_codes").codes)
    return f"find out why; if it is right, run again with --accept-revisions {codes}"


def _places(rows: Iterable[Mapping[str, Any]]) -> str:
    """The tables and periods that most of the changed cells belong to."""
    counted = Counter(f"{row['table']} {_period_in(row['key'])}".strip() for row in rows)
    return ", ".join(f"{place} ({count})" for place, count in counted.most_common(3))


def _period_in(key: str) -> str:
    pairs = dict(pair.partition("=")[::2] for pair in key.split(";"))
    return pairs.get("period", "")


def _filled_cells(draft: Draft, name: str, years: Collection[str]) -> int:
    """How many values of a table of figures were published for these years and can be compared.

    Not those of the whole history: the longer it is, the more a wrong month would hide in it.
    """
    if name in CODE_LISTS or name == REVISIONS or name not in draft.tables:
        return 0
    year = pc.utf8_slice_codeunits(draft.before[name].column("period"), 0, 4)
    before = draft.before[name].filter(pc.is_in(year, pa.array(sorted(years), pa.string())))
    columns = comparable(load_contract(name), draft.columns_before.get(name))
    return sum(before.num_rows - before.column(column).null_count for column in columns)


def revisions_are_logged(candidate: Candidate) -> Iterable[str]:
    """The log names exactly the changed cells of this release, and keeps every earlier entry.

    They are found anew, cell by cell, and not with what made the log.
    """
    draft = candidate.draft
    log = _log_of(draft)
    own = Counter(_cell_of(row) for row in log if row["release"] == str(draft.id))
    changed = Counter(_changed_cells(draft))
    yield from (f"{_named(cell)} changed and is not logged" for cell in _first(changed - own))
    yield from (f"{_named(cell)} is logged and did not change" for cell in _first(own - changed))
    kept = Counter(_entry(row) for row in log if row["release"] != str(draft.id))
    earlier = Counter(_entry(row) for row in _rows(draft.before.get(REVISIONS)))
    if kept != earlier:
        lost, made_up = (earlier - kept).total(), (kept - earlier).total()
        yield f"of the earlier log {lost} entries are lost, and {made_up} were never published"


def _log_of(draft: Draft) -> list[dict[str, Any]]:
    return _rows(draft.tables[REVISIONS])


def _rows(table: pa.Table | None) -> list[dict[str, Any]]:
    return table.to_pylist() if table is not None else []


def _entry(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[field.name] for field in load_contract(REVISIONS).fields)


def _cell_of(row: Mapping[str, Any]) -> _Cell:
    return (
        row["table"], row["key"], row["column"], row["old_value"] or "", row["new_value"] or "",
    )  # fmt: skip


def _named(cell: _Cell) -> str:
    return f"{cell[0]}.{cell[2]} of {cell[1]}"


def _first(cells: Counter[_Cell]) -> list[_Cell]:
    return sorted(cells)[:3]


def _changed_cells(draft: Draft) -> Iterator[_Cell]:
    """The cells that were public, or are now in a period that was, and are not as before."""
    published = {str(month) for month in draft.previous.periods} if draft.previous else set()
    for name, before in draft.before.items():
        if name == REVISIONS or name not in draft.tables:
            continue
        contract, after = load_contract(name), draft.tables[name]
        places = list(_places_of(before, after, contract, published))
        for column in comparable(contract, draft.columns_before.get(name)):
            old, new = before.column(column).to_pylist(), after.column(column).to_pylist()
            field = contract.field(column)
            for key, was, now in places:
                values = (_at(old, was), _at(new, now))
                if values[0] != values[1]:
                    was_text, now_text = (cell_text(value, field) for value in values)
                    yield name, _key_text(key, contract), column, was_text, now_text


def _places_of(
    before: pa.Table, after: pa.Table, contract: Contract, published: set[str]
) -> Iterator[tuple[tuple[Any, ...], int | None, int | None]]:
    """The rows that were public or are now in a period that was: key, old and new position."""
    old = {key: place for place, key in enumerate(_keys(before, contract))}
    new = {key: place for place, key in enumerate(_keys(after, contract))}
    for key, place in old.items():
        yield key, place, new.get(key)
    for key, place in new.items():
        if key not in old and _was_out(key, contract, published):
            yield key, None, place


def _at(values: Sequence[Any], place: int | None) -> Any:
    return None if place is None else values[place]


def _keys(table: pa.Table, contract: Contract) -> list[tuple[Any, ...]]:
    return list(zip(*(table.column(k).to_pylist() for k in contract.primary_key), strict=True))


def _was_out(key: tuple[Any, ...], contract: Contract, published: set[str]) -> bool:
    named = dict(zip(contract.primary_key, key, strict=True))
    return named.get("period") in published


def _key_text(key: tuple[Any, ...], contract: Contract) -> str:
    pairs = zip(contract.primary_key, key, strict=True)
    return ";".join(f"{name}={cell_text(value, contract.field(name))}" for name, value in pairs)
