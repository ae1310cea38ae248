"""Windows of messages say what mido says, tile the piece, and are standardised by what training heard."""

import io
import json
from dataclasses import replace

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.encoders.message_tables import ATTRIBUTES, HAS, LONGEST_BEATS, read_messages
from features.encoders.messages import FURTHEST, NUM_FEATURES, Messages
from features.encoders.rows import Rows
from features.errors import InputError
from features.midi import notes_to_midi, read_events, writing

SCALE = [(480 * i, 480 * (i + 1), 60 + i) for i in range(20)]


def rows_of(data, **settings):
    return Messages(**settings).encode_events(read_events(data))


def of_mido(data):
    """The attributes of each message as mido reads them, track by track."""
    file = mido.MidiFile(file=io.BytesIO(data), clip=True)
    return [
        [message.dict().get(name, 0) for name in ATTRIBUTES] for track in file.tracks for message in track
    ]


def everything():
    """A file with all that has numbers, in two tracks."""
    return writing.write_tracks(
        [
            [(0, writing.tempo(612_345)), (0, writing.time_signature(6, 8)), (96, writing.tempo(500_000))],
            [
                (0, writing.program_change(40, channel=3)),
                (0, writing.control_change(64, 127, channel=3)),
                (10, writing.note_on(60, 90, channel=3)),
                (20, writing.pitch_bend(-5000, channel=3)),
                (100, writing.note_off(60, channel=3)),
            ],
        ],
        ticks_per_beat=96,
    )


def test_messages_are_those_of_mido():
    table = read_messages(read_events(everything()))
    np.testing.assert_array_equal(table[:, 1:], of_mido(everything()))
    assert (table[:, 1:][~HAS[table[:, 0].astype(int)]] == 0).all()


@given(st.data())
@settings(max_examples=20)
def test_any_file_has_the_messages_that_mido_finds(midi_files, data):
    file = data.draw(midi_files)
    table = read_messages(read_events(file))
    if len(table):
        found = {name: table[:, 1 + ATTRIBUTES.index(name)] for name in ATTRIBUTES}
        expected = dict(zip(ATTRIBUTES, np.array(of_mido(file), float).T, strict=True))
        for name in ("channel", "note", "velocity", "control", "tempo", "program", "pitch"):
            np.testing.assert_array_equal(found[name], expected[name])


def test_windows_tile_the_piece_and_overlap_by_four():
    rows = rows_of(notes_to_midi(SCALE))
    encoder = Messages()
    assert rows.num_frames == 43  # two messages a note, a tempo, and the ends of two tracks
    starts = encoder.chunk_starts(rows.num_frames)
    assert starts.tolist() == [0, 20]
    windows = encoder.decode(rows, starts, [43, 43])
    assert windows.shape == (2, 24, 8)
    np.testing.assert_array_equal(windows[0, 20:], windows[1, :4])
    assert (windows[1, 23] == 0).all() and windows[1, 22, 0] > 0  # padding


def test_time_is_in_ticks_or_in_beats_up_to_a_limit():
    data = notes_to_midi([(0, 240, 60), (48_000, 48_240, 62)])
    time = 1 + ATTRIBUTES.index("time")
    ticks, beats = (read_messages(read_events(data), beats=beats)[:, time] for beats in (False, True))
    assert ticks.max() == 47_760 and beats.max() == LONGEST_BEATS
    assert (beats[ticks == 240] == 0.5).all()


def test_tracks_are_read_one_by_one_or_together():
    one, other = ([(tick, writing.note_on(pitch)) for tick in (0, 480)] for pitch in (60, 72))
    events = read_events(writing.write_tracks([one, other], ticks_per_beat=480))
    note = 1 + ATTRIBUTES.index("note")
    alone, together = (read_messages(events, merge_tracks=merged)[:, note] for merged in (False, True))
    assert alone[alone > 0].tolist() == [60, 60, 72, 72]
    assert together[together > 0].tolist() == [60, 72, 60, 72]


@pytest.mark.parametrize("merge_tracks", [False, True])
def test_each_message_has_its_time_by_the_tempo_map(merge_tracks):
    tempo = [(0, writing.tempo(500_000)), (480, writing.tempo(250_000))]
    tune = [(tick, writing.note_on(60)) for tick in (0, 480, 960)]
    encoder = Messages(merge_tracks=merge_tracks)
    events = read_events(writing.write_tracks([tempo, tune], ticks_per_beat=480))
    expected = [0, 0.5, 0.5, 0, 0.5, 0.75, 0.75]  # each track has an end
    assert encoder.times_s(events).tolist() == (sorted(expected) if merge_tracks else expected)
    assert encoder.encode_events(events).num_frames == len(expected)


def test_a_fitted_encoder_standardises_what_training_heard():
    rows = rows_of(notes_to_midi(SCALE))
    starts, ends = Messages().chunk_starts(rows.num_frames), np.array([43, 43])
    encoder = Messages().fitted(rows, starts, ends)
    windows = encoder.decode(rows, starts, ends)
    column = 1 + encoder.features.index("note")
    notes = np.concatenate([windows[0], windows[1, 4:]])[:, column][3 - 1 : 42]
    notes = notes[notes != 0]
    assert abs(notes.mean()) < 1e-5 and abs(notes.std() - 1) < 1e-5
    assert abs(windows[..., 1:]).max() <= FURTHEST
    whole = Messages(**json.loads(json.dumps(encoder.settings())))
    assert whole == encoder and hash(whole) == hash(encoder)


def test_only_the_windows_named_are_heard():
    rows = rows_of(notes_to_midi([*SCALE, *((9600 + s, 9600 + e, 100) for s, e, _ in SCALE)]))
    first = Messages().fitted(rows, np.array([0]), np.array([rows.num_frames]))
    assert first.means[first.features.index("note")] < 80


def test_the_most_frequent_attributes_are_chosen():
    bends = [(0, writing.pitch_bend(5000)), (9, writing.pitch_bend(0))]
    rows = rows_of(writing.write_tracks([[(0, writing.note_on(60)), *bends, (99, writing.note_off(60))]]))
    fitted = Messages().fitted(rows, np.array([0]), np.array([rows.num_frames]))
    assert len(fitted.features) == NUM_FEATURES
    assert {"time", "channel", "note", "velocity", "pitch"} < set(fitted.features)


def test_what_is_not_told_is_0_and_nothing_takes_its_place():
    rows = rows_of(everything())
    places = np.array([0]), np.array([rows.num_frames])
    whole, without = (Messages(without=names).fitted(rows, *places) for names in ((), ("tempo", "time")))
    assert replace(without, without=()) == whole
    expected = whole.decode(rows, *places)
    for name in without.without:
        column = 1 + whole.features.index(name)
        assert expected[..., column].any()
        expected[..., column] = 0
    np.testing.assert_array_equal(without.decode(rows, *places), expected)


def test_transposing_a_piece_moves_its_notes_alone():
    rows, higher = (rows_of(notes_to_midi([(s, e, p + up) for s, e, p in SCALE])) for up in (0, 5))
    encoder, places = Messages(), ([0, 20], [43, 43])
    np.testing.assert_array_equal(
        encoder.decode(rows, *places, shift=[5, 5]), encoder.decode(higher, *places)
    )


def test_drums_are_not_transposed():
    rows = rows_of(writing.write_tracks([[(0, writing.note_on(40, channel=9)), (9, writing.note_on(40))]]))
    notes = Messages().decode(rows, [0], [rows.num_frames], shift=[3])[0, :, 1 + ATTRIBUTES.index("note")]
    assert notes[notes > 0].tolist() == [40, 43]


def test_a_file_without_a_note_has_nothing_to_learn_from():
    assert rows_of(writing.write_tracks([[(0, writing.tempo(500_000))]])).num_frames == 0


def test_memory_mapped_rows_of_several_pieces(tmp_path):
    pieces = [rows_of(notes_to_midi(SCALE)), rows_of(everything())]
    joined = Rows(
        np.concatenate([pieces[0].offsets, pieces[1].offsets[1:] + pieces[0].offsets[-1]]),
        np.concatenate([piece.columns for piece in pieces]),
        np.concatenate([piece.values for piece in pieces]),
    )
    window = Messages().decode(joined, [43], [joined.num_frames])
    np.testing.assert_array_equal(window, Messages().decode(pieces[1], [0], [pieces[1].num_frames]))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"hop": 0}, "hop must be at least 1"),
        ({"chunk_frames": 0}, "chunk_frames must be at least 1"),
        ({"without": ("loudness",)}, "Messages have no loudness; they have channel"),
        ({"without": ATTRIBUTES}, "tell nothing; leave one of them"),
    ],
)
def test_settings_that_make_no_sense(settings, sentence):
    with pytest.raises(InputError, match=sentence):
        Messages(**settings)
