"""What is there of each month, stage by stage: the content of ``cchc status``.

Belongs here: reading lake and portal. Does not: changing either.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from cchc_pipeline.period import Month
from cchc_pipeline.settings import Settings
from cchc_pipeline.store import Lake
from cchc_pipeline.units import load_register
from publish.assemble import release_months
from publish.portal import Portal


def overview(settings: Settings) -> dict[str, Any]:
    """The state of this installation.

    Returns:
        ``latest`` release or None; ``months``, each with its snapshots, entries, computed and
        published state and what is missing; ``units_awaiting_code`` of the newest month.
    """
    lake, portal = Lake(settings.lake_dir), Portal(settings.portal_dir)
    latest = portal.latest()
    months = sorted({*lake.months("raw_portal"), *lake.months("scores")})
    computed = set(release_months(lake))
    published = set(latest.periods) if latest else set()
    register = load_register(settings.inbox_dir)
    return {
        "latest": str(latest.id) if latest else None,
        "published_at": latest.published_at if latest else None,
        "months": [
            {
                "period": str(month),
                **_month(lake, month),
                "computed": month in computed,
                "published": month in published,
            }
            for month in months
        ],
        "units_awaiting_code": [u.name_vi for u in register.awaiting_code(months[-1])]
        if months
        else [],
    }


def _month(lake: Lake, month: Month) -> dict[str, Any]:
    accounts = lake.read("submissions", month).to_pylist()
    indicators = lake.read("plan_indicators", month).to_pylist()
    owed: dict[str, set[str]] = {}
    for row in indicators:
        if row["obs_status"] == "O" and row["owed_by"]:
            owed.setdefault(row["owed_by"], set()).add(row["indicator_id"])
    return {
        "snapshots": lake.read("raw_portal", month).num_rows,
        "entries": sum(row["rows"] or 0 for row in accounts),
        "quarantined": sum(row["quarantined"] or 0 for row in accounts),
        "missing": [row["table"] for row in accounts if row["status"] == "missing"],
        "owed": {unit: sorted(ids) for unit, ids in sorted(owed.items())},
    }


def overview_lines(seen: Mapping[str, Any]) -> Iterable[str]:
    """The overview for people."""
    yield f"latest release: {seen['latest'] or 'none'} {seen['published_at'] or ''}".rstrip()
    yield f"{'month':8} {'snapshots':>9} {'entries':>8} {'refused':>8} computed published missing"
    for month in seen["months"]:
        yield (
            f"{month['period']:8} {month['snapshots']:>9} {month['entries']:>8} "
            f"{month['quarantined']:>8} {_mark(month['computed'])} {_mark(month['published'], 9)} "
            f"{', '.join(month['missing']) or '-'}"
        )
    for month in seen["months"][-1:]:
        for unit, ids in month["owed"].items():
            yield f"{month['period']} owed by {unit}: {', '.join(ids)}"
    names = seen["units_awaiting_code"]
    if names:
        hint = f"{len(names)}; add them to inbox/units.csv"
        yield f"units without a code ({hint}): {', '.join(names)}"


def _mark(done: bool, width: int = 8) -> str:
    return f"{'yes' if done else 'no':{width}}"
