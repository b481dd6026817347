"""A release: its model, content, files, gates, pages, and how it goes out.

Read ``portal`` first: ``portal.publication`` tells how a draft is built, judged and shown. What it
asks, in that order: ``release`` (what changes, and why), ``disclosure`` (small counts), ``package``
(the files), ``site`` (the pages), ``gates`` (what must hold), ``store`` (where releases lie),
``catalogue`` (what lists them). ``model`` says what a release is. Afterwards: ``verify`` judges one
that is out, ``places`` looks at copies, ``installation`` is about a whole ``CCHC_HOME``;
``documents`` writes pages of ``docs``.

Belongs here: everything between computed tables and what a reader downloads. Does not: Dagster
(``assets``), the meaning of the numbers (``cchc_pipeline``), words on pages (``schemas``).
"""
