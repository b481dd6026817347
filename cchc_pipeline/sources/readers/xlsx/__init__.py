"""Workbooks, read as a stream of rows.

``parts`` opens the file within bounds, ``contents`` says what the workbook tells of itself,
``rows`` streams a sheet, ``values`` are Excel's numbers as texts; ``workbooks`` makes a table of
every sheet with a heading row.

Belongs here: all that knows XLSX. Does not: what a text means.
"""
