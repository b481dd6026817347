"""Labelled sample dossiers of any size, for trying, teaching and measuring; never to pass as real.

``sample`` writes an export; ``stream`` says which dossiers it holds. A dossier's course comes from
``offer`` and ``office_days``, its particulars from ``details``, its texts from ``rows``, all by the
``profile`` and by ``draws``; ``exports`` and ``office`` are the forms of the files.

Belongs here: what a simulated dossier is like, and how an export of them is written. Does not:
reading, checking or counting dossiers; nothing of the pipeline imports this.
"""

from cchc_pipeline.simulation.sample import COMPRESSIONS, FORMATS, Options, write_sample

__all__ = ["COMPRESSIONS", "FORMATS", "Options", "write_sample"]
