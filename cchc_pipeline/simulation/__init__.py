"""Labelled sample dossiers of any size, for trying, teaching and measuring; never to pass as real.

``sample`` says which dossiers an export holds, and writes it in one of the forms of ``exports``. A
dossier's course comes from ``offer``, its particulars and texts from ``details``, all by the
``profile``, by chance and by the days that offices work (``draws``).

Belongs here: what a simulated dossier is like, and how an export of them is written. Does not:
reading, checking or counting dossiers; nothing of the pipeline imports this.
"""

from cchc_pipeline.simulation.sample import COMPRESSIONS, FORMATS, Options, write_sample

__all__ = ["COMPRESSIONS", "FORMATS", "Options", "write_sample"]
