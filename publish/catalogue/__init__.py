"""What lists the releases for machines, made of an edition: all that is out, after an act.

``dcat`` is the data set in DCAT and schema.org, ``feeds`` are Atom, sitemap and calendar.

Belongs here: what programs and search engines read. Does not: pages (``publish.site``), or the
portal's own index (``publish.portal.links``).
"""
