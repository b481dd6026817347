"""Where the process begins: ``cchc``, and ``python -m cchc_pipeline``.

Belongs here: being ready for an end from outside before anything else is imported. Does not: the
command line (``cli``).
"""

import sys

from cchc_pipeline.cli.interruption import guard


def command() -> None:
    """The installed ``cchc``."""
    guard(sys.argv[1:])
    from cchc_pipeline.cli.app import command as run

    run()


if __name__ == "__main__":
    command()
