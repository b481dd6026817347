"""What a paper consists of, before it is written as DOCX or HTML.

Belongs here: headings, paragraphs, tables, pictures, and the parts that the form of administrative
documents asks for. Does not: how they look (``word_file``, ``paper_page``), or what they say.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True)
class Title:
    """A heading: level 1 is a part of the paper, 2 stands within one."""

    text: str
    level: Literal[1, 2] = 1


@dataclass(frozen=True)
class Lines:
    """A paragraph; an ``item`` of a list, or a ``note`` in small letters."""

    text: str
    kind: Literal["text", "item", "note"] = "text"


@dataclass(frozen=True)
class PaperColumn:
    """A column of a table: its heading, its share of the width, whether it holds numbers."""

    title: str
    width: float
    is_number: bool = False


@dataclass(frozen=True)
class PaperTable:
    """A table of texts; ``bold`` are the numbers of rows that sum up others."""

    caption: str
    columns: tuple[PaperColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    bold: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Picture:
    """A chart as a PNG, and what it shows in words."""

    png: bytes
    said: str


@dataclass(frozen=True)
class AnnexStart:
    """From here on the paper lies across."""

    title: str


Block: TypeAlias = Title | Lines | PaperTable | Picture | AnnexStart


@dataclass(frozen=True)
class Letterhead:
    """What stands above: who writes, number and date to be filled in, and the title.

    A letter has no ``kind`` (such as BÁO CÁO) and is addressed to somebody.
    """

    superior: str
    office: str
    number: str
    dated: str
    kind: str
    subject: str
    addressee: str = ""


@dataclass(frozen=True)
class Closing:
    """What stands below: who receives it, and who signs."""

    recipients: tuple[str, ...]
    signer: tuple[str, ...]


@dataclass(frozen=True)
class Paper:
    """A whole paper.

    Args:
        name: What its file is called, without an ending.
        head: What stands above; a brief has its title alone.
        blocks: What it says.
        closing: What stands below; None of a brief.
        mark: The mark of sample data, which stands on every page; empty if all is real.
        source: Which release its figures are of, on every page.
        dated_at: The moment of that release, ISO 8601: the bytes depend on no other.
    """

    name: str
    head: Letterhead
    blocks: tuple[Block, ...]
    closing: Closing | None
    mark: str
    source: str
    dated_at: str

    @property
    def texts(self) -> Iterable[str]:
        """Everything that it says in words, in order."""
        for block in self.blocks:
            match block:
                case Title() | Lines():
                    yield block.text
                case PaperTable():
                    yield block.caption
                    yield from (cell for row in block.rows for cell in row)
                case Picture():
                    yield block.said
                case AnnexStart():
                    yield block.title
