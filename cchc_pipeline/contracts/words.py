"""The words that all tables share: names of types, messages of what a field's declaration implies.

Belongs here: reading ``schemas/tables/_words.yaml``. Does not: the words themselves.
"""

from collections.abc import Mapping
from functools import cache

from cchc_pipeline.contracts.model import Text
from cchc_pipeline.contracts.node import Node
from cchc_pipeline.reference import read_yaml


@cache
def shared_words() -> Mapping[str, Mapping[str, Text]]:
    """The words by part (``types``, ``messages``) and name.

    Raises:
        SchemaDataError: A word lacks one of its languages.
    """
    path = "tables/_words.yaml"
    content = read_yaml(path)
    return {
        part: {
            name: Node.at(content[part], f"schemas/{path}, {part}").text(name)
            for name in content[part]
        }
        for part in ("types", "messages")
    }
