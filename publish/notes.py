"""The texts beside the data in a release: what changed, and the terms of reuse.

Belongs here: ``CHANGES.md`` and ``LICENSE.md``, from words in ``schemas/pages``. Does not: pages.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from cchc_pipeline.contracts import load_code_list, load_contract
from cchc_pipeline.reference import read_yaml
from publish.release import REVISIONS, Draft


def changes_text(draft: Draft) -> str:
    """What changed since the release before: rows by table, values by reason, columns."""
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
    lines += _revision_lines(draft, words)
    lines += _column_lines(draft, words)
    if draft.is_sample:
        lines += ["", words["sample"]]
    return "\n".join(lines) + "\n"


def _revision_lines(draft: Draft, words: Mapping[str, str]) -> list[str]:
    """How many published values were revised, by reason; nothing if none was."""
    codes = load_code_list("reason_codes").codes
    log = draft.tables[REVISIONS].select(["release", "reason_code"]).to_pylist()
    counted = Counter(row["reason_code"] for row in log if row["release"] == str(draft.id))
    if not counted:
        return []
    head = [f"| {words['reason']} | {words['values']} |", "|---|---:|"]
    rows = [f"| {c.name.vi} (`{c.code}`) | {counted[c.code]} |" for c in codes if counted[c.code]]
    accepted = draft.acceptance
    note = [f"{words['note']}: {accepted.note}"] if accepted is not None and accepted.note else []
    return _paragraphs([[f"{words['revisions']}:"], [*head, *rows], note])


def _column_lines(draft: Draft, words: Mapping[str, str]) -> list[str]:
    """The columns that came, went or changed their type; nothing before the second release."""
    if not draft.columns_before:
        return []
    lines = [line for name in _all_tables(draft) for line in _columns_of(draft, name, words)]
    return _paragraphs([[f"{words['columns']}:"], lines]) if lines else []


def _paragraphs(blocks: Iterable[list[str]]) -> list[str]:
    """Blocks of lines with an empty line before each."""
    return [line for block in blocks if block for line in ("", *block)]


def _all_tables(draft: Draft) -> list[str]:
    return [*draft.columns_before, *(n for n in draft.tables if n not in draft.columns_before)]


def _columns_of(draft: Draft, name: str, words: Mapping[str, str]) -> Iterator[str]:
    """A table's changes of columns, a line each."""
    before = draft.columns_before.get(name)
    if before is None:
        yield f"- `{name}`: {words['new_table']}"
        return
    if name not in draft.tables:
        yield f"- `{name}`: {words['gone_table']}"
        return
    now = {f.name: f.type.removeprefix("local_") for f in load_contract(name).fields}
    changes = {
        "new_columns": [c for c in now if c not in before],
        "gone_columns": [c for c in before if c not in now],
        "retyped_columns": [c for c in now if c in before and before[c] != now[c]],
    }
    for word, columns in changes.items():
        if columns:
            yield f"- `{name}`: {words[word]} {', '.join(f'`{column}`' for column in columns)}"


def license_text(draft: Draft) -> str:
    """The terms of reuse, with the name of the law from the settings."""
    words = read_yaml("pages/notes.yaml")["license"]
    identity = draft.identity
    terms = words["text"].format(license=identity.license_name, publisher=identity.publisher)
    return f"# {words['title']}\n\n{terms.strip()}\n"
