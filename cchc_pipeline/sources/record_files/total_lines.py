"""Telling lines of sums from records, which offices put below or between them.

Belongs here: the rule, and what a code looks like, also as SQL. Does not: the words (``total_line``
of a form).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from cchc_pipeline.sources.record_files.record_form import RecordForm
from cchc_pipeline.sql import literal

_CODE = r"[0-9A-Za-z._/-]*[0-9][0-9A-Za-z._/-]*"
CODE = re.compile(_CODE, re.ASCII)
"""What a record's code looks like, whatever the record."""
SHORTEST_CODE = 6
"""A code of fewer letters may be the number of a column, or a count."""
_BOUND_LETTERS = str.maketrans("đĐ", "dD")


@dataclass(frozen=True)
class TotalRule:
    """What makes a line one of sums.

    It begins with a word for a sum, has no code in the form's first required field, and most of
    the required fields are empty.

    Attributes:
        words: Regular expression of the words, for lower-case text.
        letters: The letters that they begin with, both cases.
        required: The required fields.
    """

    words: str
    letters: frozenset[str]
    required: tuple[str, ...]

    @property
    def most_filled(self) -> int:
        """How many required fields a line of sums may fill, with its label or a count."""
        return max(1, len(self.required) // 2)

    def begins(self, first: str) -> bool:
        """Whether a row's first text, which is not empty, begins with a word for a sum."""
        if first[0] not in self.letters:
            return False
        return bool(re.match(self.words, unicodedata.normalize("NFC", first).lower()))

    def holds(self, texts: Mapping[str, str]) -> bool:
        """Whether the trimmed texts of a row that so begins are otherwise those of a sum."""
        code = texts.get(self.required[0], "")
        if len(code) >= SHORTEST_CODE and CODE.fullmatch(code):
            return False
        return sum(bool(texts.get(name)) for name in self.required) <= self.most_filled


def has_code(text: str) -> str:
    """Whether a text of a field of codes looks like one, as SQL that is never NULL."""
    return (
        f"coalesce(length({text}) >= {SHORTEST_CODE}"
        f" AND regexp_full_match({text}, {literal(_CODE)}), false)"
    )


def total_rule(form: RecordForm) -> TotalRule:
    """The rule of a form; its words count as written and without any accent.

    A word that has lost half of its accents is another word: công is not cộng.
    """
    bare = [
        "".join(char for char in unicodedata.normalize("NFD", word) if char.isascii())
        for word in (word.translate(_BOUND_LETTERS) for word in form.total_line)
    ]
    words = sorted({word.lower() for word in (*form.total_line, *bare)})
    return TotalRule(
        words=f"^({'|'.join(map(re.escape, words))})([ :]|$)",
        letters=frozenset(case for word in words for case in (word[0], word[0].upper())),
        required=tuple(field.name for field in form.required),
    )
