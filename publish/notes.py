"""The texts beside the data in a release: what changed, and the terms of reuse.

Belongs here: ``CHANGES.md`` and ``LICENSE.md``, from words in ``schemas/pages``. Does not: pages.
"""

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.reference import read_yaml
from publish.release import Draft


def changes_text(draft: Draft) -> str:
    """What changed since the release before, by table, in rows."""
    words = read_yaml("pages/notes.yaml")["changes"]
    before = str(draft.previous.id) if draft.previous else words["none_before"]
    lines = [
        f"# {draft.id} ({draft.version})", "",
        f"{words['since']}: {before}. {words['published_at']}: {draft.published_text}.", "",
        f"| {words['table']} | {words['added']} | {words['revised']} | {words['removed']} |",
        "|---|---:|---:|---:|",
    ]  # fmt: skip
    for name, change in draft.changes.items():
        counts = f"{change.added} | {change.revised} | {change.removed}"
        lines.append(f"| {load_contract(name).title.vi} (`{name}`) | {counts} |")
    if draft.is_sample:
        lines += ["", words["sample"]]
    return "\n".join(lines) + "\n"


def license_text(draft: Draft) -> str:
    """The terms of reuse, with the name of the law from the settings."""
    words = read_yaml("pages/notes.yaml")["license"]
    identity = draft.identity
    terms = words["text"].format(license=identity.license_name, publisher=identity.publisher)
    return f"# {words['title']}\n\n{terms.strip()}\n"
