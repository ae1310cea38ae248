"""What is one source: the collection of one sequencer, told from what a file says beside its notes."""

from features.midi import Events


def source_of(events: Events) -> str:
    """Returns the source of a file, by its format and its ticks per beat."""
    return f"{events.file_format}-{events.ticks_per_beat}"
