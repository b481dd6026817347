"""The national portal: asked, dropped as files, read and judged.

Belongs here: its two interfaces, today's and the legacy gateway. Does not: the archive of bytes.
"""
