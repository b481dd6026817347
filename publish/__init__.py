"""A release: its model, files, gates, pages, and how it goes out.

Belongs here: everything between computed tables and what a reader downloads. Does not: Dagster
(``assets``), the meaning of the numbers (``cchc_pipeline``), words on pages (``schemas``).
"""
