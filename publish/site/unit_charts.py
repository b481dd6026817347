"""The charts of a unit's page, and what each shows.

Belongs here: choosing points, scales and findings. Does not: geometry (``charts``).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from publish.site.charts.trend import Point, Scale, trend_chart
from publish.site.flow import flow_chart, flow_finding
from publish.site.forms import Forms
from publish.site.naming import is_comparable
from publish.site.unit import Moment, UnitFacts
from publish.vietnamese import number_text


def score_scale(values: Iterable[float], maximum: float, forms: Forms) -> Scale:
    """An axis of scores: from 0, or from a round number where that would hide the course."""
    given = list(values)
    step = maximum / 10
    low = max(min(given, default=0.0) // step * step - step, 0.0)
    if low < maximum / 2:
        low = 0.0
    high = maximum
    ticks = (low, (low + high) / 2, high)
    return Scale(low, high, tuple((value, _short(value, forms)) for value in ticks))


def _short(value: float, forms: Forms) -> str:
    return number_text(value, 0 if value == int(value) else 1, forms.language)


def course_chart(facts: UnitFacts, forms: Forms) -> Markup:
    """The unit's total over the months."""
    if not facts.window:
        return Markup("")
    values = [m.total["score"] for m in facts.course if m.total is not None]
    scale = score_scale(values, facts.window.total["max_score"], forms)
    names = (course_finding(facts, forms), forms.words("unit.course_how"), "chart-course")
    last = forms.plain(facts.window.total, "score")
    return trend_chart(list(_points(facts.course, forms)), scale, names, last)


def _points(course: Sequence[Moment], forms: Forms) -> Iterable[Point]:
    before = None
    for moment in course:
        label = f"{moment.month.month}/{moment.month.year % 100:02d}"
        total = moment.total
        if total is None:
            yield Point(label, None, "")
            continue
        said = forms.words(
            "unit.point", month=forms.month(moment.month), score=forms.plain(total, "score")
        )
        broken = before is not None and not is_comparable(before, total)
        yield Point(label, total["score"], said, total["obs_status"] == "P", broken)
        before = total


def course_finding(facts: UnitFacts, forms: Forms) -> Markup:
    """Whether the total rose or fell since the first month that can be compared with the last."""
    given = [moment for moment in facts.course if moment.total is not None]
    like = _comparable_run(given)
    if len(like) < 2:
        return forms.words("unit.course_plain")
    first, last = like[0], like[-1]
    assert first.total is not None  # noqa: S101 - all have a total
    assert last.total is not None  # noqa: S101
    points = Decimal(str(last.total["score"])) - Decimal(str(first.total["score"]))
    key = (
        "unit.course_up" if points > 0 else "unit.course_down" if points < 0 else "unit.course_same"
    )
    return forms.words(
        key,
        points=number_text(float(abs(points)), 2, forms.language),
        first=forms.month(first.month, inside=True),
        last=forms.month(last.month, inside=True),
    )


def _comparable_run(given: Sequence[Moment]) -> Sequence[Moment]:
    """The last stretch of months that were measured alike."""
    run: list[Moment] = []
    for moment in reversed(given):
        if run and not is_comparable(moment.total or {}, run[-1].total or {}):
            break
        run.append(moment)
    return run[::-1]


UNIT_CHARTS: Mapping[str, Callable[..., Any]] = {
    "course_chart": course_chart,
    "course_finding": course_finding,
    "flow_chart": flow_chart,
    "flow_finding": flow_finding,
}
