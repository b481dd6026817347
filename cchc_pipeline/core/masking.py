"""How a value is quoted: short, with nothing raw in it, and without what looks like personal data.

Belongs here: the forms of identity numbers, phones, e-mail addresses and dossier codes, whether a
text holds any, the mask, and characters that a terminal would obey. Does not: which texts are
judged (``publish.gates.package``) or which columns are personal (the contracts). The forms to find
are narrow, since a find stops a release; the forms to mask are wide, since a mask costs nothing.
"""

import re
import unicodedata
from itertools import islice

_GAP = "[ .\\-\u00a0\u2009\u202f\u2010-\u2013]"
_NOT_INSIDE = r"(?<![\w.])"
_END = r"(?![\w]|[.,]\d)"
_NO_MEASURE = r'(?<!"bytes": )(?<!"bytes":)(?<!"byteSize": )'
_MEASURE_FOLLOWS = r"(?!\s?(?:đồng|đ|₫|VND|VNĐ|B|byte|bytes)\b|\s?₫)"
_UUID_BEFORE = r"(?<![0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-)"
_E_MAIL = r"(?<![\w.+%\-])[\w.+%\-]++@[\w\-]+(?:\.[\w\-]+)*\.[^\W\d_]{2,}"
_COMPACT = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_MINUTE = rf"{_COMPACT}(?:[01]\d|2[0-3])[0-5]\d(?!\d)"
"""A moment of twelve digits: no identity number, whose first three are a province, 001 to 096."""
_CODE = rf"[A-Z]\d\d(?:\.\w{{1,4}}){{0,5}}\s?{_GAP}\s?\d{{6}}\s?{_GAP}\s?\d{{4,8}}(?!\d)"

PERSONAL_FORMS: dict[str, re.Pattern[str]] = {
    "identity number": re.compile(
        # bare; or of the form province, sex, year, number (001 to 096 first) in groups
        rf"{_NOT_INSIDE}{_NO_MEASURE}{_UUID_BEFORE}(?!{_MINUTE})(?:\d{{12}}|\d{{9}}){_END}{_MEASURE_FOLLOWS}"
        rf"|{_NOT_INSIDE}0(?!00)\d\d(?:{_GAP}?\d){{9}}{_END}"
        rf"|{_NOT_INSIDE}0(?!00)\d\d(?:{_GAP}?\d){{6}}{_END}(?!{_GAP}\d)"
    ),
    "phone number": re.compile(
        # groups after at least three digits, or 09 1234 5678: dates and lists are neither
        rf"{_NOT_INSIDE}0[35789](?:\d(?:{_GAP}?\d){{7}}|{_GAP}\d{{4}}{_GAP}\d{{4}}){_END}"
        rf"|{_NOT_INSIDE}\(?(?:\+|00)84\)?{_GAP}?(?:\(?0\)?{_GAP}?)?[35789](?:{_GAP}?\d){{8}}{_END}"
    ),
    "e-mail address": re.compile(_E_MAIL),
    "dossier code": re.compile(_CODE, re.IGNORECASE),
}
"""Kinds of personal data by their names, in the order in which they are reported.

An amount is not an identity number: with dots between thousands it never begins with 0, and bare
it is followed by its unit. Land lines are not personal: they belong to offices.
"""

_NINE_DIGITS = re.compile(rf"\d(?=(?:{_GAP}?\d){{8}})")
PERSONAL_SIGNS: dict[str, tuple[re.Pattern[str], int | None]] = {
    "identity number": (_NINE_DIGITS, 0),
    "phone number": (_NINE_DIGITS, 11),
    "e-mail address": (re.compile(r"@(?<=[\w.+%\-]@)[\w\-]"), None),
    "dossier code": (re.compile(rf"\d(?=\d{{5}}\s?{_GAP}\s?\d{{4}})"), 31),
}
"""What every find of a form holds, and how many characters before it the find begins at most.

They are quick to look for in the megabytes of a site, as the forms are not: they begin with what
they look for. None: a find may begin anywhere before it.
"""

UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
"""Characters that nobody sees, which could stand between the digits of a number."""
_UNSEEN_GAP = r"\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069"
_LOOSE_GAP = rf"[\s.,/()_·\-\u2010-\u2015{_UNSEEN_GAP}]{{0,3}}"
_CLOCK = r"\d{1,2}[:h]\d\d(?::\d\d(?:[.,]\d{1,9})?)?"
_DAY = r"(?:\d{4}(?P<ymd>[\-./])\d{1,2}(?P=ymd)|\d{1,2}(?P<dmy>[\-./])\d{1,2}(?P=dmy)\d\d)\d{1,2}"
_TO_MASK = re.compile(
    # what is no personal number stays readable, because a message is of no use without it:
    # dates with or without a time, also impossible ones, native moments, serials of a spreadsheet,
    # dossier codes, procedure codes with their suffix
    r"(?P<keep>"
    rf"(?<![\d.\-/])(?<!\d\s)(?:{_CLOCK}\s{{1,2}})?{_DAY}"
    rf"(?:(?:T|\s{{1,2}}){_CLOCK}(?:\s?[+\-]\d\d:?\d\d)?)?(?![.,\-/\s]?\d)"
    r"|(?<![\d.\-/])(?:19|20)\d{12}(?![.,\-/]?\d)"
    rf"|(?<![\d.\-/]){_MINUTE}(?![.,\-/\s]?\d)"
    rf"|(?<![\d.\-/]){_COMPACT}(?:[T ]\d{{4}}(?:\d\d)?)?(?![.,\-/\s]?\d)"
    r"|(?<![\d.\-/])[34]\d{4}[.,]\d{5,16}(?![.,\-/\s]?\d)"
    rf"|(?<!\w)(?:000\.00\.\d\d\.)?{_CODE}(?![\w\-])"
    r"|(?<![\d.])\d\.\d{6}(?:\.\d{3}\.\d\d\.\d\d\.[A-Z]\d\d)?(?![.,\-/\s]?\d)"
    r")"
    rf"|(?P<number>\d(?:{_LOOSE_GAP}\d){{8,}})"
)
_MAIL_TO_MASK = re.compile(r"[\w.+%\-]+@[\w.\-]+")
_SEEN_BEYOND = 300
_UUID = re.compile(
    "urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?![0-9a-f])"
)
"""An identifier that we make of a name: one in a thousand has the digits of an identity number."""

_MANY = 2000
"""So many signs of a kind in one text are not looked at one by one."""


def visible(text: str, limit: int | None = 40) -> str:
    r"""A text as a terminal, a log or a mail may show it: on one line, with nothing that it obeys.

    Control and format characters, line breaks, lone surrogates and characters without a meaning are
    shown as their escapes (``\x1b``, ``\n``, ``\u202e``).

    Args:
        text: Any text, such as a file's name or a cell.
        limit: The greatest number of characters of the answer; None does not cut.
    """
    start = text if limit is None else text[: limit + 1]
    shown = start if start.isprintable() else "".join(map(_shown, start))
    return shown if limit is None or len(shown) <= limit else f"{shown[: max(limit - 1, 0)]}…"


def _shown(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode("ascii")


def mask(value: str, limit: int = 40) -> str:
    """A value as a message may quote it: short, on one line, with no personal number in it.

    Nine digits or more, with or without separators between them, and e-mail addresses become
    asterisks; dates, dossier codes and procedure codes stay. Control characters become visible.

    Args:
        value: The value as the source wrote it.
        limit: The greatest number of characters of the answer (domain, §5.1: at most 40).
    """
    plain = unicodedata.normalize("NFKC", value[: limit + _SEEN_BEYOND]).translate(UNSEEN)
    start = " ".join(plain.split())
    # addresses first: a number that ends within one would leave the rest of it to be read
    hidden = visible(_TO_MASK.sub(_starred, _MAIL_TO_MASK.sub(_starred_whole, start)), None)
    cut = len(hidden) > limit or len(value) > limit + _SEEN_BEYOND
    return f"{hidden[: limit - 1]}…" if cut else hidden


def quoted(value: object) -> str:
    """A value of a file that may be of any type, as a message may quote it."""
    if isinstance(value, str):
        return f"'{mask(value)}'"
    if isinstance(value, list | tuple | set):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    return "null" if value is None else mask(str(value))


def _starred(found: re.Match[str]) -> str:
    return found[0] if found["keep"] else _starred_whole(found)


def _starred_whole(found: re.Match[str]) -> str:
    return re.sub(r"[^\W_]", "*", found[0])


def personal_marks(text: str) -> list[str]:
    """The kinds of personal data that a published text seems to hold.

    Full-width digits, and characters that nobody sees, do not hide a number.

    Args:
        text: A page, a descriptor, or cells joined by line ends.

    Returns:
        Names such as ``identity number``, for a failure's line; never the text that was found.
    """
    plain = unicodedata.normalize("NFKC", text)
    for character in map(chr, UNSEEN):
        plain = plain.replace(
            character, ""
        )  # a site is megabytes: translate() takes thrice as long
    plain = _UUID.sub("urn:uuid", plain)
    return [kind for kind in PERSONAL_FORMS if _holds(plain, kind)]


def _holds(plain: str, kind: str) -> bool:
    """Whether a form is found; looked for only where its sign is, unless that is all over."""
    form, (sign, reach) = PERSONAL_FORMS[kind], PERSONAL_SIGNS[kind]
    spots = [spot.start() for spot in islice(sign.finditer(plain), _MANY)]
    if reach is None or len(spots) == _MANY:
        return bool(spots and form.search(plain))
    places = {at for spot in spots for at in range(max(spot - reach, 0), spot + 1)}
    return any(form.match(plain, at) for at in places)
