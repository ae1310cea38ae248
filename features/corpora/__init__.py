"""Which pieces exist and whose they are: one module a corpus."""

CORPORA = {
    "music21_scores": "features.corpora.music21_scores",
    "midi_classics": "features.corpora.midi_classics",
    "imslp_midi": "features.corpora.imslp_midi",
    "composer_folders": "features.corpora.composer_folders",
    "synthetic": "features.corpora.synthetic",
}

WITHOUT_FOLDER = ("music21_scores", "synthetic")
"""Those that are not read from a folder or a file of the user's."""
