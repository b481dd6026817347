"""What the engines are called, and which is taken unless a setting says otherwise.

Belongs here: names and defaults, which cost nothing to import. Does not: choosing by them
(``opening``).
"""

from typing import Literal

EngineName = Literal["duckdb", "spark"]
DEFAULT_ENGINE: EngineName = "duckdb"
DEFAULT_MASTER = "local[*]"
