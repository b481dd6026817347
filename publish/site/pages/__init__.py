"""Kinds of pages, a module or two each: facts, plan, charts.

Belongs here: what a page shows. Does not: the frame, words, HTML.
"""
