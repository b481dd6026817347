"""Verifying a release that is out: by its own descriptor, wherever it lies.

``places`` finds it, ``checks`` judge it: by what it had to fulfil before it went out, and by what
only it can be asked. ``standalone`` is the script beside a release, which shares nothing with them
on purpose.

Belongs here: judging what readers have. Does not: the checks that a draft must pass too
(``publish.gates.gates``), making a release again (``assets.recomputation``), or printing.
"""
