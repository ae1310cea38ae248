"""Which note-on and note-off make a note, and on which instrument.

The rules are those of pretty_midi:

- one note-off closes *all* open notes of its channel and pitch but those begun on the same tick;
  these stay open only if something was closed, otherwise they are dropped, and so is a note never closed;
- an instrument is a (program at the note-off, channel, track), in the order of their first closed notes;
- controllers and bends that come before the instruments of a channel and track are shared by all of these
  that come later, and so is whatever reaches one of them afterwards: they have one *stream*.
"""

import numba
import numpy as np

from features.midi.events import BEND, CONTROL, NOTE_OFF, NOTE_ON, PROGRAM

INSTRUMENT = np.dtype(
    [
        ("program", np.uint8),
        ("channel", np.uint8),
        ("track", np.int32),
        ("is_drum", np.bool_),
        ("stream", np.int32),
        ("end_s", np.float64),
    ]
)

DRUM_CHANNEL = 9

RAW_NOTE = np.dtype([("on", np.int32), ("off", np.int32), ("instrument", np.int32)])

# Handed over, not compiled in: numba's cache would not notice that they have changed in another file.
_STATUS = (NOTE_OFF, NOTE_ON, CONTROL, PROGRAM, BEND)


def pair(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs note-ons with note-offs and finds their instruments.

    Args:
        table: The table of `Events`.

    Returns:
        The notes, with the rows of their `on` and `off` and their instrument, in order of the note-offs; the
        instruments, `end_s` still 0; and for each event the stream it belongs to, -1 if it is no controller or bend.
    """
    raw = np.empty(np.count_nonzero(table["status"] == NOTE_ON), RAW_NOTE)
    instruments = np.zeros(len(raw), INSTRUMENT)
    streams = np.full(len(table), -1, np.int32)
    num_notes, num_instruments = _pair_compiled(table, _STATUS, raw, instruments, streams)
    return raw[:num_notes], instruments[:num_instruments].copy(), streams


@numba.njit(cache=True)
def _pair_compiled(table, statuses, raw, instruments, streams):
    note_off, note_on, control, program_change, bend = statuses
    num_notes, num_instruments, num_streams = 0, 0, 0
    program = np.zeros(16, np.uint8)
    # Of this track: the instrument of (channel, program), the stream for events that find no instrument.
    instrument_of = np.full((16, 128), -1, np.int32)
    early_stream = np.full(16, -1, np.int32)
    # Open notes of (channel, pitch) are a chain of events, oldest first.
    first_open = np.full((16, 128), -1, np.int32)
    last_open = np.full((16, 128), -1, np.int32)
    next_open = np.full(len(table), -1, np.int32)
    track = -1

    for index in range(len(table)):
        event = table[index]
        if event["track"] != track:
            track = event["track"]
            program[:] = 0
            instrument_of[:] = -1
            early_stream[:] = -1
            first_open[:] = -1
        status, channel, data1 = event["status"], event["channel"], event["data1"]

        if status == program_change:
            program[channel] = data1

        elif status == note_on and event["data2"] > 0:
            if first_open[channel, data1] < 0:
                first_open[channel, data1] = index
            else:
                next_open[last_open[channel, data1]] = index
            last_open[channel, data1] = index

        elif status == note_on or status == note_off:
            note, closed = first_open[channel, data1], False
            while note >= 0 and table[note]["tick"] != event["tick"]:
                if instrument_of[channel, program[channel]] < 0:
                    stream = early_stream[channel]
                    if stream < 0:
                        stream = num_streams
                        num_streams += 1
                    instrument_of[channel, program[channel]] = num_instruments
                    _set_instrument(instruments[num_instruments], program[channel], channel, track, stream)
                    num_instruments += 1
                raw[num_notes]["on"] = note
                raw[num_notes]["off"] = index
                raw[num_notes]["instrument"] = instrument_of[channel, program[channel]]
                num_notes += 1
                note, closed = next_open[note], True
            # What is left began on this tick.
            first_open[channel, data1] = note if closed else -1

        elif status == control or status == bend:
            instrument_index = instrument_of[channel, program[channel]]
            if instrument_index >= 0:
                streams[index] = instruments[instrument_index]["stream"]
            else:
                if early_stream[channel] < 0:
                    early_stream[channel] = num_streams
                    num_streams += 1
                streams[index] = early_stream[channel]
    return num_notes, num_instruments


@numba.njit(cache=True)
def _set_instrument(instrument, program, channel, track, stream):
    instrument["program"] = program
    instrument["channel"] = channel
    instrument["track"] = track
    instrument["is_drum"] = channel == DRUM_CHANNEL
    instrument["stream"] = stream
