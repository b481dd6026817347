"""Make the bundled sample's smaller inputs for March 2024: catalogue, petitions, one filled form.

All of it is invented and says so. A test holds the files to what is made here.

    python tests/builders/make_sample_inputs.py
"""

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.simulation.offer import procedures_of
from cchc_pipeline.simulation.profile import load_profile
from tests.builders.agency_form import filled

INBOX = Path(__file__).parents[2] / "schemas" / "sample" / "inbox"
MARK = "DỮ LIỆU MẪU"
CATALOGUE = (
    "Mã TTHC", "Tên TTHC", "Mã lĩnh vực", "Lĩnh vực", "Mức độ DVC", "Đủ điều kiện toàn trình",
    "Tích hợp DVCQG", "Chuẩn hóa", "Công khai", "Dữ liệu mẫu",
)  # fmt: skip
PETITIONS = (
    "Mã phản ánh", "Đơn vị xử lý", "Ngày tiếp nhận", "Hạn xử lý", "Ngày trả lời",
    "Mức độ hài lòng", "Dữ liệu mẫu",
)  # fmt: skip
ANSWERS = {
    "22a": {"numerator": 18, "denominator": 24},
    "22b": {"numerator": 3, "denominator": 24},
    "20": {"status": "Đang thực hiện"},
    "25": {"status": "Hoàn thành", "completed_on": date(2024, 3, 20)},
    "33": {"status": "Chưa thực hiện"},
}
UNITS = ("H24.M01", "H24.M02", "H24.M04", "H24.M31", "H24.M33")


def files() -> dict[str, bytes]:
    """The files by their place in the inbox."""
    return {
        "2024-03/tthc-mau.csv": _csv(CATALOGUE, _procedures()),
        "2024-03/phan-anh-mau.csv": _csv(PETITIONS, _petitions()),
        "2024-03/bao-cao/H24.M01.xlsx": filled("H24.M01", ANSWERS, units=load_register(INBOX)),
    }


def _procedures() -> Iterator[Sequence[str]]:
    """The procedures of the simulated dossiers; one in nine is not yet where it should be."""
    known = procedures_of(load_profile())
    for place, code in enumerate(known.codes):
        field = int(known.fields[place])
        level = ("Toàn trình", "Một phần", "Toàn trình")[place % 3]
        ready = "Không" if place % 9 == 4 else "Có"
        eligible = "Có" if place % 3 != 1 else "Không"
        yield (
            code, known.names[place], known.field_codes[field], known.field_names[field], level,
            eligible, ready, "Có", ready, MARK,
        )  # fmt: skip


def _petitions() -> Iterator[Sequence[str]]:
    """Sixty petitions, some late, some open."""
    for number in range(60):
        received = datetime(2024, 2, 26, 8) + timedelta(hours=13 * number)
        due = received + timedelta(days=5)
        answered = received + timedelta(days=2 + number % 5)
        is_open = number % 11 == 0 or answered >= datetime(2024, 4, 1)
        if not is_open and answered < datetime(2024, 3, 1):
            continue
        yield (
            f"PAKN-MAU-{number:04d}", UNITS[number % len(UNITS)], _moment(received), _moment(due),
            "" if is_open else _moment(answered),
            "" if is_open or number % 3 == 0 else str(3 + number % 3), MARK,
        )  # fmt: skip


def _moment(moment: datetime) -> str:
    return moment.strftime("%d/%m/%Y %H:%M")


def _csv(heading: Sequence[str], rows: Iterator[Sequence[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([heading, *rows])
    return out.getvalue().encode()


if __name__ == "__main__":
    for name, content in files().items():
        path = INBOX / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        sys.stdout.write(f"{name}  {len(content)}\n")
