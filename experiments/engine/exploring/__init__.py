"""What a corpus looks and sounds like: numbers, figures, rolls and sounds of its pieces, on one page."""
