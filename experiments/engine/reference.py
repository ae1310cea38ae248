"""What others reported: the composer classification notebook on midi-classic-music, a model card, and a paper."""

ALL_COMPOSERS_ACCURACY = {0.0: 0.4289, 0.001: 0.4953, 0.01: 0.5003, 0.1: 0.4996}
"""Validation accuracy of its network on a fifth of all chunks, shuffled, by the threshold it names: composers with no
more than this share of all chunks were to be left out. Its folder of transposed copies counts as one of the composers,
with 36 % of all chunks; and the runs named 1 % and 10 % were trained on the composers of 0.1 %."""

HUNDRED_COMPOSERS_ACCURACY = 0.489
"""By piece, of 100 composers in piano transcriptions (Kong, Choi and Wang, Large-Scale MIDI-based Composer
Classification, 2020)."""

ERA_SCORES = {"accuracy": 0.5852, "macro_f1": 0.4299}
"""Of EraClassifierBiLSTM-4.76M by window, at its best checkpoint, on the evaluation files by which that was chosen."""

ERA_RECALL = {
    **{"Renaissance": 0.454, "Baroque": 0.666, "Classical": 0.125},
    **{"Romantic": 0.826, "Modern": 0.370, "Other": 0.142},
}
"""The same by era."""
