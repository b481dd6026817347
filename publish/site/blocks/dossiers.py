"""Dossiers on a page: what became of them in a month, of the city and of each unit.

Belongs here: choosing and ordering rows of ``dossier_statistics``; the share in time and the parts
of what was finished, as a stack. Does not: counting (``cchc_pipeline.indicators``), geometry
(``charts``), words, HTML.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from markupsafe import Markup

from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.dossier_statistics import SUMMED
from cchc_pipeline.methodology import round_score
from publish.site.charts.bars import Part, Stack, stack_chart
from publish.site.forms import Forms, Names, Row
from publish.site.words import collation_key

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
        counts = [flow.row[name] for name in measures]
        if None in counts:
            continue  # a summed table does not tell it
        count = sum(counts)
        shown = forms.count(count)
        name = forms.words(f"flow.part.{kind}")
        parts.append(Part(kind, count, shown, f"{name}: {shown}"))
    share = flow.in_time
    note = forms.words("flow.in_time", share=forms.percent(share)) if share is not None else ""
    return Stack(forms.month(flow.month), note, tuple(parts))


@dataclass(frozen=True)
class MonthDossiers:
    """What became of the dossiers of a month: of the whole, and of each unit below."""

    whole: Flow
    units: tuple[Flow, ...]

    @property
    def all(self) -> tuple[Flow, ...]:
        """The whole, then the units."""
        return (self.whole, *self.units)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The units whose summed tables the whole, counted from dossiers, does not hold."""
        apart = self.whole.row["source"] != SUMMED
        units = (flow.row for flow in self.units if apart and flow.row["source"] == SUMMED)
        return tuple(row["unit_code"] for row in units)


def month_dossiers(
    rows: Iterable[Row], month: Month, root: str, names: Names
) -> MonthDossiers | None:
    """The dossiers of a month, units by name; None where nobody handed any in."""
    flows = {
        row["unit_code"]: Flow(month, row)
        for row in rows
        if row["period"] == str(month) and row["field_code"] == "ALL"
        and row["finished"] is not None
    }  # fmt: skip
    whole = flows.pop(root, None)
    if whole is None:
        return None
    units = sorted(flows, key=lambda code: collation_key(names.unit(code)["name_vi"]))
    return MonthDossiers(whole, tuple(flows[code] for code in units))
