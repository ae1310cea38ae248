"""What a run has heard is told piece by piece and work by work, fold by fold."""

from experiments.engine.comparing.hearing import common_works, heard_by_splits
from experiments.engine.heard import SAME_FILE, SAME_WORK


def rows(**sides):
    """A split: each piece is named after its work, `work_number`."""
    return [{"piece": piece, "work": piece.split("_")[0], "split": side} for piece, side in sides.items()]


def test_nothing_is_heard_where_works_are_held_out():
    table = rows(a_1="train", b_1="validation", c_1="test", c_2="test")
    assert heard_by_splits([table], common_works([table])) == {}


def test_other_pieces_of_a_work_and_other_chunks_of_a_piece_count_as_heard():
    table = rows(a_1="train", a_2="test", b_1="validation", c_1="test") + rows(b_1="test")
    assert heard_by_splits([table], common_works([table])) == {"a_2": SAME_WORK, "b_1": SAME_FILE}


def test_every_fold_counts_for_what_it_tested():
    folds = [rows(a_1="test", b_1="train"), rows(a_1="train", b_1="test")]
    assert heard_by_splits(folds, common_works(folds)) == {}


def test_what_another_split_holds_for_one_work_is_one():
    """Older runs may have told works otherwise: the larger unit wins."""
    older, newer = rows(a_1="train", b_1="test"), [{"piece": piece, "work": "ab"} for piece in ("a_1", "b_1")]
    works = common_works([older, newer])
    assert works["a_1"] == works["b_1"]
    assert heard_by_splits([older], works) == {"b_1": SAME_WORK}
