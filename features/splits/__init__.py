"""What is one work, and what is held out: the protocols behind every score."""
