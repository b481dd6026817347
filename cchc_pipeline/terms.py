"""Terms of reuse: the legal basis that is in force on a day (``schemas/government/terms.yaml``).

Belongs here: the bases as dated data, and which one a moment of publication falls under. Does not:
where the terms are shown, or a name of terms that the settings put in their place
(``publish.model``).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Literal

from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.core.data import NO_EXTRAS, load, refuse
from cchc_pipeline.core.period import TIMEZONE

_PATH = "government/terms.yaml"


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class TermsWords:
    """Words in both languages."""

    vi: str
    en: str


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class LegalBasis:
    """A legal basis of reuse, and the conditions that the data are published under by it.

    Attributes:
        valid_to: Its last day; None while it is in force.
        confidence: Whether a source of it was read, or its numbers are only believed.
    """

    id: str
    name: TermsWords
    text: TermsWords
    source: str
    confidence: Literal["confirmed", "believed"]
    valid_from: date | None = None
    valid_to: date | None = None


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class TermsFile:
    """The content of the file: the bases, oldest first, and the mark of one that is believed."""

    bases: tuple[LegalBasis, ...]
    believed: TermsWords


@dataclass(frozen=True)
class ReuseTerms:
    """Terms of reuse as readers are told them: their name, and the conditions.

    Attributes:
        id: The same for two releases exactly if they have the same terms.
    """

    id: str
    name: TermsWords
    text: TermsWords


def terms_on(moment: datetime | date) -> ReuseTerms:
    """The terms of what is published at a moment, by its day in Viet Nam.

    The name of a basis that nobody has confirmed says so.
    """
    known = load_terms()
    day = moment.astimezone(TIMEZONE).date() if isinstance(moment, datetime) else moment
    basis = next(one for one in known.bases if one.valid_to is None or day <= one.valid_to)
    if basis.confidence == "confirmed":
        return ReuseTerms(basis.id, basis.name, basis.text)
    marked = TermsWords(
        f"{basis.name.vi} ({known.believed.vi})", f"{basis.name.en} ({known.believed.en})"
    )
    return ReuseTerms(basis.id, marked, basis.text)


@cache
def load_terms() -> TermsFile:
    """The shipped terms.

    Raises:
        SchemaDataError: The file cannot be used, or a day has no basis or two.
    """
    return checked_terms(load(TermsFile, _PATH), f"schemas/{_PATH}")


def checked_terms(terms: TermsFile, where: str) -> TermsFile:
    """The terms, if every day has exactly one basis.

    Raises:
        SchemaDataError: A day has none or two; the line names the bases.
    """
    problems = [
        f"{earlier.id} and {later.id} do not follow each other day by day"
        for earlier, later in pairwise(terms.bases)
        if earlier.valid_to is None or later.valid_from != earlier.valid_to + timedelta(days=1)
    ]
    if not terms.bases or terms.bases[0].valid_from or terms.bases[-1].valid_to:
        problems.append("the first basis must have no beginning, and the last one no end")
    refuse(problems, where)
    return terms
