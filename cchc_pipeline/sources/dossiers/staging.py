"""Raw texts of dossiers to typed values and the faults of each row, one file after another.

Belongs here: the query that gives a file's texts, which DuckDB reads, and the one that turns them
into a part, which any engine runs. Does not: units, contradictions and duplicates, which need the
month's parts together (``judging``), or how a value is read (``values``).

A part has one row a line of the file, in its order, so that a row's number is its place.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.sources.dossiers import values as read
from cchc_pipeline.sources.dossiers.rules import CELL_ERROR, mask
from cchc_pipeline.sources.readers.reading import TextRelation, reading
from cchc_pipeline.sources.readers.upload_schema import UploadSchema
from cchc_pipeline.storage.engine import Engine, Texts

_MOMENTS = {
    "submitted": "NgayNopHoSo",
    "received": "NgayTiepNhan",
    "first_due": "NgayHenTra",
    "new_due": "new_due_text",
    "ended": "NgayKetThucXuLy",
    "returned": "NgayTra",
}
_FLAGS = {
    "is_digitised": "HoSoCoThanhPhanSoHoa",
    "is_identified": "TaiKhoanDuocXacThucVoiVNeID",
    "is_synced": "DaDongBoDVCQG",
}
_CODES = {
    "channel": "KenhThucHien",
    "service_level": "MucDo",
    "status": "TrangThaiHoSo",
    "online_payment": "DuocThanhToanTrucTuyen",
    "circulation": "LuanChuyenNoiBo",
    "rating": "MucDoHaiLong",
}
_COMPARED: Mapping[tuple[str, ...], str] = {
    ("MaTTHC",): "procedure_code",
    ("TenTTHC",): "TenTTHC",
    ("MaLinhVuc",): "field_code",
    ("TenLinhVuc",): "TenLinhVuc",
    ("KenhThucHien",): "channel",
    ("MucDo",): "service_level",
    ("NgayNopHoSo",): "submitted_at, submitted_timed",
    ("NgayTiepNhan",): "received_at, received_timed",
    ("NgayHenTra",): "first_due_at, first_due_timed",
    ("NgayHenTraMoi", "DanhSachHoSoBoSung"): "new_due_at, new_due_timed",
    ("NgayTra",): "returned_at, returned_timed",
    ("NgayKetThucXuLy",): "ended_at, ended_timed",
    ("TrangThaiHoSo",): "status",
    ("DuocThanhToanTrucTuyen",): "online_payment",
    ("TongLePhi", "DanhSachLePhi"): "coalesce(fee, 0)",
    ("HoSoCoThanhPhanSoHoa",): "is_digitised",
    ("TaiKhoanDuocXacThucVoiVNeID",): "is_identified",
    ("DaDongBoDVCQG",): "is_synced",
    ("LuanChuyenNoiBo",): "circulation",
    ("MucDoHaiLong",): "rating",
    ("SoLanBoSung", "DanhSachHoSoBoSung"): "coalesce(supplements, 0)",
    ("CoKetQuaDienTu", "DanhSachGiayToKetQua"): "has_e_result",
}
"""What makes two rows of a dossier alike: fields (any of them gives the values), and the values.

A list that is absent, an empty one and the sum or number of its entries, 0, are the same here: no
figure tells them apart.
"""

NAMES = ("TenTTHC", "TenLinhVuc", "TenDonViXuLy", "DuLieuMau")
"""The texts that no rule of their own reads."""

_FEE_TEXT = (
    "coalesce(TongLePhi,"
    " nullif(array_to_string(list_transform(DanhSachLePhi, lambda x: x.Gia), ' + '), ''))"
)
"""What a message quotes of a fee: the total, or the single fees of a native record."""

_IS_LOST = f"lambda x: {read.is_cell_error('x.DuongDanTepTinKetQua')}"
_LOST_FILES = (
    f"nullif(array_to_string(list_transform(list_filter(DanhSachGiayToKetQua, {_IS_LOST}),"
    " lambda x: x.DuongDanTepTinKetQua), ' + '), '')"
)
"""The paths of results that are the error of a formula, and so no file."""

COLUMN_FIELDS: Mapping[str, tuple[str, ...]] = {
    "channel": ("KenhThucHien",),
    "service_level": ("MucDo",),
    "is_digitised": ("HoSoCoThanhPhanSoHoa",),
    "is_identified": ("TaiKhoanDuocXacThucVoiVNeID",),
    "is_synced": ("DaDongBoDVCQG",),
    "fee": ("TongLePhi", "DanhSachLePhi"),
    "online_payment": ("DuocThanhToanTrucTuyen",),
    "rating": ("MucDoHaiLong",),
    "circulation": ("LuanChuyenNoiBo",),
    "supplements": ("SoLanBoSung", "DanhSachHoSoBoSung"),
    "has_e_result": ("CoKetQuaDienTu", "DanhSachGiayToKetQua"),
}
"""The columns that an export may lack altogether, with the fields that would give them."""

Kind = frozenset[str]
"""The fields that a file can give; rows of two kinds are compared in what both have."""
_TOLD_TEXTS = "CASE WHEN faults <> 0 THEN to_json(texts) END"
"""The texts of a row with faults as one text, which tells an empty field from its neighbour."""
PART_VALUES = (
    "procedure_code", "field_code", "channel", "service_level", "status", "submitted_at",
    "received_at", "received_timed", "due_at", "due_timed", "finished_at", "finished_timed",
    "fee", "online_payment", "is_digitised", "is_identified", "is_synced", "circulation",
    "rating", "supplements", "has_e_result",
)  # fmt: skip
"""The columns of ``dossiers`` that a part has."""


def kind_of(relation: TextRelation) -> Kind:
    """The fields that a relation gives."""
    return frozenset(relation.columns)


def stage(
    engine: Engine,
    relation: TextRelation,
    number: int,
    kinds: Sequence[Kind],
    upload: UploadSchema,
) -> str:
    """Stage a relation's part.

    Args:
        engine: Keeps it.
        relation: The texts.
        number: The relation's place in the export.
        kinds: The different kinds of relations in the export.
        upload: The record's upload schema.

    Returns:
        The name under which the engine has its rows.

    Raises:
        SourceError: The file's rows cannot be read.
    """
    name = f"part_{number}"
    query = part_query(kind_of(relation), number, kinds, upload)
    with _scanning(relation.where):
        engine.stage(name, texts_of(relation, upload), query)
    return name


@contextmanager
def _scanning(where: str) -> Iterator[None]:
    """Tell of a file that fails when its rows are read: until then only its head was looked at.

    Raises:
        SourceError: DuckDB or Arrow failed on the file.
    """
    try:
        with reading(where):
            yield
    except duckdb.OutOfMemoryException:
        todo = "raise CCHC_MEMORY_LIMIT, or hand the file in in parts"
        raise SourceError("needs more memory than is allowed", where=where, todo=todo) from None
    except (duckdb.Error, pa.ArrowException, ValueError, OverflowError) as error:
        what = f"cannot be read ({type(error).__name__})"
        raise SourceError(what, where=where, todo="export the file again") from error


def texts_of(relation: TextRelation, upload: UploadSchema) -> Texts:
    """Every field's text under its name, as DuckDB reads them from the file."""
    texts = ", ".join(f"{sql} AS {name}" for name, sql in _texts(relation, upload).items())
    return Texts(f"SELECT {texts} FROM {relation.source}", relation.first_row)  # noqa: S608


def part_query(kind: Kind, number: int, kinds: Sequence[Kind], upload: UploadSchema) -> str:
    """The SQL of a part over ``texts``: values, then faults, then what rows are compared by."""
    moments = ", ".join(f"{sql} AS {name}" for name, sql in _moments().items())
    values = ", ".join(f"{sql} AS {name}" for name, sql in _values().items())
    names = [field.name for field in upload.fields]
    told = {name: name for name in names} | {
        "TongLePhi": _FEE_TEXT,
        "CoKetQuaDienTu": f"coalesce(CoKetQuaDienTu, {_LOST_FILES})",
    }
    kept = ", ".join(f"{name} := {text}" for name, text in told.items())
    contents = ", ".join(
        f"hash({_compared(kind & other)}, {_TOLD_TEXTS}) AS content_{position}"
        for position, other in enumerate(kinds)
    )
    dated = (
        f"SELECT *, {moments} FROM"  # noqa: S608 - own expressions
        f" (SELECT *, coalesce(NgayHenTraMoi, {read.last_new_due('DanhSachHoSoBoSung')})"
        f" AS new_due_text FROM texts)"
    )
    valued = f"SELECT *, {values} FROM ({dated})"  # noqa: S608
    judged = f"SELECT *, {mask(_faults())} AS faults FROM ({valued})"  # noqa: S608
    return (
        f"SELECT {number} AS part, row_no, skipped, dossier_code,"  # noqa: S608
        " coalesce(DonViXuLy, TenDonViXuLy) AS unit_text, TenDonViXuLy AS unit_name,"
        " greatest(due_at, first_due_at, ended_at, returned_at) AS last_at, code_day,"
        f" {', '.join(PART_VALUES)}, DuLieuMau IS NOT NULL AS is_sample, line_fault, faults,"
        f" texts, {contents} FROM (SELECT *,"
        f" CASE WHEN faults <> 0 THEN struct_pack({kept}) END AS texts FROM ({judged}))"
    )


def _texts(relation: TextRelation, upload: UploadSchema) -> Mapping[str, str]:
    """Every field's text under its name; what the file does not have is NULL."""
    texts = {
        field.name: relation.columns.get(field.name, "CAST(NULL AS VARCHAR)")
        for field in upload.fields
    }
    lists = {
        nested.name: relation.columns.get(nested.name, f"CAST(NULL AS {nested.sql_type})")
        for nested in upload.nested
    }
    return {
        **texts,
        **lists,
        "row_no": relation.row or "CAST(NULL AS BIGINT)",
        "skipped": f"coalesce({relation.is_total}, false)" if relation.is_total else "false",
        "line_fault": relation.row_fault or "CAST(NULL AS VARCHAR)",
    }


def _moments() -> Mapping[str, str]:
    moments = {f"{name}_read": read.moment(text) for name, text in _MOMENTS.items()}
    timed = {f"{name}_timed": read.is_timed(text) for name, text in _MOMENTS.items()}
    return {**moments, **timed}


def _values() -> Mapping[str, str]:
    codes = {name: read.code(field, field) for name, field in _CODES.items()}
    flags = {name: f"({read.code(field, field)} = 1)" for name, field in _FLAGS.items()}
    moments = {f"{name}_at": read.plausible(f"{name}_read") for name in _MOMENTS}
    fees = f"list_transform(DanhSachLePhi, lambda x: {read.amount('x.Gia')})"
    files = "list_filter(DanhSachGiayToKetQua, lambda x: x.DuongDanTepTinKetQua IS NOT NULL)"
    return {
        "code_day": read.code_day("MaHoSo"),
        "dossier_code": read.dossier_code("MaHoSo", "code_day"),
        "procedure_code": read.procedure_code("MaTTHC"),
        "field_code": read.field_code("MaLinhVuc"),
        **codes,
        **flags,
        **moments,
        "fees": fees,
        "total": read.amount("TongLePhi"),
        "fee": "coalesce(list_sum(fees), total)",
        "supplements_told": read.whole_number("SoLanBoSung"),
        "supplements": "coalesce(nullif(array_length(DanhSachHoSoBoSung), 0), supplements_told,"
        " array_length(DanhSachHoSoBoSung))",
        "has_e_result": f"(coalesce(array_length({files}) > 0, false)"
        f" OR coalesce({read.code('CoKetQuaDienTu', 'CoKetQuaDienTu')} = 1, false))",
        **_deadline_and_finish(),
    }


def _deadline_and_finish() -> Mapping[str, str]:
    """Due is the last new due date, else the first; finish is the end of work, else the return."""
    due = "coalesce(new_due_at, first_due_at)"
    timed = "CASE WHEN new_due_at IS NOT NULL THEN new_due_timed ELSE first_due_timed END"
    return {
        "due_timed": timed,
        "due_at": f"CASE WHEN {timed} THEN {due} ELSE {due} + INTERVAL 86399 SECOND END",
        "finished_at": "coalesce(ended_at, returned_at)",
        "finished_timed": "CASE WHEN ended_at IS NOT NULL THEN ended_timed ELSE returned_timed END",
    }


def _faults() -> Mapping[str, str]:
    """A condition for each fault that a line alone can show."""
    result = read.code("CoKetQuaDienTu", "CoKetQuaDienTu")
    return {
        "LINE_UNREADABLE": "line_fault IS NOT NULL",
        "CODE_MISSING": "MaHoSo IS NULL",
        "CODE_MALFORMED": _unread("MaHoSo", "dossier_code"),
        "PROCEDURE_MISSING": "MaTTHC IS NULL",
        "PROCEDURE_MALFORMED": _unread("MaTTHC", "procedure_code"),
        "FIELD_MALFORMED": "field_code IS NULL",
        "TEXT_LIKE_FORMULA": f"({read.is_like_formula('TenTTHC')}"
        f" OR {read.is_like_formula('TenLinhVuc')})",
        "CHANNEL_UNKNOWN": _unread("KenhThucHien", "channel"),
        "LEVEL_UNKNOWN": _unread("MucDo", "service_level"),
        "STATUS_MISSING": "TrangThaiHoSo IS NULL",
        "STATUS_UNKNOWN": _unread("TrangThaiHoSo", "status"),
        "SUBMITTED_UNREADABLE": _unread("NgayNopHoSo", "submitted_at"),
        "RECEIVED_MISSING": "NgayTiepNhan IS NULL",
        "RECEIVED_UNREADABLE": _unread("NgayTiepNhan", "received_at"),
        "DUE_UNREADABLE": _unread("NgayHenTra", "first_due_at"),
        "NEW_DUE_UNREADABLE": _unread("NgayHenTraMoi", "new_due_at"),
        "FINISHED_UNREADABLE": _unread("NgayKetThucXuLy", "ended_at"),
        "RETURNED_UNREADABLE": _unread("NgayTra", "returned_at"),
        "SUPPLEMENT_UNREADABLE": read.has_unreadable_date("DanhSachHoSoBoSung"),
        CELL_ERROR: f"({' OR '.join(read.is_cell_error(name) for name in NAMES)})",
        "UNIT_MISSING": "coalesce(DonViXuLy, TenDonViXuLy) IS NULL",
        "PAYMENT_UNKNOWN": _unread("DuocThanhToanTrucTuyen", "online_payment"),
        "FEE_UNREADABLE": f"({_unread('TongLePhi', 'total')}"
        " OR coalesce(array_length(list_filter(DanhSachLePhi, lambda x: x.Gia IS NOT NULL))"
        " > array_length(list_filter(fees, lambda x: x IS NOT NULL)), false))",
        "FEE_NEGATIVE": "(coalesce(total < 0, false) OR coalesce(list_min(fees) < 0, false))",
        "DIGITISED_UNKNOWN": _unread("HoSoCoThanhPhanSoHoa", "is_digitised"),
        "IDENTIFIED_UNKNOWN": _unread("TaiKhoanDuocXacThucVoiVNeID", "is_identified"),
        "SYNCED_UNKNOWN": _unread("DaDongBoDVCQG", "is_synced"),
        "CIRCULATION_UNKNOWN": _unread("LuanChuyenNoiBo", "circulation"),
        "E_RESULT_UNKNOWN": f"({_unread('CoKetQuaDienTu', result)} OR {_LOST_FILES} IS NOT NULL)",
        "RATING_OUT_OF_RANGE": _unread("MucDoHaiLong", "rating"),
        "SUPPLEMENTS_UNREADABLE": _unread("SoLanBoSung", "supplements_told"),
    }


def _unread(text: str, value: str) -> str:
    return f"({text} IS NOT NULL AND ({value}) IS NULL)"


def _compared(common: Kind) -> str:
    """The values of the fields that two kinds have in common."""
    values = [value for fields, value in _COMPARED.items() if common.intersection(fields)]
    return ", ".join(values) or "NULL"
