"""English words on a screen that is Vietnamese.

Belongs here: which words show that a line is English, and what of a line is no word. Does not:
what is said.
"""

import re

_WORDS = re.compile(
    r"(?<![\w./\-])(?:the|is|are|was|were|be|been|of|and|or|not|it|its|this|that|these|with|without"
    r"|from|for|has|have|had|cannot|would|should|which|nothing|every|each|row|rows|month|months"
    r"|file|files|release|published|missing|failed|made|run|again|unknown|name|sheet|column|error"
    r"|check|checks|settings|program|preview of|approved|changed)(?![\w/\-=])(?!\.\w)",
    re.IGNORECASE,
)
_COMMANDS = re.compile(
    r"cchc [a-z]+(?: (?:--?[\w-]+|[\d-]+|[A-ZÀ-Ỹ-]+|\"[^\"]*\"))*"  # what is typed
    r"|“[^”]*”|'[^']*'|`[^`]*`"  # what is quoted
    r"|--[a-z-]+|CCHC_\w+|\b[a-z]+_[a-z_]+\b|\w+://\S*|/\S+"  # options, variables, names, paths
)


def english_in(text: str) -> list[str]:
    """The English words of a text; commands, names, paths and what is quoted are none."""
    return [match[0] for match in _WORDS.finditer(_COMMANDS.sub(" ", text))]
