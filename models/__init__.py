"""Shapes in, compiled Keras models out: one file a family of networks."""

BUILDERS = {
    "cnn_reference": "models.cnn_reference",
    "frame_cnn": "models.frame_cnn",
    "lstm": "models.lstm",
}
"""Networks: each module has `build(hp, input_shape, num_classes)` and says in `RANK` what it takes."""

BASELINES = {
    "majority": "models.baselines.majority",
}
