"""Notes, or the very messages of a file, become numbers: one module an encoder."""

ENCODERS = {
    "piano_roll": "features.encoders.piano_roll",
    "descriptors": "features.encoders.descriptors",
    "messages": "features.encoders.messages",
}
