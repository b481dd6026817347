"""Kinds of pages: what each shows, its charts, and the rows that it is made from.

Months: ``month`` (with ``month_plan``) and their list, ``periods``.
Units: ``unit``, listed by ``units``. Metrics and targets: ``indicator``, listed by ``indicators``.
One page each: ``plans`` (one a year), ``quality``,
``procedures``, ``reference``. Beside them: ``embeds`` and
``pictures``, to be shown elsewhere. ``releases`` has the pages of releases and the list of kinds.

Belongs here: what a page shows. Does not: blocks of several pages (``publish.site.blocks``),
the frame (``publish.site.page``), geometry (``publish.site.charts``), sentences and HTML
(``schemas/pages``, the templates).
"""
