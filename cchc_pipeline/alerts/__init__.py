"""What somebody must act on, told once a cause, and a digest a day.

From facts to a message: ``rules`` judge what is known, ``message`` puts it into words, ``telling``
remembers who was told, ``delivery`` sends.

Belongs here: deciding what is told, and telling it. Does not: gathering the facts, which takes
lake, portal and Dagster (``assets.alerting``).
"""
