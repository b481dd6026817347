"""``cchc``: the command line, a module a group of commands.

Read ``run`` first: months are processed and published. ``run_request`` judges what was asked,
``run_report`` gathers what was done, ``run_summary`` says it in the reader's words, and
``progress`` shows it meanwhile. The other commands: ``inputs`` on what is handed in, ``releases``
on what is out, ``operating`` on an installation. ``app`` joins them all and turns errors into one
line; ``options`` are common to them, ``interruption`` is an end from outside.

Belongs here: arguments, and what is printed. Does not: the work, which is imported when a command
runs.
"""
