"""The forms that units fill in, read back and judged.

Belongs here: cells, rows, forms, and who handed in. Does not: the empty form (``agency_form``).
"""
