"""The pages of the portal: what each shows, in words and drawings, in both languages.

Belongs here: choosing and ordering figures for readers, charts, templates. Does not: judging a
release, its files (the rest of ``publish``), or words, which are data (``schemas/pages``).
"""
