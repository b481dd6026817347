"""Making the next release: assembled, compared, explained, approved.

Belongs here: decisions on content. Does not: files (``publish.package``) or showing
(``publish.portal``).
"""
