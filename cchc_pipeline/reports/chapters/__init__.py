"""The chapters of a report: each chooses its figures from a release, and says them.

Belongs here: a module a subject, as records and blocks. Does not: the papers that they stand in
(``report``, ``brief``, ``letter``), or their form (``document``, ``word_file``).
"""
