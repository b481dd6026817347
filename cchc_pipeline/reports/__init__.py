"""What goes back to people: workbooks for units.

Belongs here: documents made of what is in the lake. Does not: the pages of the portal.
"""
