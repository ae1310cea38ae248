"""What the catalogue shows: a corpus described, its joins explained, its rolls validated."""
