"""The portal: how a release goes out, and how it is shown again or retracted.

Read ``publication`` first: a draft is built, judged, shown, or rehearsed outside the web root.
``acts`` is the order of the steps of every public act, ``links`` the site that each makes,
``server`` shows a folder on this machine.

Belongs here: acts, and what they renew. Does not: the store they write to (``publish.store``), or
what pages show (``publish.site``).
"""
