"""The charts of the plan: how far its targets have come.

Belongs here: choosing bars and findings. Does not: geometry (``charts``).
"""

from collections.abc import Iterable, Mapping

from markupsafe import Markup

from publish.site.charts.bullet import Bullet, Verdict, bullet_chart
from publish.site.forms import Forms
from publish.site.month_plan import TargetLine

_VERDICTS: Mapping[bool | None, Verdict] = {True: "attained", False: "behind", None: "unknown"}


def attainment_chart(lines: Iterable[TargetLine], forms: Forms, identifier: str) -> Markup:
    """Targets in per cent, each with its value and where it should be."""
    shown = list(lines)
    bullets = [_bullet(line, forms) for line in shown]
    names = (attainment_finding(shown, forms), forms.words("plan_year.how"), identifier)
    return bullet_chart(bullets, names)


def attainment_finding(lines: Iterable[TargetLine], forms: Forms) -> Markup:
    """How many of the measured targets are attained."""
    shown = list(lines)
    return forms.words(
        "plan_year.finding",
        attained=forms.count(sum(line.attained is True for line in shown)),
        total=forms.count(len(shown)),
    )


def _bullet(line: TargetLine, forms: Forms) -> Bullet:
    row = line.judged or {}
    target = line.indicator["target"]
    said = forms.words(
        "plan_year.bullet", value=forms.number(row["value"], "plan_indicators", "value"),
        comparator=forms.code("comparators", line.indicator["comparator"]),
        target=forms.points(target),
    )  # fmt: skip
    verdict = _VERDICTS[line.attained]
    label = f"{line.id} {forms.name(line.indicator)}"
    return Bullet(label, row["value"], target, max(100.0, target), verdict, said)
