"""All builders on the same folds of one study: what each scores, and what it costs."""
