"""Agency forms: what a unit is asked, the empty form, and forms that came back, judged.

Belongs here: whom the plan's wordings mean and the rows of a unit's form (``items``), its layout
and the empty workbook (``blank``), cells, rows and forms that were handed in. Does not: what
follows from them (``indicators.plan_indicators``).
"""
