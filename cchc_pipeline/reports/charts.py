"""Bars as a picture for a paper: black and grey print well, the same bytes for the same bars.

Belongs here: geometry and drawing. Does not: the charts of pages, which are SVG, or words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

WIDTH = 1500
_ROW, _BAR, _GAP, _MARGIN = 62, 30, 24, 12
_LABEL, _VALUE = 560, 330
_SIZE = 30
_PAGE, _INK, _TRACK, _FILL, _EDGE = (255, 255, 255), (0, 0, 0), (226, 226, 226), (70, 90, 110), (
    120, 120, 120,
)  # fmt: skip
_COLOURS = 32
_ELLIPSIS = "…"


@dataclass(frozen=True)
class ShareBar:
    """A share of one with its label and its value in words; None where there is no figure."""

    label: str
    share: float | None
    said: str


def bar_picture(bars: Sequence[ShareBar]) -> bytes:
    """The bars below each other, as a PNG."""
    height = 2 * _MARGIN + _ROW * max(len(bars), 1)
    image = Image.new("RGB", (WIDTH, height), _PAGE)
    draw = ImageDraw.Draw(image)
    for number, bar in enumerate(bars):
        _draw(draw, bar, _MARGIN + _ROW * number + _ROW // 2)
    stream = BytesIO()
    image.quantize(_COLOURS).save(stream, "PNG", compress_level=7)
    return stream.getvalue()


def _draw(draw: ImageDraw.ImageDraw, bar: ShareBar, middle: int) -> None:
    font = _font()
    draw.text((0, middle), _cut(bar.label, _LABEL), fill=_INK, font=font, anchor="lm")
    left, right = _LABEL + _GAP, WIDTH - _VALUE - _GAP
    box = (left, middle - _BAR // 2, right, middle + _BAR // 2)
    draw.rectangle(box, fill=_TRACK if bar.share is not None else _PAGE, outline=_EDGE)
    if bar.share:
        end = left + round((right - left) * min(max(bar.share, 0.0), 1.0))
        draw.rectangle((left, box[1], end, box[3]), fill=_FILL)
    draw.text((right + _GAP, middle), _cut(bar.said, _VALUE), fill=_INK, font=font, anchor="lm")


def _cut(text: str, width: int) -> str:
    """The text if it is no wider than that, or its beginning."""
    font, shown = _font(), text
    while font.getlength(shown) > width and len(shown) > 1:
        shown = shown.removesuffix(_ELLIPSIS)[:-1] + _ELLIPSIS
    return shown


@cache
def _font() -> ImageFont.FreeTypeFont:
    font = files("fontpkg_be_vietnam_pro") / "files" / "BeVietnamPro-Regular.ttf"
    with as_file(font) as path:
        return ImageFont.truetype(
            BytesIO(path.read_bytes()), _SIZE, layout_engine=ImageFont.Layout.BASIC
        )
