"""Texts and names as SQL writes them.

Belongs here: quoting, once for every engine. Does not: what is asked.
"""

from pathlib import Path


def literal(text: str | Path) -> str:
    """A text or path as an SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
