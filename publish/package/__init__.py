"""The files of a release: formats, workbook, descriptor, signature.

Belongs here: from tables to bytes. Does not: which rows are published.
"""
