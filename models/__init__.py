"""Shapes in, compiled Keras models out: one file a family of networks.

Each module named in `BUILDERS` has `build(hp, input_shape, num_classes)`, which returns a
compiled `keras.Model`, and says in `RANK` what one example of its input is. The models that
need no Keras stand in `models.baselines`.
"""

BUILDERS = {
    "cnn_reference": "models.cnn_reference",
    "frame_cnn": "models.frame_cnn",
    "lstm": "models.lstm",
    "cnn": "models.cnn",
    "resnet": "models.resnet",
    "crnn": "models.crnn",
    "pitch_cnn": "models.pitch_cnn",
    "transformer": "models.transformer",
    "bag_attention": "models.bag_attention",
    "descriptor_lstm": "models.descriptor_lstm",
    "message_lstm": "models.message_lstm",
}
