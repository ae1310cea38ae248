"""Which notes speak for which composer: weights of notes, whether they can be believed, and pages that show them.

Example:
    from experiments.engine.explaining import note_attributions

    explanation = note_attributions(saved_model, read_notes(read_events(data)), methods=("gradients",))
    explanation.composer, explanation.answer          # who it is, and the probability of each composer
    notes = explanation.piece.notes.notes             # start_s, end_s, pitch, ... of each note
    explanation.weights["gradients"]                  # (notes,): above 0 for the composer, below 0 against
    top_notes(explanation.weights["gradients"])       # indices of the tenth of the notes that decided
"""

from experiments.engine.explaining.attribution import Explanation, note_attributions, top_notes

__all__ = ["Explanation", "note_attributions", "top_notes"]
