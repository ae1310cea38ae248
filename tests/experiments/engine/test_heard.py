"""What was heard is known in any corpus: chorales written anew into other files, transposed, are no new music."""

import hashlib

import numpy as np
import pytest

from experiments.engine.comparing.hearing import heard_by_description
from experiments.engine.heard import SAME_FILE, SAME_MUSIC, SAME_WORK, UNHEARD, Heard, pieces_heard
from experiments.engine.telling import report_known_by_name
from features.corpora.catalogue import Piece
from features.datasets import load_dataset
from features.encoders.piano_roll import PianoRoll
from features.in_memory import dataset_of_file
from features.midi import notes_to_midi

ENCODER = PianoRoll(channels=("binary",))


def chorale(seed, *, key=0, beat=480, tempo_us=500_000):
    """Four voices that move together, at random."""
    rng = np.random.default_rng(seed)
    voices = rng.integers(-4, 5, (4, 40)) + np.array([[48], [55], [62], [72]])
    notes = [
        (beat * i, beat * (i + 1), int(pitch) + key) for voice in voices for i, pitch in enumerate(voice)
    ]
    return notes_to_midi(notes, tempo_us=tempo_us)


def corpus(cache_dir, files, work=""):
    pieces = [Piece(name, "Bach", read=lambda data=data: data, work=work) for name, data in files.items()]
    return load_dataset(pieces, ENCODER, cache_dir=cache_dir, progress=False)


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    ours = corpus(
        tmp_path_factory.mktemp("cache"), {f"Choral {i} BWV {250 + i}.mid": chorale(i) for i in range(4)}
    )
    return pieces_heard(ours, range(3))


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """The same music as somebody else has it, and called as nobody would."""
    files = {
        "a.mid": chorale(0),
        "b.mid": chorale(1, key=3),
        "c.mid": chorale(2, key=-4, beat=240, tempo_us=400_000),
        "d.mid": chorale(3, key=2),
        "e.mid": chorale(9),
    }
    return corpus(tmp_path_factory.mktemp("cache"), files)


def test_music_is_known_in_other_files_keys_and_tempos(heard, other):
    assert Heard.of(heard).reasons(other) == [SAME_FILE, SAME_MUSIC, SAME_MUSIC, UNHEARD, UNHEARD]


def test_what_is_one_work_with_music_that_was_heard_was_heard(heard, tmp_path):
    files = {"First.mid": chorale(1, key=3), "Second.mid": chorale(8)}
    assert Heard.of(heard).reasons(corpus(tmp_path, files, work="Suite")) == [SAME_MUSIC, SAME_WORK]


def test_a_single_file_is_known_too(heard):
    for data, reason in ((chorale(1, key=5), SAME_MUSIC), (chorale(8), UNHEARD)):
        asked = dataset_of_file("anything", data, ENCODER)
        assert Heard.of(heard).reason(asked.contents[0], asked.outlines[0]) == reason
    content = hashlib.sha256(chorale(0)).hexdigest()
    assert content in Heard.of(heard).contents


def test_a_comparison_knows_it(heard, other):
    class Candidate:
        name, description = "a model", None

    Candidate.description = {"trained_on": heard[:1], "validated_on": heard[1:]}
    assert heard_by_description(Candidate, other) == {
        "a.mid": SAME_FILE,
        "b.mid": SAME_MUSIC,
        "c.mid": SAME_MUSIC,
    }


def test_of_older_models_only_files_and_works_are_known_and_that_is_said(heard, other, tmp_path, capsys):
    older = Heard.of([{name: piece[name] for name in ("content", "work")} for piece in heard])
    assert older.reasons(other) == [SAME_FILE, *[UNHEARD] * 4]
    report_known_by_name(tmp_path / "model.h5", Heard.of(heard))
    assert capsys.readouterr().err == ""
    report_known_by_name(tmp_path / "model.h5", older)
    assert "model.json has no digests of notes" in capsys.readouterr().err


def test_short_tunes_meet_by_chance(tmp_path):
    scale = corpus(
        tmp_path, {"Scale.mid": notes_to_midi([(480 * i, 480 * i + 480, 60 + i) for i in range(8)])}
    )
    (piece,) = pieces_heard(scale, [0])
    assert piece["melody"] == "" and not Heard.of([piece]).melodies
