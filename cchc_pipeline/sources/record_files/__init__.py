"""Record files: from dropped files of any format to tables of texts, safely.

Belongs here: forms of records, unpacking, the readers of each format. Does not: what a text means.
"""
