"""What a score is made of: the same study under other protocols, without this or that, and on other music."""
