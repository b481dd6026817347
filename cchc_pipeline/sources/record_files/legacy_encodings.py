"""Naming the old Vietnamese encoding that bytes or letters seem to be in.

Belongs here: the guess, for a message. Does not: decoding; a text in an old encoding is refused.
"""

import re

_LOW_LETTERS = re.compile(rb"[\xa7-\xae\xb5-\xbe]")
"""TCVN3 (ABC) has its commonest letters here, where VNI and Windows-1258 have signs."""
_HIGH = re.compile(rb"[\x80-\xff]")
_VNI = re.compile(rb"[aeiouyAEIOUY\xf4\xf6\xd4\xd6][\xe0-\xe5\xe8-\xeb\xef\xf5\xf8-\xfc]|\xf1|\xd1")
_WINDOWS = re.compile(rb"[aeiouy\xe2\xe3\xea\xf4\xf5\xfd][\xcc\xd2\xde\xec\xf2]|\xf0")


def name_encoding(content: bytes) -> str | None:
    """The old encoding that bytes look like, or None.

    Args:
        content: Bytes that are not UTF-8, best a line or more of text.
    """
    high = len(_HIGH.findall(content))
    if not high:
        return None
    if len(_LOW_LETTERS.findall(content)) * 5 >= high:
        return "TCVN3 (ABC)"
    vni, windows = len(_VNI.findall(content)), len(_WINDOWS.findall(content))
    if max(vni, windows) * 4 < high:
        return None
    return "VNI" if vni > windows else "Windows-1258"


def name_font(text: str) -> str | None:
    """The old font encoding that letters look like, in which they were saved as UTF-8, or None.

    Args:
        text: The first rows of a file none of whose headings is known.
    """
    if re.search("[\u1ea0-\u1ef9ăđơư]", text):
        return None
    guess = name_encoding(text.encode("cp1252", errors="ignore"))
    return guess if guess in {"TCVN3 (ABC)", "VNI"} else None
