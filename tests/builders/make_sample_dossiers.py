"""Make the bundled sample's dossiers: three months of one stream, each in another form.

A test holds the files to what is made here.

    python tests/builders/make_sample_dossiers.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.simulation import Options, write_sample

INBOX = Path(__file__).parents[2] / "schemas" / "sample" / "inbox"
ROOT_UNIT = "H24"
SEED, DOSSIERS = 2024, 1500
FORMS = (("2024-01", "jsonl", "gz"), ("2024-02", "xlsx", None), ("2024-03", "csv", None))


def make(out: Path) -> list[Path]:
    """Write the files below ``out``, an inbox, and name them."""
    register = load_register(INBOX)
    made = []
    for month, form, compress in FORMS:
        options = Options(DOSSIERS, SEED, formats=(form,), compress=compress)
        made += write_sample(out, Month.parse(month), options, register, ROOT_UNIT)
    return made


if __name__ == "__main__":
    for path in make(INBOX):
        sys.stdout.write(f"{path.relative_to(INBOX)}  {path.stat().st_size}\n")
