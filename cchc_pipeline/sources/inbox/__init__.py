"""The inbox: what lies in it, what became of each file, and a trial before anything is handed in.

``files`` is the one rule of names, ``kinds`` looks into a file that its name does not explain,
``account`` gives every entry one fate. ``trial`` and ``trial_kinds`` read as a run would, and keep
nothing.

Belongs here: names, kinds and the account of files. Does not: archiving them (``raw``), or what
they say (``readers``).
"""
