"""The portal: releases built, shown, shown again, retracted.

Belongs here: acts and what they renew. Does not: what pages show.
"""
