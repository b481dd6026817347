"""Which papers were made, of which release, when: a line each in the home, and their files.

Belongs here: where papers lie, writing them without losing what somebody edited, the record. Does
not: what they say, or when one is due (``cchc_pipeline.plan.due_reports``).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.files import append_line, write_whole
from cchc_pipeline.core.period import Month
from cchc_pipeline.reports.span import ReportKind, ReportSpan
from cchc_pipeline.reports.wording import say

FOLDER = "reports-to-sign"
"""In the home, for its owner only."""
LOG = "made.jsonl"


@dataclass(frozen=True)
class MadeReport:
    """A paper that was made.

    Args:
        at: When, ISO 8601 in UTC.
        kind: How long a time it tells of.
        period: The last month that it tells of.
        unit: The unit that a letter is for; empty of a report.
        release: Of which release its figures are.
        as_of: The date that was asked for; empty for what was shown.
        files: The digest of each file by its path in the folder.
    """

    at: str
    kind: str
    period: str
    unit: str
    release: str
    as_of: str
    files: Mapping[str, str]

    @property
    def span(self) -> ReportSpan:
        """The time that it tells of."""
        return ReportSpan(ReportKind(self.kind), Month.parse(self.period))


def made_reports(home: Path) -> tuple[MadeReport, ...]:
    """What was made, oldest first; a line that a crash cut off is none."""
    path = home / FOLDER / LOG
    if not path.exists():
        return ()
    return tuple(_whole(path.read_text(encoding="utf-8", errors="replace").splitlines()))


def _whole(lines: Iterable[str]) -> Iterable[MadeReport]:
    for line in lines:
        try:
            yield MadeReport(**json.loads(line))
        except (ValueError, TypeError):
            continue


def record(home: Path, made: MadeReport) -> bool:
    """Add a line, unless the same files of the same release stand there already."""
    if any(one.files == made.files and one.release == made.release for one in made_reports(home)):
        return False
    line = json.dumps(asdict(made), ensure_ascii=False)
    append_line(home / FOLDER / LOG, line.encode())
    return True


def write_papers(folder: Path, files: Mapping[str, bytes]) -> dict[str, str]:
    """Write files that are not there yet; their digests by name.

    Raises:
        UsageError: One is there with another content: somebody may have edited it.
    """
    for name, content in files.items():
        path = folder / name
        if path.exists() and path.read_bytes() != content:
            raise UsageError(
                say("refusals.edited"), where=str(path), todo=say("refusals.move_away")
            )
    for name, content in files.items():
        if not (folder / name).exists():
            write_whole(folder / name, content)
    return {name: sha256(content).hexdigest() for name, content in files.items()}
