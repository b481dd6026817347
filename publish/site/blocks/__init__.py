"""What several kinds of pages show: the answer of the first screen, leagues, peers, dossiers.

Belongs here: facts and charts of one block, with no page of its own. Does not: a kind of page
(``publish.site.pages``), geometry (``charts``), words, HTML.
"""
