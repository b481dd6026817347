"""What is out: folders, state, the lock and the journal.

Belongs here: the immutable store and its one pointer. Does not: deciding what goes out.
"""
