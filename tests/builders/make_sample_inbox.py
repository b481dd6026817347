"""Add generated sample units to the bundled inbox.

The real figures of the root and of the provinces are kept as they stand in the files; the rows of
units below the city are drawn anew from fixed seeds. A test holds files and generator together.

    python tests/builders/make_sample_inbox.py
"""

import csv
import io
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from cchc_pipeline.methodology import load_methodology
from cchc_pipeline.sources.national_portal.envelope import answer_layout
from tests.builders.portal_answers import (
    BuiltUnit,
    encode,
    envelope,
    group_answer,
    sample_unit,
    summary_entry,
)

INBOX = Path(__file__).parents[2] / "schemas" / "sample" / "inbox"
MONTH = "2026-09"
MARK = "DỮ LIỆU MẪU"
AGENCIES = tuple((f"H24.M{n:02d}", f"Sở Mẫu {n} ({MARK})") for n in range(1, 7))
COMMUNES = tuple(
    (f"H24.M{n:02d}", f"{kind} Mẫu {n} ({MARK})")
    for n in range(11, 23)
    for kind in (("Đặc khu",) if n == 22 else ("Phường",) if n % 2 else ("Xã",))
)
DISTRICTS = tuple((f"H24.M{n:02d}", f"Quận Mẫu {n} ({MARK})") for n in range(31, 34))


def units_csv() -> bytes:
    """The sample's list of units, each marked as a sample."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["unit_code", "name_vi", "name_en", "level", "parent_code", "valid_from", "valid_to",
         "provenance", "basis"]
    )  # fmt: skip
    spans = (
        (AGENCIES, "agency", "Department", "2024-01-01", ""),
        (COMMUNES, "commune", "Commune", "2025-07-01", ""),
        (DISTRICTS, "district", "District", "2024-01-01", "2025-06-30"),
    )
    for units, level, word, start, end in spans:
        for code, name in units:
            english = f"Sample {word} {code.rpartition('M')[2]} (SAMPLE DATA)"
            writer.writerow([code, name, english, level, "H24", start, end, "sample", MARK])
    return out.getvalue().encode()


def sample_units() -> list[BuiltUnit]:
    """The units that the sample's answers hold."""
    levelled = [(*u, "agency") for u in AGENCIES] + [(*u, "commune") for u in COMMUNES]
    return [
        sample_unit(code, name, level, seed) for seed, (code, name, level) in enumerate(levelled)
    ]


def files() -> dict[str, bytes]:
    """Every generated file by its path in the sample inbox."""
    methodology, units = load_methodology("766-2026"), sample_units()
    made = {"units.csv": units_csv()}
    for endpoint, layout in answer_layout().endpoints.items():
        if layout.shape == "groups":
            answer = envelope({"evaluation": [summary_entry(u, methodology) for u in units]})
        else:
            root = _root(endpoint, layout.root)
            answer = group_answer(root, units, endpoint, methodology)
        made[f"{MONTH}/portal/{endpoint}.H24.year.json"] = encode(answer)
    return made


def _root(endpoint: str, place: str) -> dict[str, object]:
    path = INBOX / MONTH / "portal" / f"{endpoint}.H24.year.json"
    root: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))["data"][place]
    return root


if __name__ == "__main__":
    for name, content in files().items():
        target = INBOX / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
