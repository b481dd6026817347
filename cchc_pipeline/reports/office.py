"""A DOCX as a PDF, by the LibreOffice of the machine, where there is one.

Belongs here: calling it, with a profile of its own. Does not: what the paper says.
"""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from cchc_pipeline.core.errors import CheckFailedError, UsageError
from cchc_pipeline.reports.wording import say

_LONGEST = 180
_PROGRAM = "soffice"


def to_pdf(paper: Path) -> Path:
    """The PDF beside a DOCX.

    Raises:
        UsageError: The machine has no LibreOffice.
        CheckFailedError: It made none.
    """
    program = shutil.which(_PROGRAM)
    if program is None:
        raise UsageError(
            say("refusals.no_office"), where="--pdf", todo=say("refusals.install_office")
        )
    with TemporaryDirectory(prefix="cchc-office-") as scratch:
        profile = (Path(scratch) / "profile").as_uri()
        command = [
            program, f"-env:UserInstallation={profile}", "--headless", "--convert-to", "pdf",
            "--outdir", scratch, str(paper),
        ]  # fmt: skip
        try:
            subprocess.run(command, capture_output=True, timeout=_LONGEST, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired):
            raise _refusal(paper) from None
        made = Path(scratch) / f"{paper.stem}.pdf"
        if not made.exists():
            raise _refusal(paper)
        return Path(shutil.move(made, paper.with_suffix(".pdf")))


def _refusal(paper: Path) -> CheckFailedError:
    return CheckFailedError(
        say("refusals.office_failed"), where=str(paper), todo=say("refusals.by_hand")
    )
