"""What is one work, and what is held out: the protocols behind every score."""

LADDER = ("chunk", "file", "near_duplicate", "work", "source")
"""Protocols, the more honest the later."""

RUNGS = (*LADDER[:-1], "composer", LADDER[-1])
"""The same with one that only questions other than who it was can be asked under."""
