"""The pages of the portal: what each shows, in words and drawings, in both languages.

``pages`` has a module or two for each kind; each cuts an ``extract``, chooses from it, and draws
``charts``. ``forms`` and ``words`` say how a cell and a sentence look, ``page`` is the frame of
all, ``kept`` makes only those anew that changed; ``share_image`` stands on them.

Belongs here: choosing and ordering figures for readers, charts, templates. Does not: judging a
release, its files (the rest of ``publish``), or words, which are data (``schemas/pages``).
"""
