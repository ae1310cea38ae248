"""Notes become numbers: one module an encoder."""

ENCODERS = {
    "piano_roll": "features.encoders.piano_roll",
}
