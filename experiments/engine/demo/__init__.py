"""A page on one's own machine that plays music, asks whose it is, and then says what a model thinks."""
