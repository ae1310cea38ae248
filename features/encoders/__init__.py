"""Notes become numbers: one module an encoder."""

ENCODERS = {
    "piano_roll": "features.encoders.piano_roll",
    "descriptors": "features.encoders.descriptors",
}
