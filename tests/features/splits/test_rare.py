"""Rare composers are tested as far as their works go, and training always keeps one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InputError
from features.splits.inner import inner_folds
from features.splits.protocols import (
    NO_SIDE,
    TEST,
    TRAIN,
    VALIDATION,
    audit,
    make_split,
)
from features.splits.rare import STAYS, deal_groups
from features.splits.tables import read_splits, write_splits

FREQUENT, RARE = ("Bach", "Chopin"), ("Alkan", "Berg", "Cui", "Dukas", "Zoe")
FOLDS = range(5)
GROUPS = {"work": "works", "near_duplicate": "near_duplicates", "file": "pieces"}


def make_data(sizes_by_composer):
    """Returns the arguments of `make_split` for composers with works of so many pieces."""
    rows = [
        (composer, f"{composer}/{work} no. {number}", f"{composer}/{work}")
        for composer, sizes in sizes_by_composer.items()
        for work, size in enumerate(sizes)
        for number in range(size)
    ]
    composers, pieces, works = (np.array(column) for column in zip(*rows, strict=True))
    data = {"composers": composers, "pieces": pieces, "works": works, "near_duplicates": works}
    return data | {"num_chunks": [1 + number % 3 for number in range(len(rows))], "rare": "train"}


def corpora():
    """Two composers with 5 to 12 works of 1 to 9 pieces, and five with 1 to 4 works."""
    many, few = (
        st.lists(st.integers(1, 9), min_size=least, max_size=most) for least, most in ((5, 12), (1, 4))
    )
    sizes = dict.fromkeys(FREQUENT, many) | dict.fromkeys(RARE, few)
    return st.fixed_dictionaries(sizes).map(make_data)


@st.composite
def corpora_with_shared_works(draw):
    """The same, and up to eight pieces belong to a work of anybody else; two sources in three are shared."""
    data = draw(corpora())
    works, count = data["works"].copy(), len(data["works"])
    for piece, other in draw(st.lists(st.tuples(*[st.integers(0, count - 1)] * 2), max_size=8)):
        works[piece] = works[other]
    sources = [work if hash_of(work) % 3 else work[-1] for work in works]
    return data | {"works": works, "near_duplicates": works, "sources": np.array(sources)}


def hash_of(text):
    return sum(map(ord, text))


def sides_of_pieces(split, data):
    """Returns the side of each piece, where no piece is divided."""
    firsts = np.cumsum([0, *data["num_chunks"][:-1]])
    return split.chunk_split[firsts]


@given(corpora(), st.sampled_from(list(GROUPS)))
@settings(max_examples=15, deadline=None)
def test_every_piece_of_who_has_two_works_is_tested_once_and_no_other_ever(data, protocol):
    tested = sum(
        (sides_of_pieces(make_split(protocol, fold, **data), data) == TEST).astype(int) for fold in FOLDS
    )
    for name in np.unique(data["composers"]):
        mine = data["composers"] == name
        num_groups = len(set(data[GROUPS[protocol]][mine]))
        assert set(tested[mine]) == {int(num_groups > 1)}, name


@given(corpora_with_shared_works(), st.sampled_from(list(GROUPS)), st.sampled_from(FOLDS))
@settings(max_examples=40, deadline=None)
def test_training_keeps_something_of_everybody_and_no_group_is_divided(data, protocol, fold):
    split = make_split(protocol, fold, **data)
    composer_of_chunk = np.repeat(data["composers"], data["num_chunks"])
    assert set(composer_of_chunk[split.indices(TRAIN)]) == set(data["composers"])
    assert len(split.indices(VALIDATION)) and len(split.indices(TEST))
    assert not len(split.indices(NO_SIDE))
    groups = np.repeat(data[GROUPS[protocol]], data["num_chunks"])
    assert all(len(set(split.chunk_split[groups == group])) == 1 for group in set(groups))


@given(corpora_with_shared_works(), st.sampled_from(FOLDS))
@settings(max_examples=15, deadline=None)
def test_under_source_nobody_is_asked_about_who_was_never_heard(data, fold):
    split = make_split("source", fold, **data)
    audit(split, works=data["works"], sources=data["sources"], num_chunks=data["num_chunks"])
    composers = np.repeat(data["composers"], data["num_chunks"])
    heard = set(composers[split.indices(TRAIN)])
    assert set(composers[split.indices(TEST)]) | set(composers[split.indices(VALIDATION)]) <= heard


@given(corpora_with_shared_works(), st.randoms(use_true_random=False), st.sampled_from([*GROUPS, "source"]))
@settings(max_examples=20, deadline=None)
def test_the_order_of_pieces_does_not_matter(data, random, protocol):
    order = random.sample(range(len(data["pieces"])), len(data["pieces"]))
    shuffled = {
        name: values if name == "rare" else [values[index] for index in order]
        for name, values in data.items()
    }
    sides, others = (
        dict(zip(d["pieces"], sides_of_pieces(make_split(protocol, 1, **d), d).tolist(), strict=True))
        for d in (data, shuffled)
    )
    assert sides == others


@given(st.fixed_dictionaries(dict.fromkeys("ABC", st.lists(st.integers(1, 5), min_size=10, max_size=14))))
@settings(max_examples=10, deadline=None)
def test_where_nobody_is_rare_the_split_is_that_of_refuse(sizes):
    data = make_data(sizes)
    for protocol in ("work", "file"):
        for fold in FOLDS:
            same = make_split(protocol, fold, **data | {"rare": "refuse"}).chunk_split
            np.testing.assert_array_equal(make_split(protocol, fold, **data).chunk_split, same)


def test_rare_composers_do_not_change_how_the_others_are_tested():
    few = {name: [2] * (1 + number) for number, name in enumerate(RARE[:4])}
    many = {name: [1, 2, 3, 4, 5, 6, 7] for name in FREQUENT}
    alone, among = make_data(many), make_data(many | few)
    for fold in FOLDS:
        sides, others = (
            dict(zip(data["pieces"], sides_of_pieces(make_split("work", fold, **data), data), strict=True))
            for data in (alone, among)
        )
        assert all((others[piece] == TEST) == (side == TEST) for piece, side in sides.items())


def test_the_only_work_of_somebody_is_never_tested_even_if_it_is_also_another_ones():
    data = make_data({"Paganini": [1] * 8, "Rachmaninov": [1] * 8, "Busoni": [1]})
    data["works"] = np.where(data["pieces"] == "Busoni/0 no. 0", "Paganini/0", data["works"])
    for fold in FOLDS:
        sides = sides_of_pieces(make_split("work", fold, **data), data)
        assert set(sides[data["works"] == "Paganini/0"]) == {TRAIN}


def test_one_of_the_shared_works_stays_if_all_fall_together():
    composers = np.array(["Bach"] * 6 + ["Cui"] * 6)
    groups = np.array([f"work {number}" for number in range(6)] * 2)
    groups[6:] = [f"work {number % 2}" for number in range(6)]  # two works, both Bach's too
    for seed in range(20):
        parts = deal_groups(composers, groups, 3, seed)
        of_cui = set(parts[6:].tolist())
        assert len(of_cui) == 2 or STAYS in of_cui
        assert all(len(set(parts[groups == group])) == 1 for group in set(groups))


@pytest.mark.parametrize("protocol", ["work", "chunk"])
def test_a_split_with_rare_composers_is_read_as_it_was_written(tmp_path, protocol):
    data = make_data({"Bach": [3] * 6, "Chopin": [2] * 6, "Cui": [1], "Zoe": [1, 1]})
    split = make_split(protocol, 0, **data)
    data = {name: values for name, values in data.items() if name not in ("rare", "near_duplicates")}
    write_splits(tmp_path / "splits.csv", split, **data)
    np.testing.assert_array_equal(read_splits(tmp_path / "splits.csv", **data).chunk_split, split.chunk_split)


def test_the_chunks_of_the_reference_stay_where_it_shuffled_them():
    data = make_data({"Bach": [9] * 6, "Zoe": [1]})
    with pytest.raises(InputError, match="No chunk by Zoe"):
        make_split("chunk", 0, **data | {"rare": "refuse"})
    total = sum(data["num_chunks"])
    assert len(make_split("chunk", 0, **data).indices(TEST)) == -(-total // 5)


def test_a_corpus_of_single_works_is_refused():
    with pytest.raises(
        InputError, match="Too few composers have several works: in fold 0 there is nothing to test"
    ):
        make_split("work", 0, **make_data({name: [3] for name in RARE}))


def test_a_fold_in_which_nothing_would_be_tested_is_refused():
    data = make_data({name: [1, 1] for name in ("Berg", "Cui")})  # four works
    with pytest.raises(InputError, match="in fold [0-4] there is nothing to test, or nothing to validate"):
        for fold in FOLDS:
            make_split("work", fold, **data)


@given(corpora_with_shared_works(), st.sampled_from(["work", "file"]), st.integers(2, 4), st.booleans())
@settings(max_examples=20, deadline=None)
def test_folds_of_a_search_keep_the_same_laws(data, protocol, num_folds, by_source):
    split = make_split(protocol, 0, **data)
    music = {name: data[name] for name in ("composers", "pieces", "works", "num_chunks")}
    sources = data["sources"] if by_source else None
    try:
        folds = inner_folds(split, num_folds, **music, sources=sources, rare="train")
    except InputError as error:
        assert "has nothing to validate" in str(error)
        return
    works, composers = (np.repeat(data[name], data["num_chunks"]) for name in ("works", "composers"))
    open_composers = set(composers[split.chunk_split != TEST])
    for fold in folds:
        train, validation = fold.indices(TRAIN), fold.indices(VALIDATION)
        assert not set(works[train]) & set(works[validation])
        assert set(composers[validation]) <= set(composers[train])
        assert set(fold.chunk_split[split.chunk_split == TEST]) == {NO_SIDE}
        if not by_source:
            assert set(composers[train]) == open_composers
