"""Workbooks out of XML in line, as programs other than Excel write them, for the readers' tests.

Belongs here: the zip around a sheet's XML. Does not: assertions. Every record is invented.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path

from tests.builders.records import HEADINGS

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEADING_ROW = "".join(
    f'<c r="{letter}1" t="inlineStr"><is><t>{heading}</t></is></c>'
    for letter, heading in zip("ABCDEFGH", HEADINGS, strict=True)
)


def text_cell(address: str, text: str) -> str:
    """A cell with a text of its own."""
    return f'<c r="{address}" t="inlineStr"><is><t>{text}</t></is></c>'


def dossier_row(number: int, **cells: str) -> str:
    """A row of an invented dossier; ``cells`` replace whole cells by their letters."""
    texts = (f"000.00.16.H24-240115-{number:04d}", "1.000001", "Thủ tục mẫu", "15/01/2024",
             "20/01/2024", "19/01/2024", "10", "H24.16")  # fmt: skip
    row = "".join(
        cells.get(letter, text_cell(f"{letter}{number}", text))
        for letter, text in zip("ABCDEFGH", texts, strict=True)
    )
    return f'<row r="{number}">{row}</row>'


def sheet_xml(*rows: str, before: str = "") -> str:
    """A worksheet with the heading row and these rows."""
    head = f'<row r="1">{HEADING_ROW}</row>'
    return (
        f'<worksheet xmlns="{_MAIN}">{before}<sheetData>{head}{"".join(rows)}</sheetData>'
        "</worksheet>"
    )


def write_parts(path: Path, sheet: str, **parts: str) -> Path:
    """A workbook of one worksheet.

    Args:
        path: Where to.
        sheet: The worksheet's XML.
        parts: ``workbook`` (its properties), ``styles`` (number formats' codes, ``|`` between them,
            styles 1, 2, … in this order), ``state`` (of the sheet), ``texts`` (shared strings).
    """
    sheet_entry = (
        f'<sheet name="A" sheetId="1" state="{parts.get("state", "visible")}" r:id="rId1"/>'
    )
    codes = [code for code in parts.get("styles", "").split("|") if code]
    formats = "".join(
        f'<numFmt numFmtId="{164 + place}" formatCode="{code}"/>'
        for place, code in enumerate(codes)
    )
    styles = "".join(f'<xf numFmtId="{164 + place}"/>' for place in range(len(codes)))
    files = {
        "_rels/.rels": _relations({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_KINDS}">'
        f"{parts.get('workbook', '')}<sheets>{sheet_entry}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(
            {
                "rId1": ("worksheet", "worksheets/sheet1.xml"),
                "rId2": ("styles", "styles.xml"),
                "rId3": ("sharedStrings", "sharedStrings.xml"),
            }
        ),
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts>{formats}</numFmts>'
        f'<cellXfs><xf numFmtId="0"/>{styles}</cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}">{parts.get("texts", "")}</sst>',
        "xl/worksheets/sheet1.xml": sheet,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def _relations(targets: Mapping[str, tuple[str, str]]) -> str:
    entries = "".join(
        f'<Relationship Id="{name}" Type="{_KINDS}/{kind}" Target="{target}"/>'
        for name, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_RELATIONS}">{entries}</Relationships>'
