"""The page of downloads, planned.

Belongs here: what it is made from. Does not: what it shows (``downloads``), words, HTML.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from publish.site.citation import citation
from publish.site.downloads import table_files
from publish.site.extract import Extract, Figures
from publish.site.page import DOWNLOADS_PAGE
from publish.site.planned import Material, PlannedPage
from publish.site.snippets import snippets
from publish.structured_data import dataset_markup, script_text


def download_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PlannedPage]:
    """The one page."""
    rows = {name: table.num_rows for name, table in figures.draft.tables.items()}
    extract = figures.extract({}, descriptor=descriptor, rows=rows)
    yield PlannedPage(DOWNLOADS_PAGE, "downloads.html", extract, download_material)


def download_material(extract: Extract) -> Material:
    """What the template needs."""
    descriptor = extract.more["descriptor"]
    return Material(
        {
            "tables": table_files(descriptor, extract.more["rows"]),
            "descriptor": descriptor,
            "snippets": snippets(extract.identity),
            "citation": citation(descriptor, extract.identity),
            "markup": script_text(dataset_markup(descriptor, extract.identity)),
            "is_sample_release": extract.is_sample,
        }
    )
