"""``cchc``: the command line, a module a group of commands.

Belongs here: arguments, and what is printed. Does not: the work, which is imported when a command
runs.
"""
