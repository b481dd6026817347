"""The inbox: what lies in it, what was taken, and a trial before anything is handed in.

Belongs here: names, kinds and the account of files. Does not: what a file says.
"""
