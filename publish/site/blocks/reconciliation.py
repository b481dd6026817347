"""The city's dossiers beside the national portal's counts, as a block of a page.

Belongs here: the month and window of which both tell, the rows that it is made from, their order.
Does not: comparing (``cchc_pipeline.indicators.reconciliation``), words, HTML
(``templates/_reconciliation.html``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.indicators.dossier_statistics import ALL
from cchc_pipeline.indicators.reconciliation import (
    Compared,
    our_figures,
    reconcile,
    reconciliation_rules,
)
from publish.model import STATISTICS
from publish.site.extract import Extract, Figures

COUNTS, OURS, HANDED_IN = "portal_counts", "our_counts", "our_accounts"
"""What the block is made from, by the names of its tables in the extract."""
_WINDOWS = (Basis.MONTH, Basis.YTD)


@dataclass(frozen=True)
class ReconciliationFacts:
    """What the block says.

    Args:
        month: The newest month of which both tell; None if there is none.
        basis: The window that is compared.
        compared: Every figure that both tell, the root's first, then the largest differences.
    """

    month: Month | None
    basis: str
    compared: tuple[Compared, ...]

    @property
    def listed(self) -> tuple[Compared, ...]:
        """Those that are listed."""
        return self.compared[: reconciliation_rules().listed]

    @property
    def agreeing(self) -> int:
        """How many agree."""
        return sum(not one.difference for one in self.compared)


def reconciliation_tables(figures: Figures) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """The rows of the newest window of which both tell, and which it is."""
    for month in reversed(figures.months):
        for basis in _WINDOWS:
            months = [month] if basis is Basis.MONTH else list(Month(month.year, 1).to(month))
            found = _tables_of(figures, month, basis, months)
            if found is not None:
                window = {"month": str(month), "basis": basis.value, "months": [*map(str, months)]}
                return found, {"reconciled": window}
    return _empty(figures), {"reconciled": {}}


def _tables_of(
    figures: Figures, month: Month, basis: Basis, months: list[Month]
) -> dict[str, pa.Table] | None:
    """The rows of both in a window; None where one of them tells nothing."""
    if not {*months} <= {*figures.months}:
        return None
    scores = figures.of_months("scores", month)
    named = pa.array(sorted({one.metric for one in reconciliation_rules().measures}))
    counts = scores.filter(
        pc.and_(
            pc.and_(pc.equal(scores["basis"], basis.value), pc.is_in(scores["metric_code"], named)),
            pc.or_(pc.is_valid(scores["numerator"]), pc.is_valid(scores["denominator"])),
        )
    )
    statistics = figures.of_months(STATISTICS, *months)
    ours = statistics.filter(pc.equal(statistics["field_code"], ALL))
    told = pc.unique(ours.filter(pc.is_valid(ours["carried_over"]))["unit_code"])
    if not pc.any(pc.is_in(counts["unit_code"], told)).as_py():
        return None
    handed_in = figures.of_months("submissions", *months)
    return {COUNTS: counts, OURS: ours, HANDED_IN: handed_in}


def _empty(figures: Figures) -> dict[str, pa.Table]:
    whole = {COUNTS: "scores", OURS: STATISTICS, HANDED_IN: "submissions"}
    return {name: figures.whole(table).slice(0, 0) for name, table in whole.items()}


def reconciliation_facts(extract: Extract) -> ReconciliationFacts:
    """Compare what the extract holds."""
    window: Mapping[str, Any] = extract.more["reconciled"]
    if not window:
        return ReconciliationFacts(None, "", ())
    root = extract.identity.root_unit
    ours = our_figures(extract.rows(OURS), window["months"], extract.rows(HANDED_IN), root)
    found = reconcile(ours, extract.rows(COUNTS))

    def place(one: Compared) -> tuple[object, ...]:
        return one.unit_code != root, one.unit_code == root or -abs(one.difference), one.unit_code

    return ReconciliationFacts(
        Month.parse(window["month"]), window["basis"], tuple(sorted(found, key=place))
    )
