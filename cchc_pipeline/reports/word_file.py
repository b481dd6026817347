"""A paper as a DOCX, in the form of Nghị định 30/2020/NĐ-CP, Phụ lục I.

Belongs here: page, margins, fonts, letterhead, page numbers, tables; the same bytes for the same
paper. Does not: what it says (``document``), or HTML (``paper_page``).

A4, margins 20 mm above and below, 30 mm left, 15 mm right; Times New Roman 13; the number of a page
stands in the middle above, from the second page on. The annex lies across.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt, RGBColor

from cchc_pipeline.reports.document import (
    AnnexStart,
    Block,
    Closing,
    Letterhead,
    Lines,
    Paper,
    PaperTable,
    Picture,
    Title,
)
from cchc_pipeline.reports.wording import say

FONT = "Times New Roman"
_TEXT, _SMALL, _TABLE, _ACROSS = Pt(13), Pt(11), Pt(11), Pt(9)
_KEPT_WHOLE = 14
"""Rows of a table that is not broken."""
_WIDTH, _WIDTH_ACROSS = 165.0, 257.0
_HEAD = (60.0, 105.0)
_RED, _GREY = RGBColor(0xB0, 0x00, 0x20), "D9D9D9"
_CENTRE, _RIGHT, _JUSTIFIED = (
    WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT, WD_ALIGN_PARAGRAPH.JUSTIFY,
)  # fmt: skip
_FIRST = "[Content_Types].xml"
_OLDEST = (1980, 1, 1, 0, 0, 0)


def to_docx(paper: Paper) -> bytes:
    """The paper as the bytes of a DOCX."""
    file = Document()
    _set_up(file, paper)
    if paper.closing is None:
        _brief_head(file, paper.head)
    else:
        _official_head(file, paper.head)
    _titles(file, paper)
    ending = next((n for n, b in enumerate(paper.blocks) if isinstance(b, AnnexStart)), None)
    for block in paper.blocks[:ending]:
        _write(file, block, _WIDTH)
    if paper.closing is not None:
        _close(file, paper.closing)
    for block in paper.blocks[ending:] if ending is not None else ():
        _write(file, block, _WIDTH_ACROSS)
    stream = BytesIO()
    file.save(stream)
    return _settled(stream.getvalue())


def _settled(content: bytes) -> bytes:
    """The same file with the same bytes: no member says when it was packed."""
    stream = BytesIO()
    with ZipFile(BytesIO(content)) as packed, ZipFile(stream, "w", ZIP_DEFLATED) as settled:
        for name in sorted(
            packed.namelist(), key=lambda name: (name != "[Content_Types].xml", name)
        ):
            settled.writestr(ZipInfo(name, _OLDEST), packed.read(name), ZIP_DEFLATED)
    return stream.getvalue()


# The page


def _set_up(file: Any, paper: Paper) -> None:
    moment = datetime.fromisoformat(paper.dated_at).astimezone(UTC).replace(tzinfo=None)
    told = file.core_properties
    told.title = " – ".join(part for part in (paper.mark, paper.head.subject) if part)
    told.author, told.last_modified_by, told.comments = paper.head.office, "", paper.source
    told.created = told.modified = moment
    told.language, told.revision = "vi-VN", 1
    style = file.styles["Normal"]
    style.font.name, style.font.size = FONT, _TEXT
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(script), FONT)
    style.paragraph_format.space_after = Pt(6)
    section = file.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    _margins(section, (20, 20, 30, 15))
    section.different_first_page_header_footer = True
    _running(section, paper)


def _margins(section: Any, sides: tuple[float, float, float, float]) -> None:
    top, bottom, left, right = (Mm(side) for side in sides)
    section.top_margin, section.bottom_margin = top, bottom
    section.left_margin, section.right_margin = left, right
    section.header_distance, section.footer_distance = Mm(7), Mm(9)


def _running(section: Any, paper: Paper) -> None:
    """Page number and mark above, the release below; the first page has no number."""
    number = section.header.paragraphs[0]
    number.alignment, number.paragraph_format.space_after = _CENTRE, Pt(0)
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = number.add_run()
        run.font.size = _TEXT
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        part.text = text or None
        run._r.append(part)
    if paper.mark:
        _mark(section.header.add_paragraph(), paper.mark)
        _mark(section.first_page_header.paragraphs[0], paper.mark)
    for footer in (section.footer, section.first_page_footer):
        line = footer.paragraphs[0]
        line.alignment = _CENTRE
        line.add_run(paper.source).font.size = Pt(10)


def _mark(line: Any, mark: str) -> None:
    line.alignment = _CENTRE
    line.paragraph_format.space_after = Pt(0)
    run = line.add_run(mark)
    run.bold, run.font.size, run.font.color.rgb = True, Pt(11), _RED


# Above and below


def _official_head(file: Any, head: Letterhead) -> None:
    table = _bare_table(file, 2, _HEAD)
    (left, right), (below, dated) = (row.cells for row in table.rows)
    if head.superior:
        _put(left, head.superior, 12)
    _put(left, head.office, 12, bold=True)
    _rule(left, 20)
    _put(right, say("form.motto_country"), 12, bold=True)
    _put(right, say("form.motto"), 13, bold=True)
    _rule(right, 24)
    _put(below, head.number, 13)
    if not head.kind:
        _put(below, f"{say('form.about')} {head.subject}", 12)
    _put(dated, head.dated, 13, italic=True)


def _brief_head(file: Any, head: Letterhead) -> None:
    """A brief goes to nobody outside: no number, no date, no motto."""
    for text in (head.superior, head.office):
        line = _line(file, text, _CENTRE)
        line.paragraph_format.space_after = Pt(0)
        line.runs[0].font.size, line.runs[0].bold = Pt(12), text == head.office


def _titles(file: Any, paper: Paper) -> None:
    """What kind of paper it is and what of; or whom a letter is for."""
    head = paper.head
    if head.kind:
        kind = _line(file, head.kind, _CENTRE)
        kind.paragraph_format.space_before, kind.paragraph_format.space_after = Pt(12), Pt(0)
        subject = _line(file, head.subject, _CENTRE)
        for run in (*kind.runs, *subject.runs):
            run.bold, run.font.size = True, Pt(14)
    else:
        to = _line(file, f"{say('form.to')} {head.addressee}", _CENTRE)
        to.paragraph_format.space_before = Pt(18)
    if paper.mark:
        line = file.add_paragraph()
        _mark(line, paper.mark)
        line.paragraph_format.space_after = Pt(6)


def _close(file: Any, closing: Closing) -> None:
    """Together with the line that ends the paper: nobody signs an empty page."""
    file.paragraphs[-1].paragraph_format.keep_with_next = True
    blank = file.add_paragraph().paragraph_format
    blank.space_after, blank.keep_with_next = Pt(0), True
    (row,) = _bare_table(file, 1, (75.0, 90.0)).rows
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    left, right = row.cells
    title = _put(left, say("form.received_by"), 12, italic=True, bold=True)
    title.alignment = WD_ALIGN_PARAGRAPH.LEFT
    for name in closing.recipients:
        _put(left, f"- {name}", 11).alignment = WD_ALIGN_PARAGRAPH.LEFT
    title_of_signer, sign, name = closing.signer
    _put(right, title_of_signer, 13, bold=True)
    _put(right, sign, 12, italic=True).paragraph_format.space_after = Pt(54)
    _put(right, name, 13, bold=True)


def _bare_table(file: Any, rows: int, widths: Sequence[float]) -> Any:
    table = file.add_table(rows, len(widths))
    table.autofit = False
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        part = OxmlElement(f"w:{side}")
        part.set(qn("w:w"), "0")
        part.set(qn("w:type"), "dxa")
        margins.append(part)
    table._tbl.tblPr.append(margins)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    for row in table.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Mm(width)
    return table


def _put(cell: Any, text: str, size: float, *, bold: bool = False, italic: bool = False) -> Any:
    """A centred line of a cell; the first fills the line that every cell has."""
    first = cell.paragraphs[0]
    line = first if not first.runs and len(cell.paragraphs) == 1 else cell.add_paragraph()
    run = line.add_run(text)
    run.font.size, run.bold, run.italic = Pt(size), bold, italic
    line.alignment, line.paragraph_format.space_after = _CENTRE, Pt(0)
    return line


def _rule(cell: Any, indent: float) -> None:
    """A line of some length below a cell's text."""
    line = cell.add_paragraph()
    shape = line.paragraph_format
    shape.left_indent = shape.right_indent = Mm(indent)
    shape.space_after, shape.line_spacing = Pt(6), Pt(4)
    border = OxmlElement("w:pBdr")
    top = OxmlElement("w:top")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        top.set(qn(f"w:{name}"), value)
    border.append(top)
    line._p.get_or_add_pPr().insert_element_before(
        border, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


# What is between


def _write(file: Any, block: Block, width: float) -> None:
    match block:
        case Title():
            line = _line(file, block.text, WD_ALIGN_PARAGRAPH.LEFT)
            line.runs[0].bold = True
            line.paragraph_format.keep_with_next = True
            line.paragraph_format.space_before = Pt(12 if block.level == 1 else 6)
        case Lines():
            _text(file, block)
        case PaperTable():
            _grid(file, block, width)
        case Picture():
            _picture(file, block, width)
        case AnnexStart():
            _across(file, block)


def _line(file: Any, text: str, alignment: WD_ALIGN_PARAGRAPH) -> Any:
    line = file.add_paragraph()
    line.add_run(text)
    line.alignment = alignment
    return line


def _text(file: Any, block: Lines) -> None:
    is_note = block.kind == "note"
    line = _line(file, f"- {block.text}" if block.kind == "item" else block.text, _JUSTIFIED)
    if is_note:
        line.runs[0].font.size, line.runs[0].italic = _SMALL, True
    else:
        line.paragraph_format.first_line_indent = Mm(10)


def _picture(file: Any, block: Picture, width: float) -> None:
    line = file.add_paragraph()
    line.alignment, line.paragraph_format.keep_with_next = _CENTRE, True
    shape = line.add_run().add_picture(BytesIO(block.png), width=Mm(width * 0.92))
    shape._inline.docPr.set("descr", block.said)
    _caption(file, block.said, below=True)


def _caption(file: Any, text: str, *, below: bool = False) -> None:
    line = _line(file, text, _CENTRE)
    line.runs[0].italic, line.runs[0].font.size = True, Pt(12)
    line.paragraph_format.keep_with_next = not below
    line.paragraph_format.space_before = Pt(0 if below else 6)


def _grid(file: Any, grid: PaperTable, width: float) -> None:
    _caption(file, grid.caption)
    size = _TABLE if width == _WIDTH else _ACROSS
    table = file.add_table(1 + len(grid.rows), len(grid.columns), style="Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    whole = sum(column.width for column in grid.columns)
    widths = [Mm(width * column.width / whole) for column in grid.columns]
    for column, each in zip(table.columns, widths, strict=True):
        column.width = each
    _row(table.rows[0], [c.title for c in grid.columns], widths, [_CENTRE] * len(widths), size)
    _head_row(table.rows[0])
    _keep(table.rows[0], bool(grid.rows))
    kept = len(grid.rows) if len(grid.rows) <= _KEPT_WHOLE else 2
    sides = [_RIGHT if c.is_number else WD_ALIGN_PARAGRAPH.LEFT for c in grid.columns]
    for number, (row, cells) in enumerate(zip(table.rows[1:], grid.rows, strict=True)):
        _row(row, cells, widths, sides, size, bold=number in grid.bold)
        _keep(row, number + 1 < kept)
    after = file.add_paragraph()
    after.paragraph_format.space_after, after.paragraph_format.line_spacing = Pt(0), Pt(6)


def _row(
    row: Any,
    cells: Sequence[str],
    widths: Sequence[Length],
    sides: Sequence[WD_ALIGN_PARAGRAPH],
    size: Length,
    *,
    bold: bool = False,
) -> None:
    for cell, text, width, side in zip(row.cells, cells, widths, sides, strict=True):
        cell.width = width
        line = cell.paragraphs[0]
        run = line.add_run(text)
        run.font.size, run.bold = size, bold
        line.alignment, line.paragraph_format.space_after = side, Pt(0)
    whole = OxmlElement("w:cantSplit")
    row._tr.get_or_add_trPr().append(whole)


def _keep(row: Any, with_next: bool) -> None:
    """A short table stands on one page; of a long one no row is left alone at the end of a page."""
    for cell in row.cells:
        cell.paragraphs[0].paragraph_format.keep_with_next = with_next


def _head_row(row: Any) -> None:
    """Repeated on every page of the table, grey, bold."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for cell in row.cells:
        cell.paragraphs[0].runs[0].bold = True
        shade = OxmlElement("w:shd")
        shade.set(qn("w:val"), "clear")
        shade.set(qn("w:fill"), _GREY)
        cell._tc.get_or_add_tcPr().append(shade)


def _across(file: Any, block: AnnexStart) -> None:
    section = file.add_section(WD_SECTION.NEW_PAGE)
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    _margins(section, (25, 15, 20, 20))
    section.different_first_page_header_footer = False
    line = _line(file, block.title, _CENTRE)
    line.runs[0].bold = True
