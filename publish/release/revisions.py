"""The log of revisions: every published cell that changed, with the reason.

Belongs here: which changes are revisions, the reason of each, which rows a correction reaches, and
the rows of the table ``revisions``. Does not: applying corrections
(``cchc_pipeline.indicators.observations``), finding what changed (``comparison``), what was handed
in (``publish.store.state``), or whether the release may go out so (``publish.gates.changes``).
"""

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from cchc_pipeline.contracts import Contract, load_code_list, load_contract
from cchc_pipeline.contracts.sources import declared_sources
from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.masking import personal_marks
from cchc_pipeline.plan import load_plan
from cchc_pipeline.storage.lake import table_from_rows
from publish.model import REVISIONS, Acceptance
from publish.package.formats import cell_text
from publish.release.comparison import RowChange
from publish.release.provenance import COLUMN, OFFICIAL, SAMPLE
from publish.store.state import Renewal, load_provenance

CORRECTIONS, SCORES = "corrections", "scores"
_REACH = ("period", "basis", "metric_code")
SRC, MET, LATE = "SRC", "MET", "LATE"
NOTHING_HANDED_IN = frozenset({"O", "missing"})
"""The status of a row whose data had not come: an observation's, a submission's."""
Reason = tuple[str | None, str]
"""A code (None: nothing explains the change) and a note, which may be empty."""


@dataclass(frozen=True)
class Causes:
    """What can explain the changes of a release.

    Args:
        renewal: What was handed in since the release before.
        acceptance: What whoever publishes said of the changes that nothing else explains.
        corrections: The reason and note of rows that were corrected by hand, by table and key.
    """

    renewal: Renewal = field(default_factory=Renewal)
    acceptance: Acceptance | None = None
    corrections: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)


def acceptance_of(reason: str | None, note: str | None) -> Acceptance | None:
    """What the command line says of revisions; None if it says nothing.

    Raises:
        UsageError: The reason is no code, the note stands alone, or it must not be published.
    """
    if not reason and not note:
        return None
    codes = [code.code for code in load_code_list("reason_codes").codes]
    if reason not in codes:
        raise UsageError(
            f"{reason!r} is no reason" if reason else "a note needs a reason",
            where="--accept-revisions",
            todo=f"say one of {', '.join(codes)}",
        )
    return Acceptance(reason, _published_note(note or ""))


def _published_note(text: str) -> str:
    note = unicodedata.normalize("NFC", " ".join(text.split()))
    if note.startswith(("=", "+", "-", "@")):
        raise UsageError("begins like a formula", where="--note", todo="begin with a word")
    marks = personal_marks(note)
    if marks:
        raise UsageError(f"holds what looks like a {marks[0]}; readers see it", where="--note")
    return note


def key_text(row: Mapping[str, Any], contract: Contract) -> str:
    """A row's key as ``column=value`` pairs in the order of the primary key."""
    pairs = (
        f"{name}={cell_text(row[name], contract.field(name))}" for name in contract.primary_key
    )
    return ";".join(pairs)


def is_revision(change: RowChange, contract: Contract, published: Collection[str]) -> bool:
    """Whether a changed row revises what was public.

    Rows of a period that was not out yet do not, nor does an entry added to a list without periods.

    Args:
        change: The row.
        contract: Its table's contract.
        published: The periods that were out.
    """
    if change.before is not None:
        return True
    return "period" in contract.primary_key and change.row["period"] in published


def with_late_parts(anew: Renewal, before: pa.Table | None, now: pa.Table, root: str) -> Renewal:
    """What was handed in anew, where a unit's own part that came late replaces nothing.

    Forms and dossiers of several units are one input of a month. Where each unit that had handed in
    stands in ``submissions`` as before, and others have come, the input came late.

    Args:
        anew: What differs between the inputs of two releases.
        before: The table ``submissions`` of the release before.
        now: That of the draft. An export of all units comes at one time, which says nothing of one.
        root: The publishing unit; its rows are sums of the others'.
    """
    old, new = _parts(before, root), _parts(now, root)
    late = {
        place
        for place in anew.replaced
        if old.get(place) and old[place].items() < new.get(place, {}).items()
    }
    return Renewal(anew.arrived | late, anew.replaced - late)


def _parts(table: pa.Table | None, root: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What each unit below the root handed in, by period and source."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    joint = {one.source for one in declared_sources() if one.kind == "export"}
    for row in _rows(table):
        if row["unit_code"] != root and row["status"] not in NOTHING_HANDED_IN:
            counts = tuple(row[name] for name in ("rows", "accepted", "quarantined", "duplicates"))
            came = None if row["table"] in joint else row["received_at"]
            found.setdefault((row["period"], row["table"]), {})[row["unit_code"]] = (came, counts)
    return found


def reason_of(change: RowChange, key: str, causes: Causes) -> Reason:
    """Why a row changed: the nearest cause that is known.

    In this order: it was corrected by hand; its data had not come before; the method of the row, or
    our code list, changed; its source gave something else; the row is new in an old period; what
    whoever publishes said.
    """
    corrected = causes.corrections.get((change.table, key))
    if corrected is not None:
        return corrected
    accepted = causes.acceptance
    code = _code(change, causes.renewal) or (accepted.reason if accepted else None)
    note = accepted.note if accepted is not None and accepted.reason == code else ""
    return code, note


def _code(change: RowChange, renewal: Renewal) -> str | None:
    if change.before is not None and _status(change.before) in NOTHING_HANDED_IN:
        return LATE
    if _is_of_publications(change):
        return LATE
    if change.table not in load_provenance().tables or _is_of_another_method(change):
        return MET
    if any(_rests_on(change, place) for place in renewal.replaced):
        return SRC
    has_come = any(_rests_on(change, place) for place in renewal.arrived)
    return LATE if has_come or change.before is None else None


def _is_of_publications(change: RowChange) -> bool:
    """Whether a row is measured by the log of publications, where a confirmation may come later."""
    measured = change.row.get("indicator_id") or change.row.get("task_id")
    plan = load_plan(int(change.row["period"][:4])) if measured and change.before else None
    targets = plan.targets if plan else ()
    return any(t.id == measured and t.measured_from == "release_log" for t in targets)


def _status(row: Mapping[str, Any]) -> str | None:
    status: str | None = row.get("obs_status", row.get("status"))
    return status


def _is_of_another_method(change: RowChange) -> bool:
    methods = [row.get("methodology") for row in (change.before or {}, change.after or {})]
    return None not in methods and methods[0] != methods[1]


def _rests_on(change: RowChange, place: tuple[str, str]) -> bool:
    """Whether a row is made from the input of a period; the row of a list, from that of any."""
    period, name = place
    origin = load_provenance().tables[change.table]
    inputs = (change.row["table"],) if change.table == "submissions" else origin.inputs
    own = change.row.get("period", period)
    is_earlier = origin.carried and own[:4] == period[:4] and period < own
    return name in inputs and (period == own or is_earlier)


def revision_rows(
    changes: Iterable[RowChange], causes: Causes, published: Collection[str]
) -> Iterator[dict[str, Any]]:
    """The changed cells with their reasons, as rows without the release.

    Args:
        changes: The changed rows of all published tables.
        causes: What can explain them.
        published: The periods that were out.
    """
    for change in changes:
        contract = load_contract(change.table)
        if not is_revision(change, contract, published):
            continue
        key = key_text(change.row, contract)
        code, note = reason_of(change, key, causes)
        for name in change.columns:
            yield {
                "table": change.table,
                "key": key,
                "column": name,
                "old_value": _text(change.before, name, contract),
                "new_value": _text(change.after, name, contract),
                "reason_code": code,
                "note": note or None,
                COLUMN: SAMPLE if SAMPLE in _stated(change) else OFFICIAL,
            }


def _stated(change: RowChange) -> set[str | None]:
    return {row.get(COLUMN) for row in (change.before, change.after) if row is not None}


def _text(row: Mapping[str, Any] | None, column: str, contract: Contract) -> str | None:
    return cell_text(row[column], contract.field(column)) or None if row is not None else None


def revisions_table(
    rows: Iterable[Mapping[str, Any]], log: pa.Table | None, release: str, published_at: str
) -> pa.Table:
    """The whole log: that of the release before, and the revisions of this one.

    Args:
        rows: The revisions of this release.
        log: The table as it was published last, or None.
        release: This release.
        published_at: When it is published, ISO 8601 in UTC.
    """
    contract = load_contract(REVISIONS)
    stamp = {"release": release, "published_at": published_at}
    own = table_from_rows(contract, ({**stamp, **row} for row in rows))
    if log is None:
        return own
    order = [(name, "ascending") for name in contract.primary_key]
    return pa.concat_tables([log.cast(own.schema), own]).sort_by(order).combine_chunks()


def correction_reasons(
    tables: Mapping[str, pa.Table], before: Mapping[str, pa.Table]
) -> dict[tuple[str, str], tuple[str, str]]:
    """The reason and note of each row that a new or changed correction reaches, by table and key.

    It reaches the corrected figure, and its peers of the same period and metric, whose ranks move;
    its own row in the list of corrections has the reason that stands there.

    Args:
        tables: The tables of the draft.
        before: Those of the release before.
    """
    stood = [_content(row) for row in _rows(before.get(CORRECTIONS))]
    new = [row for row in _rows(tables.get(CORRECTIONS)) if _content(row) not in stood]
    reach = {tuple(row[name] for name in _REACH): row for row in new}
    if not reach:
        return {}
    contract, listed = load_contract(SCORES), load_contract(CORRECTIONS)
    found = {(CORRECTIONS, key_text(row, listed)): _reason(row) for row in new}
    for row in _rows(tables[SCORES].select(list(contract.primary_key))):
        correction = reach.get(tuple(row[name] for name in _REACH))
        if correction is not None:
            found[SCORES, key_text(row, contract)] = _reason(correction)
    return found


def _reason(correction: Mapping[str, Any]) -> tuple[str, str]:
    return correction["reason_code"], correction["reason_vi"]


def _rows(table: pa.Table | None) -> list[dict[str, Any]]:
    return table.to_pylist() if table is not None else []


def _content(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "release"}
