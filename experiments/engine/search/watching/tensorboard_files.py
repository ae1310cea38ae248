"""Event files for TensorBoard, written without TensorFlow, whose import takes seconds and hundreds of megabytes.

TensorBoard's own `EventFileWriter` imports TensorFlow where it is installed; its `RecordWriter` does not.
"""

import math
import os
import socket
import struct
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

PATTERN = "events.out.tfevents.*"

FORMAT = "brain.Event:2"
"""What the first event of a file says; a later file with the same steps then replaces them in the display."""


class EventFile:
    """A new event file of one run of TensorBoard, which takes the place of older ones.

    A process that is killed leaves a file that may end in half an event. The next one does not append to it, but
    writes what it held anew, and then deletes it. No file stays open between two events.

    Args:
        folder: The run; made if it is missing.
        earlier: Summaries with their steps and times, which the older files held.
    """

    def __init__(self, folder: Path, earlier: Iterable[tuple[Summary, int, float]] = ()):
        folder.mkdir(parents=True, exist_ok=True)
        older = list(folder.glob(PATTERN))
        # TensorBoard reads the files of a run in the order of their names.
        name = f"events.out.tfevents.{time.time_ns() // 1000:020d}.{socket.gethostname()}.{os.getpid()}"
        self.path = folder / name
        events = [
            Event(wall_time=wall_time, step=step, summary=summary) for summary, step, wall_time in earlier
        ]
        self._write(Event(wall_time=time.time(), file_version=FORMAT), *events)
        for path in older:
            path.unlink(missing_ok=True)

    def add(self, summary: Summary, step: int = 0) -> None:
        """Writes a summary, which TensorBoard can read at once."""
        self._write(Event(wall_time=time.time(), step=step, summary=summary))

    def _write(self, *events: Event) -> None:
        with self.path.open("ab") as file:
            records = RecordWriter(file)
            for event in events:
                records.write(event.SerializeToString())


def scalars(values: Mapping[str, Any]) -> Summary:
    """Returns a summary of numbers; those that are None or none are left out."""
    numbers = {name: value for name, value in values.items() if value is not None and math.isfinite(value)}
    return Summary(value=[Summary.Value(tag=name, simple_value=value) for name, value in numbers.items()])


def image(tag: str, png: bytes) -> Summary:
    """Returns a summary of a picture, given as the content of a PNG file."""
    width, height = struct.unpack(">II", png[16:24])
    picture = Summary.Image(width=width, height=height, colorspace=4, encoded_image_string=png)
    return Summary(value=[Summary.Value(tag=tag, image=picture)])


def history_summaries(rows: Iterable[Mapping[str, float]]) -> list[tuple[Summary, int, float]]:
    """Returns the summaries of a `history.csv`, with steps and times, as if they had been written just before now."""
    rows = list(rows)
    now, seconds_after = time.time(), 0.0
    summaries = []
    for row in reversed(rows):
        summaries.append((of_row(row), int(row["epoch"]) + 1, now - seconds_after))
        seconds_after += row.get("seconds", 0.0)
    return summaries[::-1]


def of_row(row: Mapping[str, float]) -> Summary:
    """Returns a summary of a row of a history."""
    return scalars({name: value for name, value in row.items() if name != "epoch"})
