"""What became of the dossiers of a unit in a month, and the chart of it.

Belongs here: the share in time and the parts of what was finished, drawn as a stack. Does not:
counting, geometry (``charts``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from markupsafe import Markup

from cchc_pipeline.decision766 import round_score
from cchc_pipeline.period import Month
from publish.site.charts.stack import Part, Stack, stack_chart
from publish.site.forms import Forms
from publish.site.naming import Row

PARTS = (
    ("early", ("early",)), ("on_time", ("on_time",)), ("late", ("late",)),
    ("other", ("no_deadline", "withdrawn")),
)  # fmt: skip
"""The parts of what was finished: the class of each, and the measures that it adds up."""


@dataclass(frozen=True)
class Flow:
    """A month of a unit's dossiers: its row ALL of ``dossier_statistics``."""

    month: Month
    row: Row

    @property
    def in_time(self) -> Decimal | None:
        """Per cent finished early or on time of those with a deadline; None if there are none."""
        counts = [self.row[name] for name in ("early", "on_time", "late")]
        if None in counts or not sum(counts):
            return None
        return round_score(float(Fraction(100 * (counts[0] + counts[1]), sum(counts))))


def flow_chart(flows: Sequence[Flow], forms: Forms, identifier: str) -> Markup:
    """What was finished each month, by whether it was in time; the first month is the newest.

    Args:
        flows: The months.
        forms: The forms of the page's language.
        identifier: Unique on the page; an HTML id.
    """
    names = (flow_finding(flows, forms), forms.words("flow.how"), identifier)
    key = [(kind, str(forms.words(f"flow.part.{kind}"))) for kind, _ in PARTS]
    return stack_chart([_row(flow, forms) for flow in flows], key, names)


def flow_finding(flows: Sequence[Flow], forms: Forms) -> Markup:
    """The share that was finished in time in the newest month."""
    share = flows[0].in_time
    if share is None:
        return forms.words("flow.plain")
    month = forms.month(flows[0].month)
    return forms.words("flow.finding", month=month, share=forms.percent(share))


def _row(flow: Flow, forms: Forms) -> Stack:
    parts = []
    for kind, measures in PARTS:
        count = sum(flow.row[name] for name in measures)
        shown = forms.count(count)
        name = forms.words(f"flow.part.{kind}")
        parts.append(Part(kind, count, shown, f"{name}: {shown}"))
    share = flow.in_time
    note = forms.words("flow.in_time", share=forms.percent(share)) if share is not None else ""
    return Stack(forms.month(flow.month), note, tuple(parts))
