"""Charts as inline SVG that needs no script and no other file.

Belongs here: one module for each kind of chart, geometry and marks only. Does not: colours (the
style sheet names them by class), words, or the choice of what to draw.
"""
