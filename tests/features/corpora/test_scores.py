import zipfile
from importlib.util import find_spec
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import mido
import pretty_midi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.corpora.scores import (
    MAX_SCORE_BYTES,
    TICKS_PER_BEAT,
    read_score,
    resolve_unisons,
    score_to_midi,
)
from features.errors import InputError

CORPUS = Path(find_spec("music21").origin).parent / "corpus"
SCORES = (
    "bach/bwv66.6.mxl",
    "palestrina/Agnus_II_03_a.krn",
    "monteverdi/madrigal.4.9.mxl",
    "mozart/k156/movement2.mxl",
)
"""A chorale; five voices in kern with notes tied across bars; ties without an end; chords and repeats."""

NOTES = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 20), st.integers(60, 63)).map(
        lambda n: (n[0], n[0] + n[1], n[2])
    )
)


@given(NOTES)
def test_notes_of_one_pitch_follow_one_another(notes):
    resolved = resolve_unisons(notes)
    assert {(start, pitch) for start, _, pitch in resolved} == {(start, pitch) for start, _, pitch in notes}
    for pitch in {note[2] for note in resolved}:
        same = [note for note in resolved if note[2] == pitch]
        assert all(before[0] < before[1] <= after[0] for before, after in pairwise(same))
    assert resolve_unisons(resolved) == resolved


@given(NOTES)
def test_a_note_is_only_ever_shortened_by_a_restrike(notes):
    strikes = {(start, pitch) for start, _, pitch in notes}
    for start, end, pitch in resolve_unisons(notes):
        longest = max(note[1] for note in notes if (note[0], note[2]) == (start, pitch))
        assert end == longest or (end < longest and (end, pitch) in strikes)


@pytest.mark.parametrize("name", SCORES)
def test_ties_are_joined_as_music21_joins_them(name):
    from music21 import converter

    expected = []
    for part in converter.parseFile(CORPUS / name, forceSource=True, storePickle=False).parts:
        for element in part.stripTies().flatten().notes:
            if element.quarterLength:
                start, end = element.offset, element.offset + element.quarterLength
                ticks = round(start * TICKS_PER_BEAT), round(end * TICKS_PER_BEAT)
                expected += [(*ticks, pitch.midi) for pitch in element.pitches]
    assert sorted(read_score(CORPUS / name)) == sorted(expected)


@pytest.mark.parametrize("name", SCORES)
def test_the_file_holds_all_notes_and_reveals_nothing_else(name):
    data = score_to_midi(CORPUS / name)
    heard = pretty_midi.PrettyMIDI(BytesIO(data))
    (instrument,) = heard.instruments
    assert (instrument.program, instrument.is_drum, instrument.control_changes) == (0, False, [])
    assert {note.velocity for note in instrument.notes} == {64}
    assert heard.get_tempo_changes()[1].tolist() == [120.0]
    assert (heard.time_signature_changes, heard.key_signature_changes) == ([], [])
    ticks = [
        (heard.time_to_tick(note.start), heard.time_to_tick(note.end), note.pitch)
        for note in instrument.notes
    ]
    assert sorted(ticks) == resolve_unisons(read_score(CORPUS / name))
    file = mido.MidiFile(file=BytesIO(data))
    assert (file.type, len(file.tracks), file.ticks_per_beat) == (1, 2, TICKS_PER_BEAT)


def test_what_is_no_score_says_so(tmp_path):
    path = tmp_path / "page.mxl"
    path.write_text("<html>")
    with pytest.raises(InputError, match=r"music21 cannot read .*page.mxl"):
        score_to_midi(path)


def test_a_score_without_notes_says_so(tmp_path):
    path = tmp_path / "pause.krn"
    path.write_text("**kern\n*M4/4\n=1\n1r\n=\n*-\n")
    with pytest.raises(InputError, match="pause.krn holds no notes"):
        score_to_midi(path)


def test_odd_ties_and_grace_notes(tmp_path):
    path = tmp_path / "odd.krn"
    path.write_text("**kern\n*M4/4\n=1\n[2c\n4qd\n4c]\n[4e\n=2\n2r\n4e]\n4f\n=\n*-\n")
    assert read_score(path) == [(0, 1440, 60), (1440, 1920, 64), (2880, 3360, 64), (3360, 3840, 65)]


def test_a_score_may_keep_its_first_tempo(tmp_path):
    path = tmp_path / "scale.abc"
    path.write_text("X:1\nM:4/4\nL:1/4\nQ:1/4=90\nK:C\nCDEF|GABc|\n")
    for own_tempo, tempo in ((False, 120), (True, 90)):
        heard = pretty_midi.PrettyMIDI(BytesIO(score_to_midi(path, own_tempo=own_tempo)))
        assert heard.get_tempo_changes()[1] == pytest.approx([tempo], abs=1e-3)


def test_several_pieces_in_one_file_are_refused(tmp_path):
    path = tmp_path / "book.abc"
    path.write_text("".join(f"X:{n}\nM:4/4\nL:1/4\nK:C\nCDEF|\n\n" for n in (1, 2)))
    with pytest.raises(InputError, match="book.abc holds 2 pieces; give each a file of its own"):
        score_to_midi(path, own_tempo=True)


def test_a_score_that_unpacks_to_far_too_much_is_not_read(tmp_path):
    path = tmp_path / "bomb.mxl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.xml", bytes(MAX_SCORE_BYTES + 1))
    with pytest.raises(InputError, match="bomb.mxl is longer than 32 MiB"):
        score_to_midi(path)
