"""Files with the same music are one group, in whatever order they come and whatever they are called."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features.corpora.catalogue import Piece
from features.splits.near_duplicates import assign_near_duplicates
from features.splits.works import assign_works

MELODIES = [np.random.default_rng(seed).integers(-7, 8, (2, 90)).astype(np.int8) for seed in range(4)]
SHORT = np.array([[2, 2, 1], [2, 2, 1]], np.int8)
OUTLINES = [*MELODIES, MELODIES[0][:, 10:80], np.hstack([MELODIES[1], MELODIES[2]]), SHORT]


def rows():
    """Pieces with an outline and the bytes of their file; equal bytes have equal outlines."""
    files = st.tuples(st.integers(0, len(OUTLINES) - 1), st.integers(0, 2))
    return st.lists(files, min_size=1, max_size=9)


def groups_of(files, names):
    contents = [f"{outline}:{version}" for outline, version in files]
    return assign_near_duplicates(names, contents, [OUTLINES[outline] for outline, _ in files])


@given(rows(), st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_order_of_pieces_does_not_matter(files, random):
    names = [f"piece {index}" for index in range(len(files))]
    order = random.sample(range(len(files)), len(files))
    shuffled = groups_of([files[index] for index in order], [names[index] for index in order])
    assert [shuffled[order.index(index)] for index in range(len(files))] == groups_of(files, names)


@given(rows())
@settings(max_examples=50)
def test_a_group_is_named_after_its_first_piece_and_equal_files_share_one(files):
    names = [f"piece {index}" for index in range(len(files))]
    groups = groups_of(files, names)
    for group in set(groups):
        assert group == min(name for name, other in zip(names, groups, strict=True) if other == group)
    for first in range(len(files)):
        for second in range(first):
            if files[first] == files[second]:
                assert groups[first] == groups[second]


@given(rows())
@settings(max_examples=50)
def test_near_duplicates_are_one_work_under_whatever_names(files):
    """So the rung stands between files and works; only equal files of a few notes may be two works."""
    files = [file for file in files if OUTLINES[file[0]] is not SHORT]
    names = [f"{index} of nothing" for index in range(len(files))]
    pieces = [Piece(name, "Anon", read=bytes, work=name) for name in names]
    works = assign_works(pieces, [OUTLINES[outline] for outline, _ in files]) if files else []
    work_of = {}
    for group, work in zip(groups_of(files, names) if files else [], works, strict=True):
        assert work_of.setdefault(group, work) == work


def test_excerpts_join_and_strangers_do_not():
    names = ["whole", "stranger", "excerpt", "medley", "second half"]
    groups = groups_of([(0, 0), (3, 0), (4, 0), (5, 0), (2, 0)], names)
    assert groups == ["excerpt", "stranger", "excerpt", "medley", "medley"]


def test_a_few_notes_are_no_evidence_but_the_same_file_is():
    assert groups_of([(6, 0), (6, 1), (6, 0)], ["a", "b", "c"]) == ["a", "b", "a"]
