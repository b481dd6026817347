"""Other places that show what is published.

Belongs here: ``mirrors``, whether a release arrived at them. Does not: the portal itself
(``publish.portal``).
"""
