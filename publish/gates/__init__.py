"""Gates: what must hold of a draft and of a site before anybody sees it, and of what is out after.

``gates`` is the list of them and judges by it: ``figures`` (one release's tables), ``changes``
(against the release before), ``package`` (the files), and ``site`` for what is shown.

Belongs here: judgements. Does not: mending, or what only a release that is out can be asked
(``publish.verify``).
"""
