"""What goes back to the units: sheets of the rows that were set aside.

Belongs here: documents made of what is in the lake, for those who handed it in. Does not: the pages
of the portal (``publish.site``).
"""
