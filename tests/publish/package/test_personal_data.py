"""What looks like personal data stops a release, and what is published every month does not.

The numbers are invented. DỮ LIỆU MẪU.
"""

import hashlib
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.core.masking import PERSONAL_FORMS, personal_marks

IDENTITY = ["031234567890", "số 031 234 567 890,", "031.234.567.890", "0312-3456-7890",
            "031234567", "CMND: 123456789.", "031 234 567", "(031234567890)",
            "x,031234567890,y", "031\u00a0234\u00a0567\u00a0890",
            "０３１２３４５６７８９０", "031\u200b234567890"]  # fmt: skip
PHONE = ["0912345678", "gọi 0912.345.678", "0912 345 678", "091 234 5678", "09 1234 5678",
         "+84912345678", "+84 912 345 678", "(+84) 912-345-678", "+84 (0)912 345 678",
         "0084912345678", "tel:0912345678"]  # fmt: skip
E_MAIL = ["a@example.org", "mailto:nguyen.van-a@mail.example.vn", "<a+b@example.org>"]
CODE = ["000.00.16.H24-240115-0001", "H24.16-240115-0001", "h24.16-240115-12345",
        "H24-240115-0001", "H24.16 – 240115 – 0001"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *((text, "identity number") for text in IDENTITY),
        *((text, "phone number") for text in PHONE),
        *((text, "e-mail address") for text in E_MAIL),
        *((text, "dossier code") for text in CODE),
    ],
)
def test_it_is_found_in_each_form(text: str, kind: str) -> None:
    assert personal_marks(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T00:00:51.123456789Z", "2026-11-24T00:00:51+07:00", "20240115093000",
        "05-04-2024 10:15", "05/4/2024 10:15", "03 04 05 06 07 08 09", "2024-03.r1",
        "123.456.789", "1.234.567.890 đồng", "123 456 789", "123456789 đồng", "123456789012 VND",
        "86,97", "0.123456789012", '"bytes": 123456789', "123456789 B",
        "H24", "H24.16", "000.00.16.H24", "2.000815", "1.012345.000.00.00.H24",
        "019d2be3-6a85-74ec-a349-880012345678", "479/QĐ-UBND", "91/2025/QH15",
        '<path d="M0.5,12.345678901 L100 200 300 912 345 678"/>', 'points="0,100 35,200 78,300"',
        'viewBox="0 0 640 320"', '"@type": "Dataset"', "@media (max-width: 40.5rem)",
        "0225.3821.055", "https://dichvucong.gov.vn/p/home", "123456789abcdef0",
    ],
)  # fmt: skip
def test_ordinary_content_is_not(text: str) -> None:
    assert personal_marks(text) == []


def test_digests_are_not() -> None:
    digests = "\n".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(256))
    assert personal_marks(digests) == []


@pytest.mark.parametrize("unit", ["a.", "1 ", "1", "H24.", "a@", "0912 "])
def test_a_megabyte_of_anything_is_judged_in_seconds(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    start = time.perf_counter()
    personal_marks(text)
    assert time.perf_counter() - start < 5


def test_an_identifier_of_our_own_is_no_identity_number_and_hides_none() -> None:
    assert personal_marks("<id>urn:uuid:04095041-5128-5c99-af96-af8ffc8d42b6</id>") == []
    assert personal_marks("04095041-5128 040950415128") == ["identity number"]
    assert personal_marks("urn:uuid:04095041-5128 x") == ["identity number"]


_PARTS = st.one_of(
    st.sampled_from([*IDENTITY, *PHONE, *E_MAIL, *CODE, "(+84) (0)", "0084", "H24.M01.A1B2", "@"]),
    st.text("0123456789 .-–()+@aHđ\n", max_size=8),
)


@given(st.lists(_PARTS, max_size=8).map("".join))
def test_looking_only_where_its_sign_is_misses_no_form(text: str) -> None:
    plain = unicodedata.normalize("NFKC", text).replace("\u200b", "")
    found = [kind for kind, form in PERSONAL_FORMS.items() if form.search(plain)]
    assert personal_marks(text) == found
