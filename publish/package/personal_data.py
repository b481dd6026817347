"""Whether what is to be published looks like personal data.

Belongs here: the judgement of one text. Does not: which files and cells of a release are judged
(``publish.gates.gates``), or the forms themselves (``cchc_pipeline.core.masking``, where the mask
stands beside them).
"""

import re
import unicodedata
from itertools import islice

from cchc_pipeline.core.masking import PERSONAL_FORMS, PERSONAL_SIGNS, UNSEEN

_UUID = re.compile(
    "urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?![0-9a-f])"
)
"""An identifier that we make of a name: one in a thousand has the digits of an identity number."""

_MANY = 2000
"""So many signs of a kind in one text are not looked at one by one."""


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
