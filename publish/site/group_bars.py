"""The chart of a month: the root unit's groups against their maxima, and what it shows.

Belongs here: choosing bars and the finding in their title. Does not: geometry (``charts``).
"""

from markupsafe import Markup

from publish.site.charts.bars import Bar, bar_chart
from publish.site.forms import Forms
from publish.site.month import MetricBlock, Window
from publish.site.naming import Names, Row


def group_chart(window: Window, names: Names, forms: Forms) -> Markup:
    """The groups of the root unit as bars, each against its maximum."""
    return bar_chart(
        [_bar(block, names, forms) for block in window.blocks],
        group_finding(window, names, forms),
        forms.words("groups.description"),
        f"chart-{window.basis}",
    )


def group_finding(window: Window, names: Names, forms: Forms) -> Markup:
    """The group nearest to its maximum and the farthest; no finding where none stands out."""
    scored = [
        b.group for b in window.blocks if b.group["score"] is not None and b.group["max_score"]
    ]
    if len({_share(row) for row in scored}) < 2:
        return forms.words("groups.no_finding")
    places = {}
    for place, row in (("best", max(scored, key=_share)), ("worst", min(scored, key=_share))):
        places[place] = forms.name(names.metric(row["metric_code"]))
        places[f"{place}_score"] = forms.plain(row, "score")
        places[f"{place}_maximum"] = forms.plain(row, "max_score")
    return forms.words("groups.finding", **places)


def _bar(block: MetricBlock, names: Names, forms: Forms) -> Bar:
    row = block.group
    name = forms.name(names.metric(row["metric_code"]))
    if row["score"] is None:
        return Bar(name, None, row["max_score"], f"– {forms.status(row)}")
    score, maximum = forms.plain(row, "score"), forms.plain(row, "max_score")
    return Bar(
        name, row["score"], row["max_score"],
        forms.words("groups.bar", score=score, maximum=maximum),
    )  # fmt: skip


def _share(row: Row) -> float:
    return float(row["score"] / row["max_score"])
