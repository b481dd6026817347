"""What everything rests on, and what knows nothing of public service.

Failing in one line (``errors``), data files from ``schemas`` (``data``), files on a disk
(``files``), small lists that people keep (``list_files``), time (``period``), quoting for people
(``masking``) and for SQL (``sql``), what a run tells of itself (``telling``), and modules of
libraries that are put off (``late_imports``).

Belongs here: what every room may import. Does not: whatever knows a table, a unit or a source.
"""
