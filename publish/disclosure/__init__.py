"""Disclosure control: nobody can be told from a small count.

``rule`` chooses what is joined, ``attack`` works out what could still be found, ``gate`` judges by
both before publication.

Belongs here: small counts. Does not: which columns are personal, which contracts say, or texts that
look personal (``cchc_pipeline.core.masking``).
"""
