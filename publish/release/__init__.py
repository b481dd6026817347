"""The next release: put together, compared, explained, approved.

``assemble`` makes the draft, ``comparison`` finds what changed, ``revisions`` gives each change its
reason; ``approval`` says when it may go out. Of releases that are out: ``diff``, ``export``,
``publication_log``.

Belongs here: decisions on content. Does not: files (``publish.package``), or showing
(``publish.portal``).
"""
