"""What everything rests on: time, errors, settings, data files, durable files, masking.

Belongs here: what knows nothing of public service. Does not: anything that does.
"""
