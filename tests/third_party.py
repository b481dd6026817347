"""What is installed with the program, and under which licences: ``python -m tests.third_party``.

Belongs here: reading the metadata of what the locks install, judging it by the list of allowed
licences (``.ci/licences.yaml``), and the page THIRD-PARTY.md. Does not: texts of licences, which
lie beside each package; packages that only tests need, which go to nobody.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import yaml
from packaging.version import Version
from pydantic import BaseModel, ConfigDict

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "THIRD-PARTY.md"
LOCKS = ("requirements-install.lock", "requirements.lock")
_TEXT = re.compile(r"(?i)^(licen[cs]e|copying|notice)")
_HEAD = """# What is installed with it

Made by `python -m tests.third_party` from what `requirements.lock` and `requirements-install.lock`
install; a test holds the two together, and every licence to the list in `.ci/licences.yaml`. The
texts lie beside the packages, below `.venv/lib/python3.11/site-packages/`: whoever hands on an
image hands them on with it. Packages that only tests need are not among them. Carried in this
repository: the profile of data packages ([its licence](schemas/profiles/LICENSE.md)).

| package | version | licence | its text |
|---|---|---|---|
"""


class Judged(BaseModel):
    """A licence that the lists do not settle, and why it may be installed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    licence: str
    why: str


class Rules(BaseModel):
    """What may be installed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allowed: frozenset[str]
    spellings: Mapping[str, str]
    packages: Mapping[str, Judged]


@dataclass(frozen=True)
class Package:
    """What is known of an installed package; an empty licence is one that nothing tells."""

    name: str
    version: str
    licence: str
    texts: tuple[str, ...]


@cache
def shipped_rules() -> Rules:
    """The list as it stands in the repository."""
    text = (ROOT / ".ci" / "licences.yaml").read_text(encoding="utf-8")
    return Rules.model_validate(yaml.safe_load(text))


def locked() -> dict[str, str]:
    """The packages of both locks with their versions."""
    lines = "".join((ROOT / name).read_text(encoding="utf-8") for name in LOCKS)
    return dict(sorted(re.findall(r"^([a-z0-9._-]+)==(\S+)", lines, re.MULTILINE)))


def installed(name: str, rules: Rules) -> Package | None:
    """A package as its metadata describes it; None if it is not installed."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    return Package(name, found.version, licence_of(name, found, rules), texts_of(found))


def licence_of(name: str, found: Distribution, rules: Rules) -> str:
    """As an SPDX expression; empty if neither the metadata nor the list tells it."""
    if name in rules.packages:
        return rules.packages[name].licence
    expression = found.metadata.get("License-Expression")
    if expression:
        return str(expression)
    told = {str(found.metadata.get("License", ""))}
    for line in found.metadata.get_all("Classifier") or []:
        if line.startswith("License ::"):
            told.add(line.rpartition(" :: ")[2])
    known = {rules.spellings.get(word, word if word in rules.allowed else "") for word in told}
    return " OR ".join(sorted(known - {""}))


def texts_of(found: Distribution) -> tuple[str, ...]:
    """Where its licences and notices lie."""
    return tuple(sorted(str(file) for file in found.files or () if _TEXT.match(file.name)))


def is_allowed(package: Package, rules: Rules) -> bool:
    """Whether one of the licences it may be taken under is wholly in the list, or was judged."""
    if package.name in rules.packages:
        return True
    choices = (choice.split(" AND ") for choice in package.licence.split(" OR "))
    return any(set(parts) <= rules.allowed for parts in choices)


def faults(wanted: Mapping[str, str], found: Iterable[Package | None], rules: Rules) -> list[str]:
    """What may not stay so, a line each."""
    packages = {package.name: package for package in found if package}
    lines = []
    for name, version in wanted.items():
        package = packages.get(name)
        if package is None or Version(package.version) != Version(version):
            lines.append(f"{name}: {version} is not installed -> make install")
        elif not package.licence:
            lines.append(f"{name}: nothing tells its licence -> read it, add it to the list")
        elif not is_allowed(package, rules):
            lines.append(f"{name}: {package.licence} is not allowed -> do without it, or say why")
    return lines + [f"{name}: is not installed any more" for name in rules.packages.keys() - wanted]


def page(packages: Iterable[Package]) -> str:
    """The page, a line a package."""
    lines = []
    for package in packages:
        first = package.texts[0] if package.texts else "none in the package"
        more = f" and {len(package.texts) - 1} more" if len(package.texts) > 1 else ""
        text = f"`{first}`{more}" if package.texts else first
        lines.append(f"| {package.name} | {package.version} | {package.licence} | {text} |\n")
    return _HEAD + "".join(lines) + _reasons(shipped_rules())


def _reasons(rules: Rules) -> str:
    told = "".join(f"* {name}: {one.why}.\n" for name, one in sorted(rules.packages.items()))
    return f"\nLicences that took a thought:\n\n{told}"


def current() -> list[Package | None]:
    """What the locks install, as it is installed here."""
    return [installed(name, shipped_rules()) for name in locked()]


def main() -> None:
    """Write the page, or say what may not be installed."""
    found = current()
    wrong = faults(locked(), found, shipped_rules())
    if wrong:
        raise SystemExit("\n".join(wrong))
    PAGE.write_text(page(package for package in found if package), encoding="utf-8")


if __name__ == "__main__":
    main()
