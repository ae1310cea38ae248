"""What is one work, and what is held out: the protocols behind every score."""

LADDER = ("chunk", "file", "near_duplicate", "work", "source")
"""Protocols, the more honest the later."""
