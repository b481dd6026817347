"""The dossiers of a month on its page: the whole, and each unit.

Belongs here: choosing and ordering rows of ``dossier_statistics``. Does not: counting, words, HTML.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cchc_pipeline.period import Month
from publish.site.flow import Flow
from publish.site.naming import Names, Row
from publish.vietnamese import collation_key


@dataclass(frozen=True)
class MonthDossiers:
    """What became of the dossiers of a month: of the whole, and of each unit below."""

    whole: Flow
    units: tuple[Flow, ...]

    @property
    def all(self) -> tuple[Flow, ...]:
        """The whole, then the units."""
        return (self.whole, *self.units)


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
