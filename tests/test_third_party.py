"""Licences of what is installed: each is known and allowed, and the page lists it."""

from dataclasses import replace

import pytest

from tests.third_party import (
    PAGE,
    Package,
    current,
    faults,
    is_allowed,
    locked,
    page,
    shipped_rules,
)

RULES = shipped_rules()
GOOD = Package("good", "1.0", "MIT", ("good/LICENSE",))


def test_every_package_that_is_installed_has_a_licence_that_is_allowed() -> None:
    assert faults(locked(), current(), RULES) == []


def test_the_page_is_the_one_that_the_packages_make() -> None:
    made = page(package for package in current() if package)
    assert PAGE.read_text(encoding="utf-8") == made, "python -m tests.third_party"


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("BSD-3-Clause AND Zlib", True),
        ("BSD-3-Clause AND GPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("(MIT OR GPL-3.0-only) AND ISC", False),
        ("", False),
    ],
)
def test_one_choice_that_is_wholly_in_the_list_is_enough(licence: str, allowed: bool) -> None:
    assert is_allowed(replace(GOOD, licence=licence), RULES) is allowed


@pytest.mark.parametrize(
    ("package", "told"),
    [
        (None, "1.0 is not installed"),
        (replace(GOOD, version="0.9"), "1.0 is not installed"),
        (replace(GOOD, licence=""), "nothing tells its licence"),
        (replace(GOOD, licence="SSPL-1.0"), "SSPL-1.0 is not allowed"),
    ],
)
def test_what_may_not_stay_so_is_told(package: Package | None, told: str) -> None:
    rules = RULES.model_copy(update={"packages": {}})
    assert faults({"good": "1.0"}, [GOOD], rules) == []
    (line,) = faults({"good": "1.0"}, [package], rules)
    assert told in line


def test_a_judgement_of_what_is_gone_is_told() -> None:
    lines = faults({"good": "1.0"}, [GOOD], RULES)
    assert {line.partition(":")[0] for line in lines} == set(RULES.packages)
