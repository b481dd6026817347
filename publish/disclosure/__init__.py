"""Disclosure control: the rule, the attack on it, the gate.

Belongs here: small counts. Does not: which columns are personal, which contracts say.
"""
