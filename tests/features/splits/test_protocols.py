"""What a split promises: nothing on two sides, nothing left out, every composer everywhere."""

import csv
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InputError
from features.splits import LADDER
from features.splits.holding_out import keep_works_on_one_side
from features.splits.protocols import (
    NO_SIDE,
    TEST,
    TRAIN,
    VALIDATION,
    Split,
    audit,
    make_split,
)
from features.splits.tables import CHUNK_COLUMNS, COLUMNS, read_splits, write_splits

SIDES = (TRAIN, VALIDATION, TEST)
COMPOSERS = ("Bach", "Chopin", "Mozart")
SIX_WORKS = {composer: [1] * 6 for composer in COMPOSERS}


def make_data(pieces_by_work, num_chunks=2):
    """Returns the arguments of `make_split` for composers with works of so many pieces."""
    rows = [
        (composer, f"{composer}/{work} no. {number}", f"{composer}/{work}")
        for composer, sizes in pieces_by_work.items()
        for work, size in enumerate(sizes)
        for number in range(size)
    ]
    composers, pieces, works = zip(*rows, strict=True)
    return {
        "composers": composers,
        "pieces": pieces,
        "works": works,
        "num_chunks": [num_chunks] * len(rows),
        "sources": works,
        "near_duplicates": works,
    }


def corpora():
    """Three composers with 5 to 12 works of 1 to 9 pieces each."""
    sizes = st.lists(st.integers(1, 9), min_size=5, max_size=12)
    return st.fixed_dictionaries(dict.fromkeys(COMPOSERS, sizes)).map(make_data)


@st.composite
def corpora_with_sources(draw):
    """The same with sources that composers may share, and up to eight pieces copied from other sources."""
    data = draw(corpora())
    if draw(st.booleans()):
        data["sources"] = tuple(work.split("/")[1] for work in data["works"])
    works = list(data["works"])
    for piece, other in draw(st.lists(st.tuples(*[st.integers(0, len(works) - 1)] * 2), max_size=8)):
        if data["composers"][piece] == data["composers"][other]:
            works[piece] = works[other]
    return data | {"works": tuple(works)}


def columns_of(data):
    """Returns what a table of splits holds."""
    return {name: values for name, values in data.items() if name != "near_duplicates"}


def read(path, data):
    """Reads a table for these pieces; their sources are not compared."""
    return read_splits(
        path, **{name: values for name, values in columns_of(data).items() if name != "sources"}
    )


def sides_of(groups, split, data):
    """Returns the set of sides for each work or source, of those chunks that are on any."""
    names = np.repeat(data[groups], data["num_chunks"])
    return {name: set(split.chunk_split[names == name]) - {NO_SIDE} for name in set(data[groups])}


@given(corpora(), st.integers(0, 4))
@settings(max_examples=30, deadline=None)
def test_no_work_is_on_two_sides(data, fold):
    split = make_split("work", fold, **data)
    assert all(len(sides) == 1 for sides in sides_of("works", split, data).values())
    audit(split, works=data["works"], num_chunks=data["num_chunks"])


@given(corpora(), st.sampled_from(["work", "source", "near_duplicate", "file"]))
@settings(max_examples=5, deadline=None)
def test_folds_partition_the_pieces(data, protocol):
    tested = np.concatenate([make_split(protocol, fold, **data).indices(TEST) for fold in range(5)])
    assert sorted(tested) == list(range(sum(data["num_chunks"])))


@given(corpora(), st.sampled_from(list(LADDER)))
@settings(max_examples=20, deadline=None)
def test_sides_partition_the_chunks(data, protocol):
    data["num_chunks"] = [60] * len(data["pieces"])  # so many that a shuffle misses no composer
    split = make_split(protocol, 0, **data)
    assert sorted(np.concatenate([split.indices(side) for side in SIDES])) == list(
        range(len(split.chunk_split))
    )


@given(corpora(), st.integers(0, 4))
@settings(max_examples=20, deadline=None)
def test_every_composer_is_on_every_side(data, fold):
    split = make_split("work", fold, **data)
    labels = np.repeat(data["composers"], data["num_chunks"])
    assert all(set(labels[split.indices(side)]) == set(COMPOSERS) for side in SIDES)


@given(
    corpora(),
    st.randoms(use_true_random=False),
    st.sampled_from(["work", "source", "near_duplicate", "file"]),
)
@settings(max_examples=10, deadline=None)
def test_order_of_pieces_does_not_matter(data, random, protocol):
    order = random.sample(range(len(data["pieces"])), len(data["pieces"]))
    shuffled = {name: [values[index] for index in order] for name, values in data.items()}
    sides, others = (
        dict(
            zip(
                np.repeat(d["pieces"], d["num_chunks"]), make_split(protocol, 1, **d).chunk_split, strict=True
            )
        )
        for d in (data, shuffled)
    )
    assert sides == others


@given(corpora_with_sources(), st.integers(0, 4))
@settings(max_examples=20, deadline=None)
def test_no_source_and_no_work_is_on_two_sides(data, fold):
    try:
        split = make_split("source", fold, **data)
    except InputError as error:
        assert "on every side" in str(error)
        return
    for groups in ("sources", "works"):
        assert all(len(sides) <= 1 for sides in sides_of(groups, split, data).values())
    audit(split, works=data["works"], num_chunks=data["num_chunks"], sources=data["sources"])
    labels = np.repeat(data["composers"], data["num_chunks"])
    assert all(set(labels[split.indices(side)]) == set(COMPOSERS) for side in SIDES)
    # Only a work that somebody else on a side has may leave its piece without one.
    works = np.repeat(data["works"], data["num_chunks"])
    assert set(works[split.indices(NO_SIDE)]) <= set(works[split.chunk_split != NO_SIDE])


@given(corpora(), st.integers(0, 4))
@settings(max_examples=20, deadline=None)
def test_no_group_of_near_duplicates_is_on_two_sides_and_works_may_be(data, fold):
    groups = tuple(f"{work} {index % 2}" for index, work in enumerate(data["works"]))
    split = make_split("near_duplicate", fold, **data | {"near_duplicates": groups})
    audit(split, near_duplicates=groups, num_chunks=data["num_chunks"])
    by_work = make_split("near_duplicate", fold, **data | {"near_duplicates": data["works"]})
    np.testing.assert_array_equal(by_work.chunk_split, make_split("work", fold, **data).chunk_split)


def test_near_duplicates_without_groups_are_refused():
    data = make_data(SIX_WORKS)
    del data["near_duplicates"]
    with pytest.raises(ValueError, match="pass near_duplicates"):
        make_split("near_duplicate", 0, **data)


def test_the_test_side_keeps_what_it_shares_with_others():
    data = make_data({composer: [3] * 10 for composer in COMPOSERS})
    data["works"] = tuple(
        "Bach/famous" if piece.startswith("Bach/") and piece.endswith("no. 0") else work
        for piece, work in zip(data["pieces"], data["works"], strict=True)
    )
    for fold in range(5):
        split = make_split("source", fold, **data)
        famous = np.repeat(data["works"], data["num_chunks"]) == "Bach/famous"
        assert set(split.chunk_split[famous]) == {TEST, NO_SIDE}
        assert len(split.indices(NO_SIDE)) == 8 * 2  # of ten sources of Bach, two are in the test part


def test_half_of_a_composer_in_one_source_is_not_taken_for_validation():
    data = make_data({"Bach": [50] + [5] * 12, "Chopin": [5] * 12})
    sides = [sides_of("sources", make_split("source", fold, **data), data)["Bach/0"] for fold in range(5)]
    assert sides.count({TEST}) == 1 and sides.count({TRAIN}) == 4


def test_a_work_in_training_and_validation_stays_where_it_has_more_pieces():
    sides = np.array([TRAIN, TRAIN, VALIDATION, TRAIN, VALIDATION, VALIDATION, TRAIN, VALIDATION, TEST])
    keep_works_on_one_side(sides, np.array(list("aaabbbccd")))
    expected = [TRAIN, TRAIN, NO_SIDE, NO_SIDE, VALIDATION, VALIDATION, TRAIN, NO_SIDE, TEST]
    assert sides.tolist() == expected


def test_sources_that_share_all_works_are_refused():
    data = make_data({composer: [1] * 10 for composer in COMPOSERS})
    data["works"] = [
        composer if composer == "Chopin" else work
        for composer, work in zip(data["composers"], data["works"], strict=True)
    ]
    with pytest.raises(InputError, match=r"cannot be put into 5 folds .* in the last Chopin \(train\)"):
        make_split("source", 0, **data)


def test_one_source_for_all_is_refused():
    data = make_data(SIX_WORKS)
    data["sources"] = ["1-480-on"] * 18
    with pytest.raises(InputError, match=r"5 folds need 5 sources of every composer, .* Bach \(1\)"):
        make_split("source", 0, **data)
    del data["sources"]
    with pytest.raises(ValueError, match="pass sources"):
        make_split("source", 0, **data)


@pytest.mark.parametrize("protocol", list(LADDER))
def test_same_seed_same_split_other_seed_other_split(protocol):
    data = make_data({composer: [1] * 20 for composer in COMPOSERS})
    first, again, other = (make_split(protocol, 0, **data, seed=seed).chunk_split for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_sides_have_the_promised_sizes():
    data = make_data({composer: [1] * 40 for composer in COMPOSERS}, num_chunks=1)
    for protocol, expected in {"work": 0.8 / 7, "file": 0.8 / 7, "chunk": 0.08}.items():
        split = make_split(protocol, 0, **data)
        assert len(split.indices(TEST)) == pytest.approx(0.2 * 120)
        assert len(split.indices(VALIDATION)) == pytest.approx(expected * 120, abs=3)


def test_file_divides_works_but_no_file():
    data = make_data({composer: [10, 1, 1, 1, 1] for composer in COMPOSERS})
    split = make_split("file", 0, **data)
    assert len(sides_of("works", split, data)["Bach/0"]) > 1
    assert all(len(set(sides)) == 1 for sides in split.chunk_split.reshape(-1, 2))


def test_chunk_is_the_reference_shuffle():
    data = make_data({"Bach": [5], "Chopin": [5]}, num_chunks=10)
    # The first numbers that `train_test_split(range(100), test_size=0.2, random_state=42)` holds out.
    assert {83, 53, 70, 45, 44, 39, 22, 80, 10, 0} <= set(make_split("chunk", 0, **data).indices(TEST))
    with pytest.raises(InputError, match="has one split, fold 0"):
        make_split("chunk", 1, **data)


@pytest.mark.parametrize("protocol", list(LADDER))
def test_reading_gives_what_was_written(tmp_path, protocol):
    data = make_data({composer: [3, 1, 2, 1, 1, 4] for composer in COMPOSERS}, num_chunks=3)
    data["pieces"] = ('Für "Elise", WoO 59\r\n.mid', *data["pieces"][1:])
    split = make_split(protocol, 0, **data)
    path = tmp_path / "splits.csv"
    write_splits(path, split, **columns_of(data))
    np.testing.assert_array_equal(read(path, data).chunk_split, split.chunk_split)
    with open(path, newline="", encoding="utf-8") as file:
        columns, first = itertools.islice(csv.reader(file), 2)
    assert first[2] == data["sources"][0]
    assert tuple(columns) == (CHUNK_COLUMNS if protocol == "chunk" else COLUMNS)


def test_a_table_that_cannot_be_written_leaves_the_old_one_and_nothing_else(tmp_path, monkeypatch):
    data, path = make_data(SIX_WORKS), tmp_path / "splits.csv"
    write_splits(path, make_split("work", 0, **data), **columns_of(data))
    before = path.read_bytes()

    def fill_the_disk(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(csv.DictWriter, "writerows", fill_the_disk)
    with pytest.raises(OSError, match="No space left"):
        write_splits(path, make_split("work", 1, **data), **columns_of(data))
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_table_by_piece_serves_another_chunk_length(tmp_path):
    data = make_data(SIX_WORKS, num_chunks=3)
    write_splits(tmp_path / "splits.csv", make_split("work", 0, **data), **columns_of(data))
    longer = data | {"num_chunks": [1] * 18}
    expected = make_split("work", 0, **longer).chunk_split
    np.testing.assert_array_equal(read(tmp_path / "splits.csv", longer).chunk_split, expected)


def test_a_piece_without_chunks_has_a_row(tmp_path):
    data = make_data(SIX_WORKS)
    data["num_chunks"] = [0, *data["num_chunks"][1:]]
    split = make_split("work", 0, **data)
    write_splits(tmp_path / "splits.csv", split, **columns_of(data))
    np.testing.assert_array_equal(read(tmp_path / "splits.csv", data).chunk_split, split.chunk_split)


@pytest.mark.parametrize(
    "change",
    [
        {"works": ["other work"] * 18},
        {"composers": ["Haydn"] * 18},
        {"pieces": [f"other {number}" for number in range(18)]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_table_of_other_data_is_refused(tmp_path, change):
    data = make_data(SIX_WORKS)
    write_splits(tmp_path / "splits.csv", make_split("work", 0, **data), **columns_of(data))
    with pytest.raises(InputError, match=r"split of other data: .* make a new split"):
        read(tmp_path / "splits.csv", data | change)


def test_a_table_of_other_chunks_is_refused(tmp_path):
    data = make_data(SIX_WORKS, num_chunks=30)
    write_splits(tmp_path / "splits.csv", make_split("chunk", 0, **data), **columns_of(data))
    with pytest.raises(InputError, match=r"chunk 29.* is in the table only; 18 rows in all"):
        read(tmp_path / "splits.csv", data | {"num_chunks": [29] * 18})
    with pytest.raises(InputError, match=r"chunk 29.* is in the table only; 1 row in all"):
        read(tmp_path / "splits.csv", data | {"num_chunks": [30] * 17 + [29]})


@pytest.mark.parametrize(
    ("text", "message"),
    [("piece,score\na,1\n", "not a table of splits"), ("", "not a table of splits")],
)
def test_another_table_is_refused(tmp_path, text, message):
    (tmp_path / "splits.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read(tmp_path / "splits.csv", make_data({"Bach": [1]}))


def test_an_unknown_side_is_refused(tmp_path):
    data = make_data(SIX_WORKS)
    path = tmp_path / "splits.csv"
    write_splits(path, make_split("work", 0, **data), **columns_of(data))
    path.write_text(path.read_text().replace(",test", ",exam"))
    with pytest.raises(InputError, match="the split 'exam'; it should be train, validation or test"):
        read(path, data)


def test_a_table_from_before_sources_were_known_is_read(tmp_path):
    data = make_data(SIX_WORKS)
    split = make_split("work", 0, **data)
    write_splits(tmp_path / "splits.csv", split, **(columns_of(data) | {"sources": ()}))
    assert ",,Bach," in (tmp_path / "splits.csv").read_text()
    np.testing.assert_array_equal(read(tmp_path / "splits.csv", data).chunk_split, split.chunk_split)


def test_audit_names_the_source_on_two_sides():
    split = Split(np.array([TRAIN, "", TEST, TEST]))
    groups = {"works": ["a", "b", "b", "b"], "num_chunks": [1, 1, 1, 1]}
    audit(split, **groups, sources=["one", "one", "two", "two"])
    with pytest.raises(InputError, match="The source one is on two sides of the split, train and test"):
        audit(split, **groups, sources=["one", "two", "one", "two"])


def test_audit_names_the_work_on_two_sides():
    split = Split(np.array([TRAIN, TEST, TEST]))
    audit(split, works=["a", "b"], num_chunks=[1, 2])
    with pytest.raises(InputError, match="The work a is on two sides of the split, train and test"):
        audit(split, works=["a", "a"], num_chunks=[1, 2])


@pytest.mark.parametrize(
    ("protocol", "fold", "num_folds", "message"),
    [
        (
            "chapter",
            0,
            5,
            "no protocol 'chapter'; choose one of work, source, near_duplicate, file, composer, given, chunk",
        ),
        ("work", 5, 5, "no fold 5; choose one of 0 to 4"),
        ("work", -1, 5, "no fold -1"),
        ("work", 0, 2, "at least 3 folds, not 2"),
        ("work", 0, 7, r"7 works of every composer, but there are fewer by Chopin \(6\)"),
    ],
)
def test_what_cannot_be_split_is_refused(protocol, fold, num_folds, message):
    data = make_data({"Bach": [1] * 9, "Chopin": [1] * 6})
    with pytest.raises(InputError, match=message):
        make_split(protocol, fold, **data, num_folds=num_folds)


def test_a_composer_who_shares_all_works_is_named():
    # Five works of Bach, each with one file under Busoni: no fold can part them from Bach's.
    data = make_data({"Bach": [2] * 6})
    data["composers"] = ["Bach", "Busoni"] * 5 + ["Bach"] * 2
    data["num_chunks"] = [0 if composer == "Busoni" else 2 for composer in data["composers"]]
    with pytest.raises(InputError, match=r"No chunk by Busoni \(5 works\) is in the train part"):
        make_split("work", 0, **data)


def test_too_few_chunks_are_refused():
    with pytest.raises(InputError, match="at least 5 chunks, not 4"):
        make_split("chunk", 0, **make_data({"Bach": [2]}))
