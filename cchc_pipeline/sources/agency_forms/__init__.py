"""Agency forms: what a unit is asked, the empty form, and forms that came back, judged.

``items`` says what is asked of whom and how the form looks, ``blank`` writes it. A form that came
back goes through ``rows`` (found, each judged) and ``forms`` (judged whole).

Belongs here: one form from question to answer. Does not: what follows from the answers
(``indicators.plan_indicators``).
"""
