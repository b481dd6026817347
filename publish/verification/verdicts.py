"""The checks of ``cchc verify``, in order, and their verdicts.

Belongs here: which checks there are, and making them. Does not: a check itself.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from cchc_pipeline.errors import CchcError, UsageError
from publish.verification import figure_checks, file_checks, revision_checks
from publish.verification.package import NotCheckedError, Package, Subject

Result = Literal["passed", "failed", "not checked"]
Check = Callable[[Package], Iterable[str]]
"""A check yields one line a failure; none is a pass."""


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


CHECKS: Mapping[str, Check] = {
    check.__name__: check
    for check in (
        file_checks.files_match_digests,
        file_checks.no_file_is_unlisted,
        file_checks.digests_are_those_of_the_index,
        file_checks.signature_is_good,
        file_checks.descriptor_matches_files,
        file_checks.formats_are_equal,
        figure_checks.keys_are_unique,
        figure_checks.foreign_keys_resolve,
        figure_checks.groups_sum_to_total,
        figure_checks.gaps_have_a_status,
        figure_checks.submissions_add_up,
        revision_checks.revisions_stand_in_the_figures,
        revision_checks.revisions_begin_at_the_release_before,
    )
}


def verify(subject: Subject, checks: Mapping[str, Check] = CHECKS) -> tuple[Verdict, ...]:
    """Make every check; none is left out because another failed.

    Args:
        subject: The release.
        checks: Checks by their names.

    Raises:
        UsageError: The public key that was given is none.
    """
    package = Package(subject)
    return tuple(_verdict(name, check, package) for name, check in checks.items())


def _verdict(name: str, check: Check, package: Package) -> Verdict:
    title = (check.__doc__ or "").strip().splitlines()[0].rstrip(".")
    failures: list[str] = []
    reason = ""
    try:
        failures += check(package)
    except NotCheckedError as why:
        reason = str(why)
    except UsageError:
        raise
    except Exception as error:  # a check that breaks has not been passed
        told = str(error) if isinstance(error, CchcError) else f"{type(error).__name__}: {error}"
        failures.append(told)
    return Verdict(name, title, tuple(failures), reason)
