"""Other places that show what is published.

Belongs here: whether it arrived. Does not: the portal itself.
"""
