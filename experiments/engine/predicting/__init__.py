"""Saved models asked about music that nobody has labelled."""
