"""The words of a run in the reader's language: reading ``schemas/commands/run.yaml``, filling in.

Belongs here: which language is spoken, numbers as it writes them, lists that are cut short. Does
not: the words, or which of them are said when (``run_summary``, ``progress``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from cchc_pipeline.calendar import CalendarWords
from cchc_pipeline.contracts import Language, Text
from cchc_pipeline.core.data import read_yaml, typed

_PATH = "commands/run.yaml"
WHOLE_LIST = "cchc status --json"
"""Where a list that was cut short is whole."""


@dataclass(frozen=True)
class Doing:
    """What is being done while one of some steps runs."""

    steps: tuple[str, ...]
    words: Text


@dataclass(frozen=True)
class RunWords:
    """All words; the fields are those of the file."""

    basis: str
    listed_at_most: int
    largest_at_most: int
    lines: Mapping[str, Text]
    bases: Mapping[str, Text]
    doing: tuple[Doing, ...]


@cache
def load_run_words() -> RunWords:
    """The shipped words.

    Raises:
        SchemaDataError: They cannot be used; the line says where.
    """
    return typed(RunWords, read_yaml(_PATH), f"schemas/{_PATH}")


@dataclass(frozen=True)
class Speech:
    """One language, in which everything of a run is said."""

    language: Language = "en"

    def say(self, name: str, **values: object) -> str:
        """A line by its name, its braces filled; whole numbers are grouped."""
        told = {
            key: self.number(value) if type(value) is int else value
            for key, value in values.items()
        }
        return self.of(load_run_words().lines[name]).format_map(told)

    def of(self, text: Text | CalendarWords) -> str:
        """A text in the language."""
        return text.vi if self.language == "vi" else text.en

    def basis(self, code: str) -> str:
        """What a figure is for: the month, the quarter, the year to date."""
        return self.of(load_run_words().bases[code])

    def doing(self, step: str) -> str:
        """What is being done in a step of Dagster's, for who does not know its name."""
        for doing in load_run_words().doing:
            if any(fnmatchcase(step, pattern) for pattern in doing.steps):
                return self.of(doing.words)
        return step

    def number(self, number: float) -> str:
        """A number with its thousands grouped, as the language writes it."""
        text = f"{number:,}"
        return text.translate(str.maketrans(",.", ".,")) if self.language == "vi" else text

    def score(self, score: float | None) -> str:
        """A score with two decimals, or without any if it is whole."""
        return "–" if score is None else self.number(round(score, 2) if score % 1 else int(score))

    def listed(self, parts: Sequence[str], where: str = WHOLE_LIST, mark: str = ", ") -> str:
        """The first of them; where there are more, how many, and where all are."""
        most = load_run_words().listed_at_most
        rest = [self.say("more", count=len(parts) - most, where=where)] if len(parts) > most else []
        return mark.join([*parts[:most], *rest])
