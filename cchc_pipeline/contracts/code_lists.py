"""Code lists: reading and refusing the files of ``schemas/code-lists``.

Belongs here: what a code list must have. Does not: the codes, or the columns that use them.
"""

from functools import cache

from cchc_pipeline.contracts.model import Code, CodeList
from cchc_pipeline.contracts.node import Node, first_repeated
from cchc_pipeline.reference import read_yaml


@cache
def load_code_list(name: str) -> CodeList:
    """The code list ``schemas/code-lists/<name>.yaml``.

    Raises:
        SchemaDataError: There is none, or it cannot be used.
    """
    path = f"code-lists/{name}.yaml"
    return parse_code_list(name, read_yaml(path), f"schemas/{path}")


def parse_code_list(name: str, mapping: object, where: str) -> CodeList:
    """Read a code list.

    Raises:
        SchemaDataError: Something lacks, or a code stands twice.
    """
    node = Node.at(mapping, where)
    node.only(frozenset({"title", "basis", "codes"}))
    codes = tuple(
        _code(Node.at(entry, f"{where}, entry {number}"))
        for number, entry in enumerate(node.items("codes"), start=1)
    )
    if not codes:
        raise node.refusal("no codes")
    twice = first_repeated(code.code for code in codes)
    if twice is not None:
        raise node.refusal(f"the code {twice!r} stands twice", "keep one")
    return CodeList(name, node.text("title"), node.word("basis"), codes)


def _code(node: Node) -> Code:
    node.only(frozenset({"code", "name", "description", "value_allowed"}))
    allowed = node.flag("value_allowed") if "value_allowed" in node.content else None
    return Code(node.word("code"), node.text("name"), node.text("description"), allowed)
