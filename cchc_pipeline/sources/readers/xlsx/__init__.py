"""Workbooks, read as a stream of rows.

``parts`` opens the file within bounds, ``contents`` says what the workbook tells of itself and how
its numbers read, ``rows`` streams a sheet; ``workbooks`` makes a table of every sheet with a
heading row.

Belongs here: all that knows XLSX. Does not: what a text means.
"""
