"""What an officer signs or sends back: reports of a period, letters to units, error sheets.

Belongs here: choosing and wording released figures, which are handed in. Does not: reading a
release, or working out a figure that is published.
"""
