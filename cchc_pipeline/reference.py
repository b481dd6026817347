"""Reading the data files that are shipped in ``schemas``.

Belongs here: finding and decoding a file there. Does not: what its content means; each module
of the domain types its own.
"""

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from cchc_pipeline.errors import SchemaDataError

ROOT: Traversable = files("schemas")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where it was built in


def read_yaml(path: str) -> Any:
    """Decode ``schemas/<path>``.

    Raises:
        SchemaDataError: The file is absent or is not YAML.
    """
    try:
        text = ROOT.joinpath(path).read_text(encoding="utf-8")
        return yaml.load(text, _LOADER)  # noqa: S506 - either loader is a safe one
    except FileNotFoundError:
        raise SchemaDataError("no such file", where=f"schemas/{path}") from None
    except yaml.YAMLError as error:
        line = str(error).replace("\n", " ")
        raise SchemaDataError(f"not YAML: {line}", where=f"schemas/{path}") from None
