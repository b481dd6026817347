"""What is out: folders, state, the lock and the journal.

``store`` is the folder of releases and its one pointer, ``reading`` a release by its files,
``state`` what acts came to and what each release was made from, ``journal`` one publisher at a
time.

Belongs here: what is there, and single moves. Does not: deciding what goes out, or the order of the
moves (``publish.portal``).
"""
