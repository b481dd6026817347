"""What the page of a target of the plan shows.

Belongs here: its series in both bases, and the units that have their own figures. Does not: which
targets have a page (``indicator_pages``), charts, words, HTML.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cchc_pipeline.period import Month
from publish.site.extract import Extract
from publish.site.naming import Names, Row, names_of
from publish.vietnamese import collation_key


@dataclass(frozen=True)
class TargetFacts:
    """Everything that the page of a target says.

    ``series`` holds each month's rows of the publishing unit by basis, oldest first.
    """

    indicator: Row
    names: Names
    series: tuple[tuple[Month, Mapping[str, Row]], ...]
    units: tuple[tuple[Row, Row], ...]
    newest: Month

    @property
    def id(self) -> str:
        """The target's published id."""
        return str(self.indicator["indicator_id"])

    @property
    def year(self) -> int:
        """The year of its plan."""
        return int(self.indicator["year"])

    @property
    def basis(self) -> str:
        """The basis that is drawn: the year to date if it has any value."""
        ytd = any("ytd" in rows and rows["ytd"]["value"] is not None for _, rows in self.series)
        return "ytd" if ytd else "month"

    @property
    def has_values(self) -> bool:
        """Whether there is anything to draw."""
        rows = (rows.get(self.basis) for _, rows in self.series)
        return any(row is not None and row["value"] is not None for row in rows)


def target_facts(extract: Extract) -> TargetFacts:
    """Choose and order what the page of a target shows."""
    (indicator,) = extract.rows("indicators")
    months = [Month.parse(text) for text in extract.more["months"]]
    root = extract.identity.root_unit
    names = names_of(extract, months[-1])
    by_month: dict[str, dict[str, Row]] = {}
    units: list[tuple[Row, Row]] = []
    for row in extract.rows("plan_indicators"):
        if row["unit_code"] == root:
            by_month.setdefault(row["period"], {})[row["basis"]] = row
        elif row["period"] == str(months[-1]) and row["basis"] == "ytd":
            units.append((names.unit(row["unit_code"]), row))
    units.sort(key=lambda pair: collation_key(pair[0]["name_vi"]))
    return TargetFacts(
        indicator,
        names,
        tuple((month, by_month.get(str(month), {})) for month in months),
        tuple(pair for pair in units if pair[1]["value"] is not None),
        months[-1],
    )
