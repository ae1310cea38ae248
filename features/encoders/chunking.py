"""Where the chunks of a piece begin, whatever its rows hold."""

import numpy as np


def chunk_starts(num_frames: int, chunk_frames: int, hop: int | None) -> np.ndarray:
    """Returns the first frame of each chunk of a piece.

    Together the chunks cover every frame, and each chunk holds a frame that none before it does; a piece without
    frames has no chunks.

    Args:
        num_frames: Frames of the piece.
        chunk_frames: Frames of a chunk.
        hop: Frames from the start of one chunk to the start of the next; None for `chunk_frames`.

    Returns:
        int64 `(chunks,)`: 0, hop, 2 * hop...

    Example:

    >>> chunk_starts(310, 150, None).tolist(), chunk_starts(310, 150, 100).tolist()
    ([0, 150, 300], [0, 100, 200])
    """
    hop = hop or chunk_frames
    # With a hop longer than a chunk, frames between chunks are left out on purpose.
    overlap = max(chunk_frames - hop, 0)
    last = max(num_frames - overlap, min(num_frames, 1))
    return np.arange(0, last, hop, dtype=np.int64)
