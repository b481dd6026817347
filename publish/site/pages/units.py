"""Which units have a page, and the list of them.

Belongs here: the recipe of each page, with the rows that it is made from; the order of units with
their newest totals. Does not: what a page shows of a unit (``unit``), words, HTML.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.core.period import Basis, Month
from publish.site.extract import Extract, Figures, Row
from publish.site.forms import TOTAL, names_of
from publish.site.kept import Material, PageRecipe, rows_attached
from publish.site.page import embed_of
from publish.site.pages.month import group_chart, group_finding
from publish.site.pages.pictures import unit_pictures
from publish.site.pages.unit import COURSE, REVISIONS, UNIT_CHARTS, unit_facts
from publish.site.revised import REVISED, names_for
from publish.site.words import collation_key

_LEVELS = ("city", "agency", "district", "commune")
SHARE_TARGET = "II.6a"
"""The target of dossiers in time."""
UNITS_PAGE = "don-vi/index.html"
_OWN = ("scores", "dossier_statistics", "submissions")
_Ranked = Mapping[str, Mapping[str, int]]
_Totals = Mapping[tuple[str, str, str], Sequence[tuple[float, int | None, str]]]
"""The totals of a level in a period and basis: points, dossiers received, unit; the best first."""
NEIGHBOURS = 2
"""So many units nearest in rank stand beside a unit."""
_ATTACHED = ("scores", "dossier_statistics")


@dataclass(frozen=True)
class ListedUnit:
    """A unit with its newest total, or None; ``has_parts`` where parts of it are scored alone."""

    unit: Row
    total: Row | None
    has_parts: bool = False


@dataclass(frozen=True)
class UnitList:
    """Units by level; ``period`` and ``basis`` are those of their totals, empty without any."""

    period: str
    basis: str
    levels: tuple[tuple[str, tuple[ListedUnit, ...]], ...]


def unit_list(extract: Extract) -> UnitList:
    """The units by level, in the order of names."""
    names = names_of(extract, Month.parse(extract.more["month"]))
    rows = [row for row in extract.rows("scores") if row["score"] is not None]
    basis = next((b.value for b in Basis if any(r["basis"] == b.value for r in rows)), "")
    totals = {row["unit_code"]: row for row in rows if row["basis"] == basis}
    latest = {row["unit_code"]: row for row in extract.rows("units")} | dict(names.units)
    parts = {*extract.more["scored"]} - totals.keys()
    listed = [ListedUnit(unit, totals.get(code), code in parts) for code, unit in latest.items()]
    listed.sort(key=lambda item: collation_key(item.unit["name_vi"]))
    levels = [*_LEVELS, *sorted({item.unit["level"] for item in listed} - {*_LEVELS})]
    by_level = ((level, tuple(i for i in listed if i.unit["level"] == level)) for level in levels)
    period = rows[0]["period"] if rows else ""
    return UnitList(period, basis, tuple((level, found) for level, found in by_level if found))


def unit_page(code: str) -> str:
    """The name of a unit's page."""
    return f"don-vi/{code}.html"


def unit_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PageRecipe]:
    """A page for each unit, and their list."""
    yield PageRecipe(UNITS_PAGE, "units.html", _list_extract(figures), units_material)
    for extract in unit_extracts(figures):
        yield PageRecipe(unit_page(extract.more["unit"]), "unit.html", extract, unit_material)


def unit_extracts(figures: Figures) -> Iterator[Extract]:
    """What the page of each unit is made from."""
    ranked, totals = _ranked(figures), _totals(figures)
    for code in codes(figures):
        yield _extract(figures, code, ranked, totals)


def codes(figures: Figures) -> tuple[str, ...]:
    """The units that have a page: the publishing one, and those below it that have figures."""
    provinces = _codes_of(figures.part("units", "level", "province"))
    given = {code for table in _OWN for code in figures.values(table, "unit_code")}
    return tuple(sorted((given - provinces) | {figures.root}))


def _codes_of(units: pa.Table) -> set[str]:
    return set(units.column("unit_code").to_pylist())


def _list_extract(figures: Figures) -> Extract:
    scores = figures.part("scores", "metric_code", TOTAL)
    last = str(figures.newest)
    units = figures.whole("units")
    wanted = pa.array(codes(figures))
    return figures.extract(
        {
            "scores": scores.filter(pc.equal(scores["period"], last)),
            "units": units.filter(pc.is_in(units["unit_code"], value_set=wanted)),
            "metrics": figures.whole("metrics"),
            "obs_status": figures.whole("obs_status"),
        },
        month=last,
        scored=_scored(figures, last),
    )


def _scored(figures: Figures, period: str) -> list[str]:
    """The units of which the source scored anything in a period, a total or not."""
    rows = figures.part("scores", "period", period)
    found = rows.filter(pc.is_valid(rows["score"]))["unit_code"].unique().to_pylist()
    return sorted(found)


def _extract(figures: Figures, code: str, ranked: _Ranked, totals: _Totals) -> Extract:
    tables = {name: _recent(figures, figures.part(name, "unit_code", code)) for name in _OWN}
    log = figures.whole("revisions")
    mine = log.filter(pc.match_substring_regex(log["key"], _key_pattern(code)))
    changes = figures.whole("successions")
    touched = pc.or_(_is(changes["old_code"], code), _is(changes["new_code"], code))
    shown = mine.slice(max(mine.num_rows - REVISIONS, 0))
    last, rivals = _rivals(tables["scores"], _level(figures, code), totals)
    near = {basis: nearest(found, code) for basis, found in rivals.items()}
    tables |= {
        "revisions": shown,
        "successions": changes.filter(touched),
        "units": _family(figures, code, {other for found in near.values() for other in found}),
        **_beside(figures, last, near),
        "metrics": figures.whole("metrics"),
        "obs_status": figures.whole("obs_status"),
    }
    return figures.extract(
        tables,
        unit=code,
        months=[str(month) for month in figures.months[-COURSE:]],
        peers=_peers(figures, code, ranked),
        rivals={basis: [total[:2] for total in found] for basis, found in rivals.items()},
        size={basis: _size(found, code) for basis, found in rivals.items()},
        neighbours=near,
        boards=_boards(figures, last),
        revisions=mine.num_rows,
        names=names_for(figures.draft.tables, shown.to_pylist()),
        target=_target(figures),
    )


def _recent(figures: Figures, rows: pa.Table) -> pa.Table:
    first = str(figures.months[-COURSE:][0])
    return rows.filter(pc.greater_equal(rows["period"], first))


def _key_pattern(code: str) -> str:
    return f"(^|;)unit_code={code.replace('.', '[.]')}(;|$)"


def _is(column: pa.ChunkedArray, code: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.equal(column, code), False)


def _family(figures: Figures, code: str, near: Set[str]) -> pa.Table:
    """The unit, the one above it, and those near it in rank."""
    own = figures.part("units", "unit_code", code)
    above = {parent for parent in own.column("parent_code").to_pylist() if parent}
    others = sorted((above | near) - {code})
    parts = [own, *(figures.part("units", "unit_code", other) for other in others)]
    return pa.concat_tables(parts)


def _peers(figures: Figures, code: str, ranked: _Ranked) -> Mapping[str, int]:
    """How many units of its level have a rank, by period and basis."""
    return ranked.get(_level(figures, code), {})


def _level(figures: Figures, code: str) -> str:
    """The level that a unit is ranked in; the publishing one stands among the provinces."""
    levels = figures.part("units", "unit_code", code).column("level").to_pylist()
    return "province" if code == figures.root else (levels[-1] if levels else "")


def _beside(figures: Figures, period: str, near: Mapping[str, list[str]]) -> dict[str, pa.Table]:
    """The scores and dossiers in a period of the units that are nearest in rank."""
    wanted = pa.array(sorted({code for found in near.values() for code in found}), pa.string())
    scores = figures.part("scores", "period", period)
    flows = figures.part("dossier_statistics", "period", period)
    ours, theirs = (pc.is_in(rows["unit_code"], value_set=wanted) for rows in (scores, flows))
    whole = pc.equal(flows["field_code"], "ALL")
    return {"near_scores": scores.filter(ours), "near_flows": flows.filter(pc.and_(theirs, whole))}


def _boards(figures: Figures, period: str) -> list[str]:
    """The bases in which the page of a month has ranks: those of the publishing unit's scores."""
    rows = figures.part("scores", "unit_code", figures.root)
    given = rows.filter(pc.and_(pc.equal(rows["period"], period), pc.is_valid(rows["score"])))
    return sorted(given["basis"].unique().to_pylist())


def nearest(totals: Sequence[tuple[float, int | None, str]], code: str) -> list[str]:
    """The units just above and below a unit, or the nearest two where it is the first or last.

    Args:
        totals: Those of its level, the best first.
        code: The unit; it need not be among them.
    """
    order = [other for _, _, other in totals]
    if code not in order:
        return []
    start = max(min(order.index(code) - 1, len(order) - NEIGHBOURS - 1), 0)
    return [other for other in order[start : start + NEIGHBOURS + 1] if other != code]


def _size(totals: Sequence[tuple[float, int | None, str]], code: str) -> int | None:
    """The dossiers that a unit received, as its peers' totals tell them."""
    return next((size for _, size, other in totals if other == code), None)


def _rivals(
    scores: pa.Table, level: str, totals: _Totals
) -> tuple[str, dict[str, Sequence[tuple[float, int | None, str]]]]:
    """A unit's newest month with a total, and the totals of its level in it, by basis."""
    given = scores.filter(
        pc.and_(pc.equal(scores["metric_code"], TOTAL), pc.is_valid(scores["score"]))
    )
    last = pc.max(given["period"]).as_py() or ""
    return last, {
        basis.value: totals[level, last, basis.value]
        for basis in Basis
        if (level, last, basis.value) in totals
    }


def _totals(figures: Figures) -> _Totals:
    """Every total, by level, period and basis, the best first."""
    level_of = _levels_of(figures)
    flows = figures.part("dossier_statistics", "field_code", "ALL")
    columns = (flows[name].to_pylist() for name in ("period", "unit_code", "received"))
    sizes = {(period, code): received for period, code, received in zip(*columns, strict=True)}
    found: dict[tuple[str, str, str], list[tuple[float, int | None, str]]] = {}
    rows = figures.part("scores", "metric_code", TOTAL)
    rows = rows.filter(pc.is_valid(rows["score"]))
    for row in rows.select(["period", "basis", "unit_code", "score"]).to_pylist():
        period, code = row["period"], row["unit_code"]
        key = level_of.get(code, ""), period, row["basis"]
        found.setdefault(key, []).append((row["score"], sizes.get((period, code)), code))
    return {
        key: sorted(totals, key=lambda total: (-total[0], total[2]))
        for key, totals in found.items()
    }


def _levels_of(figures: Figures) -> dict[str, str]:
    """The level that each unit is ranked in."""
    columns = (figures.whole("units")[name].to_pylist() for name in ("unit_code", "level"))
    levels = zip(*columns, strict=True)
    return {code: "province" if level == "city" else level for code, level in levels}


def _ranked(figures: Figures) -> _Ranked:
    """How many units have a rank, by level and then by period and basis."""
    totals = figures.part("scores", "metric_code", TOTAL)
    ranked = totals.filter(pc.is_valid(totals["rank"]))
    level_of = _levels_of(figures)
    found: dict[str, dict[str, int]] = {}
    for row in ranked.select(["period", "basis", "unit_code"]).to_pylist():
        level = level_of.get(row["unit_code"], "")
        counts = found.setdefault(level, {})
        key = f"{row['period']} {row['basis']}"
        counts[key] = counts.get(key, 0) + 1
    return found


def _target(figures: Figures) -> list[Mapping[str, Any]]:
    """The plan's targets for dossiers finished in time, by year."""
    rows = figures.part("indicators", "indicator_id", SHARE_TARGET).to_pylist()
    return [{"year": row["year"], "target": row["target"]} for row in rows]


def _share_target(extract: Extract) -> float | None:
    """The city's target of dossiers in time in the unit's newest year of dossiers."""
    years = [row["period"][:4] for row in extract.rows("dossier_statistics")]
    by_year = {str(target["year"]): target["target"] for target in extract.more["target"]}
    return by_year.get(max(years, default=""))


def unit_material(extract: Extract) -> Material:
    """What the template of a unit needs."""
    page = unit_page(extract.more["unit"])
    files = {name: rows_attached(page, name, extract.tables[name]) for name in _ATTACHED}
    facts = unit_facts(extract)
    pictures = unit_pictures(page, facts, extract.identity)
    values = {
        "facts": facts,
        "picture": pictures.paths,
        "embed": embed_of(page),
        "attached": files,
        "is_sample_release": extract.is_sample,
        "all_revisions": extract.more["revisions"],
        "boards": extract.more["boards"],
        "names": extract.more["names"],
        **REVISED,
        "targets": extract.more["target"],
        "share_target": _share_target(extract),
        "group_chart": group_chart,
        "group_finding": group_finding,
        **UNIT_CHARTS,
    }
    attached = {file.name: file.content for file in files.values()}
    return Material(values, attached | {**pictures.files})


def units_material(extract: Extract) -> Material:
    """What the list of units needs."""
    return Material({"list": unit_list(extract), "is_sample_release": extract.is_sample})
