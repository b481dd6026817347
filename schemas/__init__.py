"""Data that the pipeline is driven by: table contracts, the plan, Decision 766, units, code lists.

Belongs here: YAML, CSV and JSON with legal basis and dates. Does not: code.
"""
