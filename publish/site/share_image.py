"""The picture that stands for a page where its address is shared: 1200 by 630, a small PNG.

Belongs here: placing a page's words, figure and bars on one picture, the same bytes for the same
content. Does not: choosing words or figures, files, or the tags that name the picture in a page.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib.resources import as_file, files
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, MARGIN = 1200, 630, 64
ACCENT, TRACK = (31, 111, 139), (223, 229, 234)

_SHEET = (WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN)
_STRIPE = 16
_HEADER, _GAP = 58, 22
_LEFT, _RIGHT = round(_SHEET[0] * 0.42), round(_SHEET[0] * 0.47)
_LEADING, _TITLE_LEADING, _DESCENT = 1.35, 1.22, 0.25
_BAR_ROW, _BAR = 36, 16
_ELLIPSIS = "…"
# The highest level of the library takes six times as long for a tenth less.
_COMPRESSION = 7


@dataclass(frozen=True)
class ShareImage:
    """What a picture says; ``lines`` are at most three, ``bars`` at most six shares of one."""

    site: str
    title: str
    figure: str
    figure_note: str
    lines: tuple[str, ...]
    sample: bool
    sample_text: str = ""
    bars: tuple[tuple[str, float | None], ...] = ()

    def __post_init__(self) -> None:
        """A sample without the words that say so would pass for published figures."""
        if self.sample and not self.sample_text.strip():
            raise ValueError("a sample needs the text of its mark")


class _Solid(IntEnum):
    PAGE, TRACK, ACCENT, MARK, MARK_LINE = range(5)


class _Ink(IntEnum):
    """Writing: each ink is a ramp in the palette, from its ground to its full colour."""

    DARK, SOFT, ACCENT, MARK = range(4)


_SOLIDS = ((250, 251, 252), TRACK, ACCENT, (255, 244, 214), (138, 97, 0))
_INKS = (
    ((27, 31, 36), _Solid.PAGE),
    ((82, 96, 109), _Solid.PAGE),
    (ACCENT, _Solid.PAGE),
    ((92, 65, 0), _Solid.MARK),
)
_STEPS = 10


@dataclass(frozen=True)
class _Row:
    """A line of writing; ``least`` is the size it may shrink to before it is cut."""

    text: str
    size: int
    least: int
    ink: _Ink
    weight: str = "Regular"
    leading: float = _LEADING

    @property
    def height(self) -> int:
        return round(self.size * self.leading)


def share_image(content: ShareImage) -> bytes:
    """The picture as a PNG; its bytes depend on the content and the locked packages only."""
    # All is drawn on a sheet as large as the frame inside of the margins, so nothing leaves it.
    sheet = Image.new("P", _SHEET, _Solid.PAGE)
    _draw_header(sheet, content)
    top = _draw_evidence(sheet, content)
    _draw_title(sheet, _clean(content.title), top, 64 if content.figure else 84)
    return _encoded(sheet)


def _draw_header(sheet: Image.Image, content: ShareImage) -> None:
    room = _SHEET[0]
    if content.sample:
        room -= _draw_mark(sheet, _clean(content.sample_text)) + _GAP
    site = _Row(_clean(content.site), 30, 24, _Ink.ACCENT, "Bold")
    _draw_row(sheet, site, 0, _HEADER - 9, room)


def _draw_mark(sheet: Image.Image, text: str) -> int:
    """The mark of a sample in the upper right corner, and how wide it is."""
    font = _font("Bold", 30)
    text = _cut(text, font, _SHEET[0] // 2)
    width = round(_length(text, font)) + 48
    left = _SHEET[0] - width
    sheet.paste(_Solid.MARK_LINE, (left, 0, left + width, _HEADER))
    sheet.paste(_Solid.MARK, (left + 3, 3, left + width - 3, _HEADER - 3))
    _write(sheet, text, (left + 24, 42), font, _Ink.MARK)
    return width


def _draw_evidence(sheet: Image.Image, content: ShareImage) -> int:
    """Figure, lines and bars along the lower margin; where they begin."""
    figure, lines = _figure_rows(content), _line_rows(content)
    alone = not (figure or lines) or not (content.bars or (figure and lines))
    left, right = (_SHEET[0], _SHEET[0]) if alone else (_LEFT, _RIGHT)
    if content.bars:
        return min(
            _draw_stack(sheet, figure + lines, 0, left), _draw_bars(sheet, content.bars, right)
        )
    return min(
        _draw_stack(sheet, figure, 0, left), _draw_stack(sheet, lines, _SHEET[0] - right, right)
    )


def _figure_rows(content: ShareImage) -> list[_Row]:
    size = 112 if content.bars and content.lines else 132
    rows = [
        _Row(_clean(content.figure), size, 44, _Ink.ACCENT, "Bold", 1.05),
        _Row(_clean(content.figure_note), 26, 22, _Ink.SOFT),
    ]
    return [row for row in rows if row.text]


def _line_rows(content: ShareImage) -> list[_Row]:
    cleaned = (_clean(line) for line in content.lines[:3])
    return [_Row(line, 26, 22, _Ink.DARK) for line in cleaned if line]


def _draw_stack(sheet: Image.Image, rows: Sequence[_Row], left: int, width: int) -> int:
    """Rows above each other, the last on the lower margin; where the first begins."""
    bottom = _SHEET[1]
    for row in reversed(rows):
        _draw_row(sheet, row, left, bottom, width)
        bottom -= row.height
    return bottom


def _draw_row(sheet: Image.Image, row: _Row, left: int, bottom: int, width: int) -> None:
    sizes = range(row.size, row.least - 1, -2)
    fonts = (_font(row.weight, size) for size in sizes)
    fitting = (font for font in fonts if _length(row.text, font) <= width)
    font = next(fitting, _font(row.weight, row.least))
    baseline = bottom - round(row.size * _DESCENT)
    _write(sheet, _cut(row.text, font, width), (left, baseline), font, row.ink)


def _draw_bars(sheet: Image.Image, bars: Sequence[tuple[str, float | None]], width: int) -> int:
    """Labelled shares at the right margin, the last on the lower one; where the first begins."""
    font, left = _font("Regular", 22), _SHEET[0] - width
    labels = [_cut(_clean(label), font, width * 0.55) for label, _ in bars[:6]]
    start = left + round(max(_length(label, font) for label in labels)) + 20
    top = _SHEET[1] - _BAR_ROW * len(labels)
    for number, (label, (_, share)) in enumerate(zip(labels, bars, strict=False)):
        middle = top + _BAR_ROW * number + _BAR_ROW // 2
        _write(sheet, label, (left, middle + 8), font, _Ink.SOFT)
        _draw_bar(sheet, share, (start, middle - _BAR // 2, _SHEET[0], middle + _BAR // 2))
    return top


def _draw_bar(sheet: Image.Image, share: float | None, box: tuple[int, int, int, int]) -> None:
    """A share of its track; the mere outline of a track where no share is known."""
    left, top, right, bottom = box
    sheet.paste(_Solid.TRACK, box)
    if share is None:
        sheet.paste(_Solid.PAGE, (left + 2, top + 2, right - 2, bottom - 2))
        return
    filled = round((right - left) * min(max(share, 0.0), 1.0))
    sheet.paste(_Solid.ACCENT, (left, top, left + filled, bottom))


def _draw_title(sheet: Image.Image, title: str, bottom: int, largest: int) -> None:
    """As large as three lines between the header and the evidence allow, then cut."""
    top = _HEADER + _GAP
    room = bottom - top - _GAP
    for size in range(largest, 39, -4):
        font, leading = _font("Bold", size), round(size * _TITLE_LEADING)
        lines = _wrapped(title, font, _SHEET[0])
        fits = len(lines) <= 3 and len(lines) * leading <= room
        if fits and all(_length(line, font) <= _SHEET[0] for line in lines):
            break
    for number, line in enumerate(_shortened(lines, font, min(3, room // leading))):
        baseline = top + leading * (number + 1) - round(size * _DESCENT)
        _write(sheet, line, (0, baseline), font, _Ink.DARK)


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and _length(f"{lines[-1]} {word}", font) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _shortened(lines: Sequence[str], font: ImageFont.FreeTypeFont, count: int) -> list[str]:
    kept = [*lines[: count - 1], " ".join(lines[count - 1 :])]
    return [_cut(line, font, _SHEET[0]) for line in kept]


def _cut(text: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    """The text if it is no wider than that, or its beginning and an ellipsis."""
    if _length(text, font) <= width:
        return text
    ends = range(1, len(text))
    end = bisect_right(ends, width, key=lambda end: _length(text[:end] + _ELLIPSIS, font))
    last_space = text.rfind(" ", 0, end + 1)
    kept = text[: last_space if last_space > end // 2 else end]
    return kept.rstrip(" ,;:–-") + _ELLIPSIS


def _length(text: str, font: ImageFont.FreeTypeFont) -> float:
    """The sum of the letters' own widths: basic layout moves no letter of this font for another."""
    return sum(_advance(letter, font) for letter in text)


@cache
def _advance(letter: str, font: ImageFont.FreeTypeFont) -> float:
    return font.getlength(letter)


def _write(
    sheet: Image.Image, text: str, at: tuple[int, int], font: ImageFont.FreeTypeFont, ink: _Ink
) -> None:
    left, top, right, bottom = (round(edge) for edge in font.getbbox(text, anchor="ls"))
    cover = Image.new("L", (max(right - left, 1), max(bottom - top, 1)))
    ImageDraw.Draw(cover).text((-left, -top), text, fill=255, font=font, anchor="ls")
    # The ink begins at the place, not the letter's own white, so that all sizes stand in line.
    place = (at[0], at[1] + top)
    sheet.paste(cover.point(_ramp(ink)), place, cover.point(_TOUCHED))


def _step(cover: int) -> int:
    """Ten steps of cover look smooth at this size and make a file a third smaller than all 256."""
    return (cover * _STEPS + 127) // 255


_TOUCHED = [255 if _step(cover) else 0 for cover in range(256)]


@cache
def _ramp(ink: _Ink) -> list[int]:
    return [len(_SOLIDS) + ink * _STEPS + max(_step(cover), 1) - 1 for cover in range(256)]


@cache
def _palette() -> bytes:
    colours = list(_SOLIDS)
    for ink, ground in _INKS:
        for step in range(1, _STEPS + 1):
            pairs = zip(_SOLIDS[ground], ink, strict=True)
            red, green, blue = (low + (high - low) * step // _STEPS for low, high in pairs)
            colours.append((red, green, blue))
    return bytes(part for colour in colours for part in colour)


def _encoded(sheet: Image.Image) -> bytes:
    card = Image.new("P", (WIDTH, HEIGHT), _Solid.PAGE)
    card.putpalette(_palette())
    card.paste(_Solid.ACCENT, (0, 0, _STRIPE, HEIGHT))
    card.paste(sheet, (MARGIN, MARGIN))
    stream = BytesIO()
    card.save(stream, "PNG", compress_level=_COMPRESSION)
    return stream.getvalue()


@cache
def _font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    """A font of the locked package; basic layout, since composed letters need no shaping."""
    font = files("fontpkg_be_vietnam_pro") / "files" / f"BeVietnamPro-{weight}.ttf"
    with as_file(font) as path:
        return ImageFont.truetype(
            BytesIO(path.read_bytes()), size, layout_engine=ImageFont.Layout.BASIC
        )


def _clean(text: str) -> str:
    """Composed letters, and single spaces instead of line breaks."""
    return " ".join(unicodedata.normalize("NFC", text).split())
