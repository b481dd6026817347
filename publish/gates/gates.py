"""The checks that a draft must pass, and ``quality.json``, which says what came of them.

Belongs here: which checks there are of a draft, and of what is out too; asking them; the report of
their verdicts beside the table of submissions. Does not: the checks (``package``, ``figures``,
``changes``), their words (``schemas/release/gates.yaml``), those of what is out alone
(``publish.verify.checks``), or what follows from a failure (``publish.portal.publication``).

A gate is a check that blocks. Every gate fails closed: one that cannot be judged has failed. The
report of a draft that was stopped lies in the scratch folder and names the failures; that of one
which went out has none.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Literal, TypeVar

from cchc_pipeline.contracts import Language
from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.errors import CchcError
from publish.gates import changes, figures, package
from publish.model import Draft
from publish.release.comparison import Candidate
from publish.site.extract import Figures
from publish.site.pages.statement import quality_statement
from publish.store.reading import NotCheckedError, Package

_S = TypeVar("_S")
Result = Literal["passed", "failed", "not checked"]
Check = Callable[[Package], Iterable[str]]
"""A check yields one line a failure; none is a pass."""
Gate = Callable[[Candidate], Iterable[str]]
"""A check of a draft, which knows more than its files."""


def by_name(*checks: Callable[[_S], Iterable[str]]) -> dict[str, Callable[[_S], Iterable[str]]]:
    """Checks by their names, in their order."""
    return {check.__name__: check for check in checks}


CHECKS: Mapping[str, Check] = by_name(
    package.profile_is_valid,
    package.text_is_clean,
    package.formats_are_equal,
    package.croissant_agrees,
    package.nothing_personal,
    figures.foreign_keys_resolve,
    figures.groups_sum_to_total,
)
"""What a release must fulfil before it goes out and ever after."""


def of_draft(check: Check) -> Gate:
    """A check, asked of what a draft would publish."""

    @wraps(check)
    def gate(candidate: Candidate) -> Iterable[str]:
        return check(candidate.package)

    return gate


GATES: Mapping[str, Gate] = by_name(
    of_draft(package.profile_is_valid),
    package.frictionless_agrees,
    package.every_table_is_there,
    figures.tables_meet_their_contracts,
    of_draft(figures.foreign_keys_resolve),
    of_draft(figures.groups_sum_to_total),
    figures.every_unit_has_every_metric,
    figures.every_month_is_current,
    figures.year_to_date_is_the_sum_of_months,
    changes.period_is_over,
    of_draft(package.text_is_clean),
    of_draft(package.formats_are_equal),
    of_draft(package.croissant_agrees),
    of_draft(package.nothing_personal),
    changes.schema_change_is_announced,
    figures.no_row_is_lost,
    changes.revisions_are_expected,
    changes.revisions_are_logged,
    figures.small_counts_are_hidden,
    figures.every_row_says_its_provenance,
    figures.sample_stays_out_of_production,
)
_COUNTS = ("rows", "accepted", "quarantined", "duplicates")


@dataclass(frozen=True)
class Verdict:
    """What came of a check.

    Args:
        name: Its name.
        title: What it proves.
        failures: One line each.
        reason: Why it could not be made.
    """

    name: str
    title: str
    failures: tuple[str, ...] = ()
    reason: str = ""

    @property
    def result(self) -> Result:
        """The verdict in a word."""
        if self.failures:
            return "failed"
        return "not checked" if self.reason else "passed"

    @property
    def passed(self) -> bool:
        """Whether it was made, and found nothing."""
        return self.result == "passed"


def asked(checks: Mapping[str, Callable[[_S], Iterable[str]]], subject: _S) -> tuple[Verdict, ...]:
    """Make every check; none is left out because another failed, and one that breaks has failed."""
    return tuple(_verdict(name, check, subject) for name, check in checks.items())


def _verdict(name: str, check: Callable[[_S], Iterable[str]], subject: _S) -> Verdict:
    title = (check.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    failures: list[str] = []
    try:
        failures += check(subject)
    except NotCheckedError as why:
        return Verdict(name, title, tuple(failures), str(why))
    except CchcError as error:
        failures.append(str(error))
    except Exception as error:  # a check that breaks has not been passed
        failures.append(f"could not be judged: {type(error).__name__}: {error}")
    return Verdict(name, title, tuple(failures))


def judge(candidate: Candidate, gates: Mapping[str, Gate] = GATES) -> tuple[Verdict, ...]:
    """Ask a draft; what cannot be judged has failed.

    Args:
        candidate: What is to be published.
        gates: Gates by their names.
    """
    return tuple(_closed(verdict) for verdict in asked(gates, candidate))


def _closed(verdict: Verdict) -> Verdict:
    unjudged = (f"could not be judged: {verdict.reason}",) if verdict.reason else ()
    return replace(verdict, failures=(*verdict.failures, *unjudged), reason="")


def asks(gate: str, language: Language) -> str:
    """What a gate asks, in words for readers; empty of a check that is no gate."""
    words = read_yaml("release/gates.yaml")["gates"].get(gate)
    return str(words[language]) if words else ""


def quality_report(draft: Draft, verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """What was checked, what was handed in for each period; of what goes out, the statement too.

    Args:
        draft: The release.
        verdicts: Of each gate.
    """
    words, verdicts = read_yaml("release/gates.yaml")["gates"], tuple(verdicts)
    goes_out = bool(verdicts) and all(verdict.passed for verdict in verdicts)
    return {
        "release": str(draft.id),
        "published_at": draft.published_text,
        "provenance": draft.provenance,
        "checks": [
            {
                "name": verdict.name,
                "asks": words[verdict.name],
                "passed": verdict.passed,
                "failures": list(verdict.failures),
            }
            for verdict in verdicts
        ],
        "observations": _statuses(draft),
        "submissions": list(_submissions(draft)),
        "not_handed_in": _missing(draft),
        **({"statement": quality_statement(Figures(draft))} if goes_out else {}),
    }


def _statuses(draft: Draft) -> dict[str, dict[str, int]]:
    """How many rows of each table have which observation status."""
    return {
        name: dict(sorted(Counter(table.column("obs_status").to_pylist()).items()))
        for name, table in draft.tables.items()
        if "obs_status" in table.column_names
    }


def _submissions(draft: Draft) -> Iterable[dict[str, Any]]:
    """What came for the whole of each period and table, added up over its rows of the root."""
    root = draft.identity.root_unit
    for row in draft.tables["submissions"].to_pylist():
        if row["unit_code"] == root:
            named = {name: row[name] for name in ("period", "table", "status")}
            yield named | {name: row[name] for name in _COUNTS}


def _missing(draft: Draft) -> Mapping[str, dict[str, list[str]]]:
    """The units that handed nothing in, by period and table."""
    found: dict[str, dict[str, list[str]]] = {}
    for row in draft.tables["submissions"].to_pylist():
        if row["status"] == "missing":
            found.setdefault(row["period"], {}).setdefault(row["table"], []).append(
                row["unit_code"]
            )
    return found
