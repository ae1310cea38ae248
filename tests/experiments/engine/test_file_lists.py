"""Lists of files are read, ordered, cut and split as the notebook did: its own code says so, and its own numbers."""

import io

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from experiments.engine.file_lists import (
    FOLDERS,
    WAYS,
    WINDOW,
    FileList,
    as_the_notebook,
    cut,
    is_read_by_mido,
    list_files,
    numbers_as_read,
    place_in_walk,
    scaled,
)
from features.corpora.catalogue import Piece
from features.midi import notes_to_midi, read_events, write_tracks
from features.midi.writing import control_change, key_signature, meta, note_off, note_on, tempo

NUM_FILES = {
    "C.P.E.Bach": 1,
    "Busoni": 1,
    "Beethoven": 212,
    "Rimsky-Korsakov": 2,
    "Bach": 1024,
    "Liszt": 1,
    "Chopin": 136,
    "Mozart": 256,
}
"""Of each folder, those whose path holds a composer's name and which mido reads; all others count as Bach's."""


def made_up(labels, num_works=None, seed=0):
    """A list of files with numbers at random, one work after the other."""
    labels = np.asarray(labels)
    numbers = np.random.default_rng(seed).gamma(2, 100, (len(labels), 2))
    works = [f"{label} {number % (num_works or len(labels))}" for number, label in enumerate(labels)]
    names = tuple(f"piece {number:04d}" for number in range(len(labels)))
    classes = tuple(f"composer {label}" for label in np.unique(labels))
    return FileList(names, tuple(works), labels, classes, numbers, 2 * numbers)


def notebook_features(data):
    """The notebook's own way to length and number of notes."""
    midi_file = mido.MidiFile(file=io.BytesIO(data))
    num_notes = 0
    for track in midi_file.tracks:
        current_time = 0.0
        for msg in track:
            current_time += mido.tick2second(msg.time, midi_file.ticks_per_beat, mido.bpm2tempo(120))
            if msg.type == "note_on" and msg.velocity > 0:
                num_notes += 1
    return current_time, num_notes


def notebook_outliers(column):
    """The notebook's own way to clip, with NumPy's quantiles, which are those of pandas."""
    q1, q3 = np.quantile(column, 0.25), np.quantile(column, 0.75)
    lower, upper = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
    column = np.where(column > upper, upper, column)
    return np.where(column < lower, lower, column)


MESSAGES = [note_on(60, 64), note_on(60, 0), note_off(60), control_change(64, 0), tempo(400_000)]


@given(st.lists(st.lists(st.tuples(st.integers(0, 2000), st.sampled_from(MESSAGES)), max_size=8), min_size=1))
def test_numbers_are_those_that_the_notebook_read(tracks):
    file = write_tracks(tracks, ticks_per_beat=96)
    assert numbers_as_read(read_events(file)) == pytest.approx(notebook_features(file))


@given(st.data())
def test_numbers_are_scaled_as_in_the_notebook(data):
    columns = st.lists(st.tuples(st.integers(0, 900), st.integers(1, 9000)), min_size=4, max_size=30)
    numbers = np.array(data.draw(columns), float)
    clipped = np.stack([notebook_outliers(column) for column in numbers.T], axis=1)
    np.testing.assert_allclose(scaled(numbers), StandardScaler().fit_transform(clipped), atol=1e-9)


def test_the_windows_are_those_of_the_notebook():
    names = ("Bach", "Beethoven", "Chopin", "Mozart")
    label_of = {folder: names.index(folder) if folder in names else 0 for folder in FOLDERS}
    labels = [label_of[folder] for folder in FOLDERS for _ in range(NUM_FILES[folder])]
    train, test = as_the_notebook(made_up(labels), 0)
    assert train.numbers.shape == (1298, 10, 2)
    assert test.numbers.shape == (325, 10, 2)
    assert np.bincount(test.labels).tolist() == [213, 43, 26, 43]
    assert (test.before == test.labels).all()  # by chance, no window with a change is tested


def test_walks_through_files_before_folders_and_through_the_notebooks_folders_in_its_order():
    names = [
        *("Mozart/b.mid", "Mozart/a/z.mid", "Mozart/a/a/b.mid", "Mozart/c.mid"),
        *("Bach/1.mid", "Beethoven/1.mid", "Ada/1.mid"),
    ]
    pieces = [Piece(name, name.split("/")[0], lambda: b"") for name in names]
    walked = [piece.piece for piece in sorted(pieces, key=place_in_walk)]
    assert walked == [
        *("Beethoven/1.mid", "Bach/1.mid"),
        *("Mozart/b.mid", "Mozart/c.mid", "Mozart/a/z.mid", "Mozart/a/a/b.mid"),
        "Ada/1.mid",
    ]


def test_a_file_counts_for_who_is_named_in_its_path_if_mido_reads_it(tmp_path):
    odd = write_tracks([[(0, meta(0x59, b"\3\xff")), (0, b"\x90\x3c\x40"), (480, b"\x80\x3c\x40")]])
    files = {
        "Bach/odd.mid": odd,
        **{
            name: notes_to_midi([(0, 480, 60 + number), (480, 9600, 40 + number)])
            for number, name in enumerate(
                ["Bach/Air.mid", "Busoni/after Bach.mid", "Chopin/Etude.mid", "Liszt/Etude.mid"]
            )
        },
    }
    pieces = [Piece(name, name.split("/")[0], lambda name=name: files[name]) for name in files]
    listed = list_files(pieces, ("Bach", "Chopin"), cache_dir=tmp_path)
    assert listed.pieces == ("Busoni/after Bach.mid", "Bach/Air.mid", "Chopin/Etude.mid")
    assert [listed.classes[label] for label in listed.labels] == ["Bach", "Bach", "Chopin"]
    assert listed.true.tolist() == [[10.0, 2]] * 3
    assert listed.as_read.tolist() == [[10.0, 2]] * 3
    assert not is_read_by_mido(read_events(odd))
    with pytest.raises(mido.KeySignatureError):
        mido.MidiFile(file=io.BytesIO(odd))


@pytest.mark.parametrize("sharps", [-7, 0, 7])
def test_key_signatures_that_make_sense_are_read_by_mido(sharps):
    assert is_read_by_mido(read_events(write_tracks([[(0, key_signature(sharps, minor=True))]])))


@given(st.lists(st.integers(0, 3), min_size=11, max_size=60))
def test_the_label_of_a_window_is_that_of_the_next_file(labels):
    labels = np.array(labels)
    numbers = np.arange(2 * len(labels)).reshape(-1, 2)
    windows = cut(numbers, labels)
    assert len(windows.labels) == len(labels) - WINDOW
    for start, (window, label, before) in enumerate(
        zip(windows.numbers, windows.labels, windows.before, strict=True)
    ):
        np.testing.assert_array_equal(window, numbers[start : start + WINDOW])
        assert (label, before) == (labels[start + WINDOW], labels[start + WINDOW - 1])


@pytest.mark.parametrize("name", WAYS)
def test_every_way_has_two_sides_and_says_what_it_is(name):
    files = made_up([label for label in range(3) for _ in range(60)], num_works=30)
    (train, test), (again, _) = (WAYS[name](files, 1) for _ in range(2))
    assert WAYS[name].__doc__
    assert min(len(train.labels), len(test.labels)) > 10
    np.testing.assert_array_equal(train.numbers, again.numbers)
    other, _ = WAYS[name](files, 2)
    assert np.array_equal(train.numbers, other.numbers) == ("shuffled" not in name)
    assert (train.before is None) == (name == "unheard works, own numbers")


@pytest.mark.parametrize("name", [name for name in WAYS if "unheard" in name])
def test_no_work_that_is_held_out_is_in_a_window_to_train_on(name):
    files = made_up([label for label in range(3) for _ in range(60)], num_works=30)
    _, work = np.unique(files.works, return_inverse=True)
    marked = np.column_stack([work, work]).astype(float)  # each file says which work it is of
    files = FileList(files.pieces, files.works, files.labels, files.classes, marked, marked)
    train, test = WAYS[name](files, 0)
    assert not set(np.unique(train.numbers.round(6))) & set(np.unique(test.numbers.round(6)))
