"""The scores that come with music21: Palestrina, Monteverdi, Bach and the Viennese string quartet.

Nothing is downloaded. Each score is converted once, on all cores, into a small MIDI file that is
kept in the cache; a run that was stopped goes on where it was, and two runs at once share the work.
"""

import gc
import os
import random
import re
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

from tqdm import tqdm

from features.corpora.catalogue import Piece, Request, check_list, select_composers
from features.corpora.composers import find_composer
from features.corpora.files import read_file
from features.corpora.scores import score_to_midi
from features.errors import InputError
from features.whole import appears_whole
from features.workers import serve_parent

CONVERTER_VERSION = 1
"""To be raised whenever the same score becomes other bytes."""

SCORES_PER_WORKER = 16
"""A worker needs a second or two to start, as long as so many scores take to convert."""

EVERY_NTH_MASS = 6
"""Of 101 masses by Palestrina one in six is taken (17 masses, 233 movements), about as many works as
there are quartets: all of them would be seven eighths of the music."""

QUARTETS = (
    "haydn/opus1no1",
    "haydn/opus74no1",
    "mozart/k80",
    "mozart/k155",
    "mozart/k156",
    "mozart/k458",
    "beethoven/opus*",
)
"""Where the quartets lie. What else is in these folders is for the piano."""

MADRIGALS_IN_PARTS = ("3.8 3.9 3.10", "3.15 3.16 3.17", "3.19 3.20", "4.6 4.7", "5.4 5.5 5.6 5.7 5.8")
"""Madrigals by Monteverdi that go on in the next one (seconda parte, ...): one work each."""

Job = tuple[Path, Path]
"""A score, and where its MIDI file is kept."""


@dataclass(frozen=True, order=True)
class Score:
    """A score in music21's corpus.

    Attributes:
        piece: Its name: the label and the path within the composer's folder.
        composer: Its label.
        work: The work it belongs to.
        path: Where it lies.
    """

    piece: str
    composer: str
    work: str
    path: Path


def load(request: Request) -> list[Piece]:
    """Returns the scores as MIDI files, converting those that are not in the cache.

    A score that cannot be converted stays in the list: reading it raises the reason.

    Args:
        request: What is wanted; composers not asked for are not converted.

    Raises:
        InputError: A composer is not in the corpus, or the cache cannot be written.
    """
    check_list(request, "music21_scores")
    folder = request.cache_dir / f"music21_scores-{version('music21')}-{CONVERTER_VERSION}"
    jobs = {score: (score.path, folder / f"{score.piece}.mid") for score in find_scores()}
    pieces = [
        Piece(
            piece=score.piece,
            composer=score.composer,
            work=score.work,
            read=partial(read_converted, *job),
            facts=facts_of(score),
        )
        for score, job in jobs.items()
    ]
    pieces = select_composers(pieces, request.composers)
    wanted = {piece.composer for piece in pieces}
    prepare([job for score, job in jobs.items() if score.composer in wanted])
    return pieces


def facts_of(score: Score) -> dict[str, str]:
    """Returns which of the Viennese classics wrote a quartet, and its age; of the others their label tells.

    Example:
        >>> facts_of(Score("Viennese/mozart/k80/movement1", "Viennese", "mozart k80", Path()))
        {'writer': 'Mozart', 'era': 'Classical'}
    """
    if score.composer != "Viennese":
        return {}
    return {"writer": find_composer(score.piece.split("/")[1]), "era": "Classical"}


def find_scores() -> list[Score]:
    """Returns the scores that make up this corpus, sorted, without importing music21.

    Left out are analyses (`.rntxt`), superseded editions (`_old`), kern files beside a MusicXML
    file of the same piece, and Palestrina's masses but for one in six.
    """
    home = Path(find_spec("music21").origin).parent / "corpus"
    scores = [*_palestrina(home), *_monteverdi(home), *_bach(home), *_viennese(home)]
    return sorted(scores)


def prepare(jobs: Sequence[Job]) -> None:
    """Converts the scores whose MIDI file does not exist, on all cores, with a progress bar.

    Each file appears complete and at once: whatever stops this loses only the scores in hand.
    They come in an order of chance, so that the time left is guessed well and two runs at once
    seldom convert the same score.

    Raises:
        InputError: A MIDI file cannot be written.
    """
    missing = [job for job in jobs if not job[1].exists()]
    random.Random().shuffle(missing)  # not the seeded generator: an experiment may depend on its state
    try:
        if missing:
            _convert_all(missing)
    except OSError as error:
        raise InputError(
            f"Cannot keep the converted scores ({error}); make room, or choose another --cache-dir."
        ) from error


def read_converted(source: Path, kept: Path) -> bytes:
    """Returns a score as MIDI bytes, from the cache if it is there.

    Raises:
        InputError: The score cannot be converted.
    """
    return read_file(kept) if kept.exists() else score_to_midi(source)


def _palestrina(home: Path) -> Iterator[Score]:
    masses: dict[str, list[Path]] = {}
    for path in home.glob("palestrina/*.krn"):
        title = re.search(r"^!!!OPR:\s*(.*?)\s*$", path.read_text(encoding="latin-1"), re.MULTILINE)[1]
        masses.setdefault(title, []).append(path)
    for title in sorted(masses)[::EVERY_NTH_MASS]:
        for path in masses[title]:
            yield Score(f"Palestrina/{path.stem}", "Palestrina", title, path)


def _monteverdi(home: Path) -> Iterator[Score]:
    work_of = {number: numbers for numbers in MADRIGALS_IN_PARTS for number in numbers.split()}
    for path in home.glob("monteverdi/*.mxl"):
        if not path.stem.endswith("_old"):
            number = path.stem.removeprefix("madrigal.")
            work = f"Madrigal {work_of.get(number, number)}"
            yield Score(f"Monteverdi/{path.stem}", "Monteverdi", work, path)


def _bach(home: Path) -> Iterator[Score]:
    for path in home.glob("bach/*"):
        if path.suffix in (".mxl", ".xml"):  # the three kern files are twins of these
            number = re.match(r"bwv(\d+)", path.stem)[1]
            yield Score(f"Bach/{path.stem}", "Bach", f"BWV {number}", path)


def _viennese(home: Path) -> Iterator[Score]:
    for pattern in QUARTETS:
        for found in home.glob(pattern):
            paths = found.glob("*.mxl") if found.is_dir() else [found]
            for path in paths:
                name = path.relative_to(home).with_suffix("").as_posix()
                work = re.sub(r"no\d+", "", " ".join(name.split("/")[:2]))  # an opus is one work
                yield Score(f"Viennese/{name}", "Viennese", work, path)


def _convert_all(jobs: Sequence[Job]) -> None:
    workers = min(os.cpu_count() or 1, len(jobs) // SCORES_PER_WORKER)
    with tqdm(total=len(jobs), desc="Converting music21's scores", unit="score") as progress:
        if workers > 1:
            try:
                _convert_in_parallel(jobs, workers, progress)
            except BrokenProcessPool:
                progress.write("Several processes do not work here; now one by one.", sys.stderr)
        for job in jobs[progress.n :]:
            _convert(job)
            progress.update()


def _convert_in_parallel(jobs: Sequence[Job], workers: int, progress: tqdm) -> None:
    # Processes are spawned, not forked: the same on every system, and safe beside TensorFlow's threads.
    with ProcessPoolExecutor(workers, get_context("spawn"), _start_worker) as pool:
        for _ in pool.map(_convert, jobs):
            progress.update()


def _start_worker() -> None:
    """Leaves Ctrl-C to the main process, which stops us after the score in hand; ends when it is killed."""
    serve_parent()
    gc.set_threshold(100_000, 50, 50)  # a score is many small objects that all stay: a quarter less time


def _convert(job: Job) -> None:
    """Converts one score, unless that fails: then `read_converted` will raise the reason."""
    source, kept = job
    if kept.exists():
        return
    try:
        data = score_to_midi(source)
    except InputError:
        return
    kept.parent.mkdir(parents=True, exist_ok=True)
    with appears_whole(kept) as unfinished:
        unfinished.write_bytes(data)
