"""What is there of each month, stage by stage: the content of ``cchc status``.

Belongs here: reading lake and portal. Does not: changing either.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cchc_pipeline.contracts import Language
from cchc_pipeline.contracts.sources import owed_sources, source_named
from cchc_pipeline.core.period import Month
from cchc_pipeline.core.wording import worded
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.inbox.account import account_of, stray_lines, untaken
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.sources.raw.withdrawals import months_known, replay_lines, withdrawals
from cchc_pipeline.storage.lake import Lake
from publish.release.approval import LOG, ApprovalEntry, ApprovalLog
from publish.release.assemble import release_months
from publish.store.store import Portal


def installation_state(settings: Settings) -> dict[str, Any]:
    """All that is there, months and what surrounds them.

    Returns:
        ``latest`` release or None; the last ``preview`` or None; ``months``, each with its
        snapshots, rows handed in, computed and published state, what is missing of the whole and
        of units, where months do not join, and how many figures were corrected by hand;
        ``inbox`` with what lies there untaken, what is replayed and what was withdrawn;
        ``units_awaiting_code`` of the newest month.
    """
    lake, portal = Lake(settings.lake_dir, settings.root_unit), Portal(settings.portal_dir)
    latest = portal.latest()
    months = sorted({*lake.months("raw_portal"), *lake.months("scores")})
    computed = set(release_months(lake))
    published = set(latest.periods) if latest else set()
    register = load_register(settings.inbox_dir, settings.root_unit)
    return {
        "latest": str(latest.id) if latest else None,
        "published_at": latest.published_at if latest else None,
        "preview": _preview(ApprovalLog(settings.home / LOG).entries()),
        "months": [
            {
                "period": str(month),
                **_month(lake, month, settings.root_unit),
                "computed": month in computed,
                "published": month in published,
            }
            for month in months
        ],
        "inbox": _inbox(settings),
        "units_awaiting_code": [u.name_vi for u in register.awaiting_code(months[-1])]
        if months
        else [],
    }


def _inbox(settings: Settings) -> dict[str, list[str]]:
    """What is to be said of the inbox, one line each: of the months that it or the archive has."""
    inbox, archive = settings.inbox_dir, RawArchive(settings.raw_dir)
    not_taken, replayed, withdrawn = [], [], []
    for month in months_known(inbox, archive):
        account = account_of(inbox / str(month))
        not_taken += [f"{month}: {file.line()}" for file in untaken(account)]
        replayed += list(replay_lines(archive, month, inbox / str(month), account))
        withdrawn += [act.line() for act in withdrawals(archive, month)]
    return {
        "not_taken": [*not_taken, *stray_lines(inbox, settings.root_unit)],
        "replayed": replayed,
        "withdrawn": withdrawn,
    }


def _preview(entries: Sequence[ApprovalEntry]) -> dict[str, str] | None:
    """The last preview, and who approved what it showed; nobody is an empty text."""
    previews = [entry for entry in entries if entry.act == "previewed"]
    if not previews:
        return None
    last = previews[-1]
    approved = [
        e.by for e in entries if e.act == "approved" and e.input_digest == last.input_digest
    ]
    told = {"release": last.release, "digest": last.digest, "at": last.at}
    return told | {"approved_by": "; ".join(approved[-1:])}


def _month(lake: Lake, month: Month, root: str) -> dict[str, Any]:
    accounts = lake.read("submissions", month).to_pylist()
    whole = [row for row in accounts if row["unit_code"] == root]
    missing = [row for row in accounts if row["status"] == "missing"]
    return {
        "snapshots": lake.read("raw_portal", month).num_rows,
        "rows": {row["table"]: row["rows"] for row in whole if row["status"] != "missing"},
        "quarantined": sum(row["quarantined"] or 0 for row in whole),
        "missing": [row["table"] for row in missing if row["unit_code"] == root],
        "units_missing": _by_table(row for row in missing if row["unit_code"] != root),
        "continuity_breaks": _breaks(lake, month),
        "corrections": lake.read("corrections", month).num_rows,
        "owed": owed_targets(lake, month, root),
    }


def _by_table(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    units: dict[str, list[str]] = {}
    for row in rows:
        units.setdefault(row["table"], []).append(row["unit_code"])
    return units


def _breaks(lake: Lake, month: Month) -> dict[str, int]:
    """Units whose carried-over dossiers are not those left open, with the difference."""
    rows = lake.read("dossier_continuity", month).to_pylist()
    return {row["unit_code"]: row["difference"] for row in rows if row["difference"]}


def owed_targets(lake: Lake, month: Month, root: str) -> dict[str, list[str]]:
    """The targets of the plan that nobody reported, by who owes them."""
    owed: dict[str, set[str]] = {}
    for row in lake.read("plan_indicators", month).to_pylist():
        if row["unit_code"] == root and row["obs_status"] == "O" and row["owed_by"]:
            owed.setdefault(row["owed_by"], set()).add(row["indicator_id"])
    return {unit: sorted(ids) for unit, ids in sorted(owed.items())}


def installation_lines(seen: Mapping[str, Any], language: Language = "en") -> Iterable[str]:
    """The state for people, as ``installation_state`` gives it.

    Args:
        seen: The state.
        language: In which language it is said; of a table the names of sources too.
    """
    lines, table = [*_of_releases(seen)], [*_table(seen["months"], language)]
    rest = [*_of_months(seen)]
    yield from (worded(line, language) for line in lines)
    yield from table
    yield from (worded(_with_sources(line, language), language) for line in rest)


def _of_releases(seen: Mapping[str, Any]) -> Iterable[str]:
    yield f"latest release: {seen['latest'] or 'none'} {seen['published_at'] or ''}".rstrip()
    if seen["preview"]:
        approved = seen["preview"]["approved_by"]
        state = f"approved by {approved}" if approved else "not approved"
        yield f"last preview: {seen['preview']['release']} {seen['preview']['at']}, {state}"


def _table(months: Iterable[Mapping[str, Any]], language: Language) -> Iterable[str]:
    """A line a month, under headings as wide in either language."""
    heads = ("month", "snapshots", "rows", "refused", "computed", "published", "missing")
    yield _row([worded(head, language) for head in heads])
    for month in months:
        yield _row(
            [
                month["period"],
                str(month["snapshots"]),
                str(sum(month["rows"].values())),
                str(month["quarantined"]),
                worded("yes" if month["computed"] else "no", language),
                worded("yes" if month["published"] else "no", language),
                ", ".join(_source(table, language) for table in month["missing"]) or "-",
            ]
        )


def _row(cells: Sequence[str]) -> str:
    period, snapshots, rows, refused, computed, published, missing = cells
    return f"{period:8} {snapshots:>9} {rows:>10} {refused:>8} {computed:8} {published:9} {missing}"


def _source(table: str, language: Language) -> str:
    """A source as people call it; engineers know it by its table."""
    return source_named(table).name.vi if language == "vi" else table


def _with_sources(line: str, language: Language) -> str:
    """A line about a source of a month, with the source as people call it."""
    words = line.split(" ", 2)
    names = {source.source for source in owed_sources()}
    if language == "vi" and len(words) == 3 and words[1] in names:
        words[1] = _source(words[1], language)
    return " ".join(words)


def _of_months(seen: Mapping[str, Any]) -> Iterable[str]:
    for month in seen["months"]:
        if month["corrections"]:
            yield f"{month['period']} has {month['corrections']} figure(s) corrected by hand"
    yield from _not_current(seen.get("not_current", {}))
    yield from seen["inbox"]["not_taken"]
    yield from seen["inbox"]["withdrawn"]
    replayed = len(seen["inbox"]["replayed"])
    if replayed:
        yield f"{replayed} delivered file(s) are no longer in the inbox and are replayed (--json)"
    for month in seen["months"][-1:]:
        yield from _details(month)
    names = seen["units_awaiting_code"]
    if names:
        hint = f"{len(names)}; add them to inbox/units.csv"
        yield f"units without a code ({hint}): {', '.join(names)}"


def _not_current(stale: Mapping[str, Sequence[str]]) -> Iterable[str]:
    """The months that would not come out as they are; nothing is published before they are made."""
    for month, changed in stale.items():
        yield f"{month} is not current: {', '.join(changed)}"
    if stale:
        yield "to make them: cchc run --all"


def _details(month: Mapping[str, Any]) -> Iterable[str]:
    """What the newest month lacks, by who owes it."""
    period = month["period"]
    for unit, ids in month["owed"].items():
        yield f"{period} owed by {unit}: {', '.join(ids)}"
    for table, units in month["units_missing"].items():
        yield f"{period} {table} not handed in by {len(units)} unit(s): {_few(units)}"
    breaks = [f"{unit} {difference:+}" for unit, difference in month["continuity_breaks"].items()]
    if breaks:
        yield f"{period} carried over is not what was left open: {_few(breaks)}"


def _few(names: Sequence[str]) -> str:
    """The first ten, and how many more."""
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"{', '.join(names[:10])}{more}"
