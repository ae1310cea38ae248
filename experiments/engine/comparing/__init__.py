"""Saved models compared on the same pieces: who is better, by how much, and whether that is sure."""
