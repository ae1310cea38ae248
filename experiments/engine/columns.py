"""The columns of a `history.csv`: named here for those that read it without importing Keras."""

WATCHED = "val_macro_f1"
"""By which the best epoch is chosen: the score of the study, on the works kept for validation, by chunk."""

HISTORY_COLUMNS = (
    *("epoch", "seconds", "learning_rate", "loss", "accuracy"),
    *("val_loss", "val_accuracy", WATCHED, "val_piece_macro_f1"),
)
