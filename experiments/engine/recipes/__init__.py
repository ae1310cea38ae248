"""What each part of a training recipe is worth, on validation works."""
