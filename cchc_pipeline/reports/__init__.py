"""What an officer signs or sends back: reports of a period, letters to units, error sheets.

Its parts: what a paper consists of (``document``), as DOCX, HTML and PDF (``word_file``,
``paper_page``, ``office``); of which time and figures (``span``, ``released``); what is said of a
subject (``chapters``); the papers (``report``, ``brief``, ``letter``), and which were made
(``made``); ``error_sheets``.

Belongs here: choosing and wording released figures, which are handed in. Does not: reading a
release (``publish.release.reported``), or working out a figure that is published.
"""
