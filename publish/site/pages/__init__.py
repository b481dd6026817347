"""Kinds of pages: what each shows, its charts, and the rows that it is made from.

Months: ``month`` (with ``month_plan``, ``blocks``, ``dossiers``) and their list, ``periods``.
Units: ``unit``, listed by ``units``. Metrics and targets: ``indicator``, listed by ``indicators``.
One page each: ``plans`` (one a year), ``quality``, ``reference``. ``releases`` has the pages of
releases and the list of all kinds.

Belongs here: what a page shows. Does not: the frame (``publish.site.page``), geometry
(``publish.site.charts``), sentences and HTML (``schemas/pages``, the templates).
"""
