"""The national portal: asked, dropped as files, read and judged.

``collection`` chooses the way in: ``client`` sends what ``request`` lists, ``drop`` takes a capture
with its ``manifest``. ``envelope`` says whether bytes are an answer, ``entries`` and ``answers``
what it holds, ``consistency`` whether a snapshot agrees with itself, ``tables`` what a month comes
to. The ``legacy_client``, ``legacy_gateway`` and ``legacy_observations`` are the same for the
gateway that came before. ``catalogue_client`` fetches the catalogue of procedures, ``formalities``
reads it.

Belongs here: its two interfaces. Does not: the archive of bytes (``raw``), or scores computed again
(``methodology``).
"""
