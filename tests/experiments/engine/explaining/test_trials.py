"""Trials of weights, on a model whose reasons are known, and what they say of one that cannot be explained."""

import numpy as np
import pytest

from experiments.engine.explaining.attribution import GRADIENTS, METHODS
from experiments.engine.explaining.categories import KINDS, category_rows, sort_weights
from experiments.engine.explaining.checking import passed, sum_up, verdict
from experiments.engine.explaining.chunks import read_with
from experiments.engine.explaining.gradients import IntegratedGradients
from experiments.engine.explaining.trials import as_long, beginning, shuffled, try_piece
from features.encoders.piano_roll import PianoRoll
from features.midi import notes_to_midi, read_events, read_notes
from features.midi.writing import control_change, write_tracks


@pytest.fixture(scope="module")
def tried(listener, scale):
    ignorant = IntegratedGradients(shuffled(listener.model, 1), points=8)
    return try_piece(read_with(listener, scale), ignorant, seed=0)


def test_notes_that_are_known_to_decide_cost_more_than_random_ones(tried):
    row, weights = tried
    assert set(weights) == set(METHODS)
    for method in METHODS:
        assert row[f"odds_{method}"] > 3 * abs(row["odds_random"])
        assert row[f"fall_{method}"] > row["fall_similar"]


def test_a_model_with_shuffled_weights_has_the_same_weights_elsewhere(listener):
    copy = shuffled(listener.model, 1)
    for mine, other in zip(listener.model.get_weights(), copy.get_weights(), strict=True):
        assert np.array_equal(np.sort(mine, axis=None), np.sort(other, axis=None))
    chunk = np.zeros((1, 128, 150, 1), np.float32)
    chunk[0, 60] = 1
    assert not np.allclose(copy.predict(chunk, verbose=0), listener.model.predict(chunk, verbose=0))


def test_the_beginning_of_a_piece_ends_with_all_that_it_has():
    """A controller behind the end of the roll would be written beyond it."""
    notes = [(480 * beat, 480 * beat + 480, 60) for beat in range(40)]
    (head, track) = notes_to_midi(notes), [(0, control_change(64, 127)), (480 * 70, control_change(64, 0))]
    whole = read_notes(read_events(head))
    pedalled = read_notes(
        read_events(write_tracks([[], [*track, (0, b"\x90\x3c\x40"), (480 * 60, b"\x80\x3c\x00")]]))
    )
    for piece in (whole, pedalled):
        cut = beginning(piece, 5.0)
        assert max(cut.notes["end_s"].max(), cut.instruments["end_s"].max()) == 5
        assert (cut.pedals["time_s"] <= 5).all()
        assert PianoRoll().encode(cut).num_frames == 50
    assert len(beginning(whole, 5.0).notes) == 10
    assert whole.notes["end_s"].max() == 20


def test_notes_that_last_as_long_are_of_the_same_classes():
    lengths = np.repeat([0.1, 0.5, 2.0], [50, 30, 20])
    drawn = as_long(np.array([0, 1, 99]), lengths, np.random.default_rng(0))
    assert sorted(lengths[drawn].tolist()) == [0.1, 0.1, 2.0]
    assert len(set(drawn.tolist())) == 3


def rows_with(fall, unlearnt, num_pieces=120):
    chance = np.random.default_rng(0)
    rows = []
    for number in range(num_pieces):
        noise = 0.02 * float(chance.normal())
        row = {f"{key}_{method}": fall + noise for key in ("fall", "odds", "changed") for method in METHODS}
        row |= {
            f"{key}_{name}": 0.05 for key in ("fall", "odds", "changed") for name in ("random", "similar")
        }
        row |= {"rank_correlation": 0.7, "top_overlap": 0.5, "unlearnt": unlearnt + noise}
        row |= {"unlearnt_sizes": 0.3, "unlearnt_top_overlap": 0.2}
        rows.append(row | {"work": f"work {number // 2}", "probability": 0.9, "piece": str(number)})
    return rows


def test_what_passes_is_said_to_pass():
    found = sum_up(rows_with(0.4, 0.0), seed=0)
    assert (found["is_faithful"], found["is_learnt"], found["agrees"]) == (True, True, True)
    assert found["num_works"] == 60
    by = found["differences"]["gradients_minus_random"]
    assert by["low"] <= by["mean"] <= by["high"]
    assert (by["more"], by["less"]) == (120, 0)
    assert verdict(found) == "Explanations of this model passed both checks."
    assert any("Paired over 120 pieces" in sentence for sentence in found["sentences"])


@pytest.mark.parametrize(("num_pieces", "has_interval"), [(1, False), (8, False), (9, True), (99, True)])
def test_of_too_little_music_nothing_is_said(num_pieces, has_interval):
    found = sum_up(rows_with(0.4, 0.0, num_pieces), seed=0)
    assert verdict(found).startswith("Not enough to say")
    assert f"on {num_pieces} piece" in verdict(found)
    assert not passed(found)
    assert ("too few works for an interval" in found["sentences"][0]) != has_interval
    assert ("95 % interval" in found["sentences"][0]) == has_interval


@pytest.mark.parametrize(
    ("fall", "unlearnt", "reason"),
    [(0.05, 0.0, "does not cost more than random ones"), (0.4, 0.6, "gives a picture too much like it")],
)
def test_what_fails_is_said_to_fail(fall, unlearnt, reason):
    found = sum_up(rows_with(fall, unlearnt), seed=0)
    assert not (found["is_faithful"] and found["is_learnt"])
    assert verdict(found).startswith("Explanations of this model should not be believed: ")
    assert reason in verdict(found)


def test_notes_are_sorted_into_kinds_that_hold_all_of_them(explained):
    piece, weights = explained.piece, explained.weights[GRADIENTS]
    table = sort_weights(piece.notes.notes, weights)
    assert set(table) == set(KINDS)
    for name, kind in KINDS.items():
        counts, sums = np.array(table[name]).T
        assert len(counts) == len(kind.names)
        assert counts.sum() == pytest.approx(1)
        assert sums.sum() == pytest.approx(weights.mean() / np.abs(weights).mean())


def test_the_kind_that_speaks_is_found(explained):
    piece = explained.piece
    table = sort_weights(piece.notes.notes, explained.weights[GRADIENTS])
    rows = category_rows([table] * 5, works=list("abcde"), composers=["Ada"] * 5, draws=20, seed=0)
    by_class = {row["category"]: row for row in rows if row["kind"] == "pitch_class"}
    best = max(by_class.values(), key=lambda row: row["more"])
    assert best["category"] == {"Ada": "C", "Bela": "D"}[explained.composer]
    assert best["pieces"] == 5
    assert (
        best["low"] == pytest.approx(best["more"]) == pytest.approx(best["high"])
    )  # five times the same piece
    assert "F" not in by_class
    (alone, *_) = category_rows([table], works=["a"], composers=["Ada"], draws=20, seed=0)
    assert (alone["low"], alone["high"]) == (None, None)
    shares = sum(row["share"] * row["more"] for row in by_class.values())
    assert shares == pytest.approx(0, abs=1e-9)
