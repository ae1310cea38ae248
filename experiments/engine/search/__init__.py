"""The search: trials cross-validated over works, handed out by keras-tuner's oracles, watched and reported."""
