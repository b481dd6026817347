"""The methodology and the data dictionary, planned.

Belongs here: what both are made from, which is declarations and code lists. Does not: the words of
the methodology (``schemas/pages/messages/method.yaml``), HTML.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from cchc_pipeline.contracts import load_code_list, load_contract
from cchc_pipeline.decision766 import Methodology, load_methodology, load_ratings
from publish.release import PUBLISHED_TABLES
from publish.site.extract import Extract, Figures
from publish.site.planned import Material, PlannedPage

METHOD_PAGE, DICTIONARY_PAGE = "phuong-phap.html", "tu-dien.html"
TOPICS = ("source", "recomputed", "comparable", "windows", "missing", "dossiers", "in_time",
          "disclosure", "plan", "revisions")  # fmt: skip
"""The sections of the methodology in words, in their order."""
_UNSURE = ("believed", "open")


def reference_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PlannedPage]:
    """Both pages."""
    used = [code for code in figures.whole("metrics").column("methodology").to_pylist() if code]
    lists = {"obs_status": figures.whole("obs_status")}
    method = figures.extract(lists, methodologies=sorted(set(used)))
    yield PlannedPage(METHOD_PAGE, "method.html", method, method_material)
    yield PlannedPage(DICTIONARY_PAGE, "dictionary.html", figures.extract({}), dictionary_material)


def method_material(extract: Extract) -> Material:
    """What the template of the methodology needs."""
    methodologies = [load_methodology(code) for code in extract.more["methodologies"]]
    return Material(
        {
            "methodologies": methodologies,
            "confidences": [confidences(used) for used in methodologies],
            "unsure": [unsure(used) for used in methodologies],
            "topics": TOPICS,
            "ratings": load_ratings(),
            "reasons": load_code_list("reason_codes").codes,
            "statuses": extract.rows("obs_status"),
        }
    )


def confidences(used: Methodology) -> Mapping[str, int]:
    """How many rules of a methodology are known how well; of groups alone, how many groups."""
    known: tuple[Any, ...] = used.metrics or (*used.groups, *used.merged_groups)
    return dict(sorted(Counter(item.confidence for item in known).items()))


def unsure(used: Methodology) -> list[Any]:
    """The metrics whose rule no source decides."""
    return [metric for metric in used.metrics if metric.confidence in _UNSURE]


def dictionary_material(extract: Extract) -> Material:
    """What the template of the dictionary needs: every published table."""
    return Material({"contracts": [load_contract(name) for name in PUBLISHED_TABLES]})
