"""The legacy gateway of the national portal: group scores from June 2022 until about November 2025.

Belongs here: how it was asked and what its rows mean (``schemas/portal/legacy.yaml``). Does not:
the rebuilt portal (``portal_request``, ``portal_answers``), or the files' names (``file_drop``).
"""
