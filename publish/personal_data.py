"""Whether what is to be published looks like personal data.

Belongs here: the judgement of one text. Does not: which files and cells of a release are judged
(``gates``), or the forms themselves (``cchc_pipeline.masking``, where the mask stands beside them).
"""

import re
import unicodedata

from cchc_pipeline.masking import PERSONAL_FORMS, UNSEEN

_UUID = re.compile(
    "urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?![0-9a-f])"
)
"""An identifier that we make of a name: one in a thousand has the digits of an identity number."""


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
    return [kind for kind, form in PERSONAL_FORMS.items() if form.search(plain)]
