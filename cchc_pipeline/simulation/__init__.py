"""Labelled sample dossiers of any size, for trying, teaching and measuring; never to pass as real.

Belongs here: what a simulated dossier is like and how an export of them is written. Does not:
reading, checking or counting dossiers; nothing of the pipeline imports this.
"""

from cchc_pipeline.simulation.sample import COMPRESSIONS, FORMATS, Options, write_sample

__all__ = ["COMPRESSIONS", "FORMATS", "Options", "write_sample"]
