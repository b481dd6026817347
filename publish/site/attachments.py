"""Files that stand beside a page: the rows that it shows, as a table of their own.

Belongs here: making the file, and what a page says of it. Does not: the files of a release
(``publish.publication``), which hold all periods.
"""

import hashlib
from dataclasses import dataclass

import pyarrow as pa

from cchc_pipeline.contracts import load_contract
from publish.formats import to_csv
from publish.site.planned import ATTACHMENTS


@dataclass(frozen=True)
class Attachment:
    """A file beside a page.

    Args:
        name: Its path below ``ATTACHMENTS``.
        table: The table whose rows it holds.
        rows: How many.
        content: Its bytes.
    """

    name: str
    table: str
    rows: int
    content: bytes

    @property
    def path(self) -> str:
        """Its path in the site."""
        return f"{ATTACHMENTS}/{self.name}"

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content)

    @property
    def digest(self) -> str:
        """SHA-256 of the content, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def rows_attached(page: str, table: str, rows: pa.Table) -> Attachment:
    """Rows of a table as CSV in its canonical form.

    Args:
        page: The name of the page, which the file stands beside.
        table: The table.
        rows: Those of its rows that the page shows.
    """
    name = f"{page.removesuffix('.html')}/{table}.csv"
    return Attachment(name, table, rows.num_rows, to_csv(rows, load_contract(table)))
