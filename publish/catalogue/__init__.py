"""Lists of the data set for machines: DCAT, schema.org, Atom, sitemap.

Belongs here: projections of an edition. Does not: pages.
"""
