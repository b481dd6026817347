"""The files: same seed, same bytes; all formats carry the same rows; refusals in one line."""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import zstandard
from python_calamine import CalamineWorkbook

from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.units import UnitRegister
from cchc_pipeline.simulation import FORMATS, Options, exports, write_sample
from tests.simulation.samples import MARCH, REGISTER

SIZE = 600
MOMENTS = ("NgayNopHoSo", "NgayTiepNhan", "NgayHenTra", "NgayKetThucXuLy", "NgayTra")
CODED = ("KenhThucHien", "MucDo", "TrangThaiHoSo", "DuocThanhToanTrucTuyen", "DaDongBoDVCQG",
         "LuanChuyenNoiBo", "MucDoHaiLong", "TaiKhoanDuocXacThucVoiVNeID")  # fmt: skip
Plain = dict[str, Any]


def _written(folder: Path, **options: Any) -> list[Path]:
    return write_sample(folder, MARCH, Options(SIZE, **options), REGISTER, "H24")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = _written(tmp_path_factory.mktemp("out"), formats=FORMATS, broken=0.05)
    return dict(zip(FORMATS, made, strict=True))


def test_files_stand_in_the_month_under_a_name_that_says_sample(files: dict[str, Path]) -> None:
    assert {path.parent.name for path in files.values()} == {"2024-03"}
    assert files["csv"].name == "ho-so-mau.csv"
    assert not list(files["csv"].parent.glob(".*"))


def test_the_same_seed_makes_the_same_bytes(files: dict[str, Path], tmp_path: Path) -> None:
    for path in _written(tmp_path, formats=FORMATS, broken=0.05):
        assert path.read_bytes() == files[path.suffix[1:]].read_bytes(), path.suffix


def test_another_seed_makes_other_dossiers(files: dict[str, Path], tmp_path: Path) -> None:
    (path,) = _written(tmp_path, seed=2, broken=0.05)
    ours, theirs = path.read_text().splitlines(), files["csv"].read_text().splitlines()
    assert len(set(ours[1:]) & set(theirs[1:])) == 0


@pytest.mark.parametrize("compress", ["gz", "zst"])
@pytest.mark.parametrize("form", FORMATS)
def test_packed_files_hold_the_same_bytes(
    files: dict[str, Path], tmp_path: Path, form: str, compress: str
) -> None:
    (path,) = _written(tmp_path, formats=(form,), broken=0.05, compress=compress)
    packed = path.read_bytes()
    unpacked = (
        gzip.decompress(packed)
        if compress == "gz"
        else zstandard.ZstdDecompressor().decompressobj().decompress(packed)
    )
    assert path.name == f"ho-so-mau.{form}.{compress}"
    assert unpacked == files[form].read_bytes()


def test_all_formats_carry_the_same_rows(files: dict[str, Path]) -> None:
    native = [_of_native(record) for record in _jsonl(files["jsonl"])]
    parquet = [_of_native(record) for record in pq.read_table(files["parquet"]).to_pylist()]
    flat = [_of_flat(record) for record in _csv(files["csv"])]
    workbook = [_of_flat(record) for record in _xlsx(files["xlsx"])]
    assert len(native) == SIZE
    unreadable = [number for number, row in enumerate(native) if "?" in row.values()]
    assert unreadable
    for number in unreadable:  # a timestamp can only be empty where a text is no date
        parquet[number] = {k: "?" if native[number][k] == "?" else v
                           for k, v in parquet[number].items()}  # fmt: skip
    assert parquet == native
    assert flat == native
    assert workbook == native


def test_every_row_says_that_it_is_a_sample(files: dict[str, Path]) -> None:
    office = (_csv(files["csv"]), _xlsx(files["xlsx"]))
    marked = [(records, "Dữ liệu mẫu") for records in office]
    for records, name in (*marked, (_jsonl(files["jsonl"]), "DuLieuMau")):
        assert {record[name] for record in records} == {"DỮ LIỆU MẪU"}


def test_personal_columns_are_there_and_plainly_artificial(files: dict[str, Path]) -> None:
    for record in _jsonl(files["jsonl"]):
        assert record["ChuHoSo"].startswith("Người mẫu ")
        assert record["ChuHoSo"].endswith("(DỮ LIỆU MẪU)")
        assert record["SoDienThoai"].startswith("000")
        assert record["SoGiayToChuHoSo"].startswith("000000")


def test_a_workbook_has_a_title_block_and_a_total_line_and_names_units(
    files: dict[str, Path],
) -> None:
    sheet = CalamineWorkbook.from_path(files["xlsx"]).get_sheet_by_index(0).to_python()
    assert sheet[0][0] == "DANH SÁCH HỒ SƠ MỘT CỬA (DỮ LIỆU MẪU)"
    assert sheet[3][0] == "Mã hồ sơ"
    assert sheet[-1][:2] == ["Tổng cộng", SIZE]
    units = {row[sheet[3].index("Đơn vị xử lý")] for row in sheet[4:-1]}
    assert "Sở Mẫu 4 (DỮ LIỆU MẪU)" in units


def test_a_workbook_goes_on_in_further_sheets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = replace(exports.load_office_look(), rows_a_sheet=250)
    monkeypatch.setattr(exports, "load_office_look", lambda: look)
    (path,) = _written(tmp_path, formats=("xlsx",))
    book = CalamineWorkbook.from_path(path)
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    assert [len(sheet) - 4 for sheet in sheets] == [250, 250, 101]
    assert all(sheet[3] == sheets[0][3] for sheet in sheets)


def test_units_that_share_a_name_stand_by_their_code(tmp_path: Path) -> None:
    one, two = (unit for unit in REGISTER.units if unit.code in ("H24.M01", "H24.M02"))
    register = UnitRegister((*REGISTER.units[:1], one, replace(two, name_vi=one.name_vi)))
    (path,) = write_sample(tmp_path, MARCH, Options(50, formats=("xlsx",)), register, "H24")
    assert {r["Đơn vị xử lý"] for r in _xlsx(path)} <= {"H24.M01", "H24.M02", "H24.MAULA", ""}


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (Options(0), "--dossiers"),
        (Options(10, seed=-1), "--seed"),
        (Options(10, broken=1.5), "--broken"),
        (Options(10, formats=("ods",)), "--format"),
        (Options(10, compress="rar"), "--compress"),
    ],
)
def test_an_option_that_cannot_be_followed_is_refused(
    tmp_path: Path, options: Options, what: str
) -> None:
    with pytest.raises(UsageError, match=what):
        write_sample(tmp_path, MARCH, options, REGISTER, "H24")
    assert not list(tmp_path.iterdir())


def test_a_month_without_units_asks_for_some(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"units\.csv: no unit below H24 exists in 2024-03 -> add"):
        write_sample(tmp_path, MARCH, Options(10), UnitRegister(REGISTER.units[:1]), "H24")


def test_a_month_before_the_stream_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="begin with 2022-06"):
        write_sample(tmp_path, Month(2022, 5), Options(10), REGISTER, "H24")


def test_broken_rows_alone_are_possible(tmp_path: Path) -> None:
    (path,) = _written(tmp_path, broken=1.0)
    assert len(list(_csv(path))) >= SIZE


def _jsonl(path: Path) -> Iterator[Plain]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def _csv(path: Path) -> Iterator[Plain]:
    yield from csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")), delimiter=";")


def _xlsx(path: Path) -> Iterator[Plain]:
    sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    for row in sheet[4:-1]:
        yield dict(zip(sheet[3], row, strict=True))


def _of_native(record: Plain) -> Plain:
    """What a native record says, with one spelling for each thing."""
    supplements = record["DanhSachHoSoBoSung"]
    said = {name: _moment(record[name]) for name in MOMENTS}
    said |= {name: record[name] for name in CODED}
    for name in ("MaHoSo", "MaTTHC", "MaLinhVuc", "TenTTHC", "ChuHoSo"):
        said[name] = record[name]
    said["fee"] = sum(fee["Gia"] for fee in record["DanhSachLePhi"])
    said["new due"] = _moment(supplements[-1]["NgayHenTraMoi"]) if supplements else None
    said["result"] = len(record["DanhSachGiayToKetQua"])
    said["digitised"] = record["TaiLieuNop"][0]["DuocSoHoa"]
    return said


def _of_flat(record: Plain) -> Plain:
    form, values = read_yaml("records/dossiers.yaml"), read_yaml("records/dossier_values.yaml")
    by_name = {f["name"]: record.get(f["headings"][0]) or None for f in form["fields"]}
    zeros = {f["name"]: record.get(f["headings"][0]) for f in form["fields"]}
    said = {name: _moment(by_name[name]) for name in MOMENTS}
    said |= {name: _code(zeros[name], values["codes"][name]["words"]) for name in CODED}
    for name in ("MaHoSo", "MaTTHC", "MaLinhVuc", "TenTTHC"):
        said[name] = by_name[name]
    said["ChuHoSo"] = record["Chủ hồ sơ"]
    fee = zeros["TongLePhi"]
    said["fee"] = int(fee.replace(".", "")) if isinstance(fee, str) else int(fee or 0)
    said["new due"] = _moment(by_name["NgayHenTraMoi"])
    said["result"] = _code(zeros["CoKetQuaDienTu"], values["codes"]["CoKetQuaDienTu"]["words"])
    said["digitised"] = {"Có": 1, "Không": 0}[record["Số hóa hồ sơ"]]
    return said


def _code(text: object, words: dict[int, list[str]]) -> int | None:
    if text in ("", None):
        return None
    known = {names[0]: code for code, names in words.items() if names}
    return known[text] if text in known else int(float(str(text)))


def _moment(value: object) -> str | None:
    """ISO; a day stays a day; ``?`` for what is no date."""
    if value in ("", None):
        return None
    if isinstance(value, datetime):
        at = value.replace(tzinfo=UTC)
        return at.strftime("%Y-%m-%d" if at.time() == datetime.min.time() else "%Y-%m-%dT%H:%M:%S")
    for form in ("%Y%m%d%H%M%S", "%d/%m/%Y %H:%M:%S", "%Y-%m-%d", "%d/%m/%Y"):
        try:
            at = datetime.strptime(str(value), form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return at.strftime("%Y-%m-%dT%H:%M:%S" if "%H" in form else "%Y-%m-%d")
    return "?"
