"""Steps of the instruments that have pedals or bends, found by walking through them moment by moment."""

import numba
import numpy as np

_NEVER = 2**31 - 1
_NUM_PITCHES = 128


@numba.njit(cache=True)
def walk_instruments(
    notes, starts, ends, by_start, streams, is_walked, held, bent, instrumentation, steps, count, max_steps
):
    """Adds the steps of some instruments.

    Args:
        notes: Structured array of dtype `NOTE`, instrument by instrument, each in order of its ends.
        starts: First frame of each note.
        ends: One past the last frame of each note.
        by_start: Indices of the notes, instrument by instrument, each in order of its starts.
        streams: Which pedals and bends are its own, by instrument.
        is_walked: Which instruments to add.
        held: What `held_spans` returned.
        bent: What `bent_spans` returned.
        instrumentation: The first column of the plane that counts instruments, or -1.
        steps: Structured array of dtype `STEP`, `count` of them in use.
        count: How many there are so far.
        max_steps: How many there may be.

    Returns:
        The steps, in an array that may be a longer one, and how many there are: more than `max_steps` if it was
        given up.
    """
    first = 0
    while first < len(notes) and count <= max_steps:
        instrument, last = notes[first]["instrument"], first
        while last < len(notes) and notes[last]["instrument"] == instrument:
            last += 1
        if is_walked[instrument]:
            own_held = _of_stream(held, streams[instrument])
            own_bent = _of_stream(bent, streams[instrument])
            order = by_start[first:last] - first
            notes_range = notes[first:last], starts[first:last], ends[first:last], order
            steps, count = _walk(notes_range, own_held, own_bent, instrumentation, steps, count, max_steps)
        first = last
    return steps, count


@numba.njit(cache=True)
def _of_stream(spans, stream):
    first = np.searchsorted(spans["stream"], stream, side="left")
    return spans[first : np.searchsorted(spans["stream"], stream, side="right")]


@numba.njit(cache=True)
def _walk(notes_range, held, bent, instrumentation, steps, count, max_steps):
    notes, starts, ends, by_start = notes_range
    # By pitch: what sounds, what the pedal makes of it, and what the steps so far add up to.
    sounding, kept, shown = np.zeros(_NUM_PITCHES), np.zeros(_NUM_PITCHES), np.zeros(_NUM_PITCHES)
    changed, sustained = _no_pitches(), _no_pitches()
    start, end, hold, bend = 0, 0, 0, 0
    is_held, is_bent = False, False
    while (end < len(notes) or is_held) and count <= max_steps:
        next_start = starts[by_start[start]] if start < len(notes) else _NEVER
        next_end = ends[end] if end < len(notes) else _NEVER
        next_hold, next_bend = _next_bound(held, hold, is_held), _next_bound(bent, bend, is_bent)
        frame = min(min(next_start, next_end), min(next_hold, next_bend))

        while start < len(notes) and starts[by_start[start]] == frame:
            sounding[notes[by_start[start]]["pitch"]] += notes[by_start[start]]["velocity"]
            _add_pitch(changed, notes[by_start[start]]["pitch"])
            start += 1
        while end < len(notes) and ends[end] == frame:
            sounding[notes[end]["pitch"]] -= notes[end]["velocity"]
            _add_pitch(changed, notes[end]["pitch"])
            end += 1
        if next_hold == frame:
            hold, is_held = _pass_bound(held, hold, is_held)
            _move_pitches(sustained, changed)
        if next_bend == frame:
            bend, is_bent = _pass_bound(bent, bend, is_bent)

        # A pedal keeps nothing of what sounded before its first frame.
        _keep(kept, sounding, changed, is_held and next_hold != frame)
        semitones = bent[bend]["semitones"] if is_bent else 0.0
        steps = _with_room(steps, count)
        if next_bend == frame:
            for pitch in range(_NUM_PITCHES):
                value = _bend(kept, pitch, semitones)
                count = _show_pitch(pitch, value, shown, frame, instrumentation, steps, count)
        else:
            count = _show(changed, kept, semitones, shown, frame, instrumentation, steps, count)
        if is_held:
            _move_pitches(changed, sustained)
        _clear_pitches(changed)
    return steps, count


@numba.njit(cache=True)
def _next_bound(spans, index, is_inside):
    if index >= len(spans):
        return _NEVER
    return spans[index]["end"] if is_inside else spans[index]["start"]


@numba.njit(cache=True)
def _pass_bound(spans, index, is_inside):
    """Enters a span or leaves it, perhaps for the next one at once."""
    if not is_inside:
        return index, True
    is_next = index + 1 < len(spans) and spans[index + 1]["start"] == spans[index]["end"]
    return index + 1, is_next


@numba.njit(cache=True)
def _no_pitches():
    """Returns an empty set: its pitches and, last, how many there are; then which pitches are among them."""
    return np.zeros((2, _NUM_PITCHES + 1), np.int64)


@numba.njit(cache=True)
def _add_pitch(pitches, pitch):
    if not pitches[1, pitch]:
        pitches[1, pitch] = 1
        pitches[0, pitches[0, -1]] = pitch
        pitches[0, -1] += 1


@numba.njit(cache=True)
def _clear_pitches(pitches):
    for index in range(pitches[0, -1]):
        pitches[1, pitches[0, index]] = 0
    pitches[0, -1] = 0


@numba.njit(cache=True)
def _move_pitches(pitches, others):
    for index in range(pitches[0, -1]):
        _add_pitch(others, pitches[0, index])
    _clear_pitches(pitches)


@numba.njit(cache=True)
def _keep(kept, sounding, changed, keeps):
    for index in range(changed[0, -1]):
        pitch = changed[0, index]
        kept[pitch] = max(kept[pitch], sounding[pitch]) if keeps else sounding[pitch]


@numba.njit(cache=True)
def _with_room(steps, count):
    """Returns an array with room for the steps of one more moment: two for each pitch."""
    if count + 2 * _NUM_PITCHES <= len(steps):
        return steps
    longer = np.empty(2 * len(steps) + 2 * _NUM_PITCHES, steps.dtype)
    longer[:count] = steps[:count]
    return longer


@numba.njit(cache=True)
def _show(changed, kept, semitones, shown, frame, instrumentation, steps, count):
    """Steps the pitches that changed to what the bend makes of them."""
    if semitones == 0:
        for index in range(changed[0, -1]):
            pitch = changed[0, index]
            count = _show_pitch(pitch, kept[pitch], shown, frame, instrumentation, steps, count)
        return count
    direction = 1 if semitones > 0 else -1
    for index in range(changed[0, -1]):
        # A bent pitch is heard as the two nearest ones.
        near = changed[0, index] + int(semitones)
        for pitch in (near, near + direction):
            if 0 <= pitch < _NUM_PITCHES:
                value = _bend(kept, pitch, semitones)
                count = _show_pitch(pitch, value, shown, frame, instrumentation, steps, count)
    return count


@numba.njit(cache=True)
def _bend(kept, pitch, semitones):
    """Moves by whole semitones, then a part by one semitone more; returns what is heard of a pitch."""
    direction = 1 if semitones > 0 else -1
    source = pitch - int(semitones)
    moved = kept[source] if 0 <= source < _NUM_PITCHES else 0.0
    if not 0 <= pitch - direction < _NUM_PITCHES:
        # At the edge pretty_midi leaves the pitch whole.
        return moved
    part = abs(semitones - int(semitones))
    before = kept[source - direction] if 0 <= source - direction < _NUM_PITCHES else 0.0
    return (1 - part) * moved + part * before


@numba.njit(cache=True)
def _show_pitch(pitch, value, shown, frame, instrumentation, steps, count):
    """Steps a pitch to a value, and the count of instruments with it."""
    before = shown[pitch]
    if value == before:
        return count
    shown[pitch] = value
    steps[count]["frame"], steps[count]["column"], steps[count]["by"] = frame, pitch, value - before
    count += 1
    if instrumentation >= 0 and (value == 0) != (before == 0):
        steps[count]["frame"], steps[count]["column"] = frame, instrumentation + pitch
        steps[count]["by"] = 1.0 if before == 0 else -1.0
        count += 1
    return count
