"""What the benchmarks share: timing in turn, and the routes from MIDI files to chunks."""
