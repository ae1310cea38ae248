"""What each part of a training recipe is worth, on validation works."""

FOLDS = (0,)
"""Of the study, on which recipes are compared unless others are asked for."""
