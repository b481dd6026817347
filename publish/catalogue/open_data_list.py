"""The list of open data that the city sends upwards: ``danh-muc-du-lieu-mo.csv``.

Belongs here: a row for each table of the release that is shown, in the words of
``schemas/pages/catalogue.yaml``, which says what its form rests on. Does not: the catalogue for
programs (``dcat``). Nothing is read from disk.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.period import TIMEZONE
from publish.catalogue.dcat import address
from publish.model import Published
from publish.store.state import Edition

OPEN_DATA = "danh-muc-du-lieu-mo.csv"


def open_data_list(edition: Edition) -> bytes:
    """The list as CSV in UTF-8 with a mark of its encoding, as those who fill in forms open it."""
    words = read_yaml("pages/catalogue.yaml")["open_data"]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(words["columns"]), lineterminator="\r\n")
    writer.writerow(words["columns"])
    if edition.current is not None:
        writer.writerows(_rows(edition, edition.current, words))
    return out.getvalue().encode("utf-8-sig")


def _rows(
    edition: Edition, current: Published, words: Mapping[str, Any]
) -> Iterator[dict[str, object]]:
    resources = edition.descriptor["resources"]
    tables = [resource for resource in resources if resource.get("type") == "table"]
    of_all = {
        "provider": edition.identity.publisher,
        "contact": edition.identity.contact,
        "field": words["field"],
        "frequency": words["frequency"],
        "coverage": edition.descriptor["temporalCoverage"],
        "updated": _day(current.published_at),
        "terms": edition.identity.terms_at(current.published_at).name.vi,
        "note": words["sample"] if current.is_sample else "",
    }
    for number, table in enumerate(tables, start=1):
        name = table["path"].rpartition("/")[2].removesuffix(".csv")
        yield of_all | {
            "number": number,
            "code": f"{edition.identity.package}/{name}",
            "title": table["title"],
            "description": table["description"],
            "formats": ", ".join(_formats(table, resources)),
            "since": _day(_first(edition, name).published_at),
            "address": address(edition, f"latest/{table['path']}"),
        }


def _formats(table: Mapping[str, Any], resources: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The formats that a table is published in."""
    for resource in resources:
        if table["name"] in {resource["name"], resource.get("alternateOf")}:
            yield str(resource["format"]).upper()


def _first(edition: Edition, table: str) -> Published:
    """The first release that had a table."""
    return next(release for release in edition.releases if table in release.schema_digests)


def _day(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(TIMEZONE):%d/%m/%Y}"
