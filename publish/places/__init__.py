"""Where else a release goes, and whether it arrived: each place is an entry of ``places.yaml``.

``declared`` reads the entries, ``tree`` says what is to be shown and how a place differs,
``rounds`` brings every place to what the portal shows, ``standing`` says what is known of each;
``files`` sends by ``rclone``, ``seen`` reads back over the public address, ``manual`` looks for a
release where people put it. ``watching`` looks at copies that others make.

Belongs here: a kind of place is one file. Does not: what is shown (``publish.portal``), or the log
of what was sent and seen (``publish.store.place_log``).
"""
