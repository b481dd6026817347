"""Workbooks, read as a stream of rows.

Belongs here: the parts of an XLSX file. Does not: which rows are records.
"""
