"""What search engines read in a page: the data set in the words of schema.org.

Belongs here: the markup of a release, safe inside a ``script`` element. Does not: the catalogue for
portals (``catalogue``). A projection of a release's descriptor.
"""

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from publish.release import Identity

_SHORTEST, _LONGEST = 50, 5000
"""How many characters a description may have."""


def dataset_markup(
    descriptor: Mapping[str, Any], identity: Identity, root: str = ""
) -> dict[str, Any]:
    """The data set as schema.org/Dataset.

    Args:
        descriptor: The release's ``datapackage.json``.
        identity: Who publishes, and where.
        root: The way from the page to the site's root, where its address is not known.
    """
    base = f"{identity.public_url.rstrip('/')}/" if identity.public_url else root
    month, number = descriptor["release"].split(".")
    folder = f"{base}releases/{month}/{number}/"
    organization = {"@type": "Organization", "name": identity.publisher}
    variables = [r["title"] for r in descriptor["resources"] if r.get("type") == "table"]
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": descriptor["title"],
        "description": _description(descriptor),
        "identifier": descriptor["id"],
        "url": base or folder,
        "version": descriptor["version"],
        "dateModified": descriptor["created"],
        "keywords": descriptor["keywords"],
        "license": _license(descriptor, folder),
        "creator": organization,
        "publisher": organization,
        "isAccessibleForFree": True,
        "inLanguage": descriptor["languages"],
        "temporalCoverage": descriptor["temporalCoverage"],
        "spatialCoverage": {"@type": "Place", "name": descriptor["spatialCoverage"]},
        "variableMeasured": variables,
        "distribution": [_download(resource, folder) for resource in descriptor["resources"]],
    }


def _description(descriptor: Mapping[str, Any]) -> str:
    text = str(descriptor["description"])[:_LONGEST]
    return text if len(text) >= _SHORTEST else f"{descriptor['title']}. {text}"


def _license(descriptor: Mapping[str, Any], folder: str) -> str:
    path = str(descriptor["licenses"][0]["path"])
    return path if path.startswith(("https://", "http://")) else f"{folder}{path}"


def _download(resource: Mapping[str, Any], folder: str) -> dict[str, Any]:
    return {
        "@type": "DataDownload",
        "name": resource["title"],
        "contentUrl": f"{folder}{resource['path']}",
        "encodingFormat": resource["mediatype"],
        "contentSize": f"{resource['bytes']} B",
        "sha256": resource["hash"].removeprefix("sha256:"),
    }


def script_text(markup: Mapping[str, Any]) -> Markup:
    """JSON that cannot end the ``script`` element that it stands in, whatever its names hold."""
    text = json.dumps(markup, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - every sign that HTML would read is escaped above
