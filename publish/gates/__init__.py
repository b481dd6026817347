"""Gates: what must hold of a draft and of a site before anybody sees it.

Belongs here: judgements. Does not: mending.
"""
