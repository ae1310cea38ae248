"""Folders of results as TensorBoard reads them: event files are made of what a run left, where there are none."""

import hashlib
import shutil
import sys
from pathlib import Path
from types import ModuleType

from experiments.engine.search.config import SEARCH_FILE
from experiments.engine.search.events import FOLDER, write_search_events
from experiments.engine.search.files import read_history
from experiments.engine.search.tensorboard_files import PATTERN, EventFile, history_summaries, image
from features.errors import InputError


class Shown:
    """What TensorBoard shows of a folder.

    A search that has event files is shown as it is; of everything else they are made in the cache.

    Args:
        path: The folder that was asked for.
        cache_dir: Where the cache is.

    Attributes:
        folder: What TensorBoard reads.
        searches: The search folders in it.
        runs: The run folders in it that belong to no search.

    Raises:
        InputError: There is nothing to show.
    """

    def __init__(self, path: Path, cache_dir: Path):
        if not path.is_dir():
            raise InputError(f"Expected a folder of results, but there is no {path}; name another.")
        self.path = path
        self.searches = sorted(file.parent for file in path.rglob(SEARCH_FILE))
        histories = sorted(path.rglob("history.csv"))
        self.runs = [file.parent for file in histories if not self._is_of_a_search(file)]
        if not self.searches and not self.runs:
            raise InputError(
                f"Expected a search or a run in {path}, but it holds no {SEARCH_FILE} and no history.csv; name a "
                "folder in results/runs or results/published."
            )
        self.made: dict[Path, int] = {}
        if self.searches == [path] and _has_events(path):
            self.folder = path / FOLDER
        else:
            digest = hashlib.blake2b(str(path).encode(), digest_size=6).hexdigest()
            self.folder = cache_dir / "dashboard" / f"{path.name}-{digest}"
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            for search in self.searches:
                self._add_search(search)

    def update(self) -> None:
        """Makes the event files of runs that have new epochs."""
        for run in self.runs:
            changed = (run / "history.csv").stat().st_mtime_ns
            if self.made.get(run) != changed:
                write_run_events(run, self._place(run))
                self.made[run] = changed

    def _is_of_a_search(self, file: Path) -> bool:
        return any(search in file.parents for search in self.searches)

    def _place(self, folder: Path) -> Path:
        return self.folder / (folder.relative_to(self.path) if folder != self.path else folder.name)

    def _add_search(self, search: Path) -> None:
        place = self._place(search)
        place.parent.mkdir(parents=True, exist_ok=True)
        if not _has_events(search):
            print(f"Making the event files of {search}.", file=sys.stderr)
            write_search_events(search, place)
            return
        try:
            place.symlink_to(search / FOLDER, target_is_directory=True)  # so that it is seen to grow
        except OSError:  # Windows wants a permission for it
            shutil.copytree(search / FOLDER, place)


def _has_events(search: Path) -> bool:
    return next((search / FOLDER).rglob(PATTERN), None) is not None


def write_run_events(run: Path, folder: Path) -> None:
    """Makes the event file of a run, from its history and its figures.

    Args:
        run: The run folder.
        folder: Where the event file goes, instead of an older one.
    """
    events = EventFile(folder, history_summaries(read_history(run / "history.csv")))
    for figure in sorted(run.glob("figures/*.png")):
        events.add(image(figure.stem, figure.read_bytes()))


def serve(folder: Path, port: int) -> str:
    """Serves TensorBoard on this machine alone, until the process ends.

    Args:
        folder: The event files.
        port: 0 for any free port.

    Returns:
        The address of the page.

    Raises:
        InputError: The port is taken.
    """
    # TensorBoard imports TensorFlow where it is installed, which takes seconds and says a lot, unless there is a module
    # of this name (see tensorboard.compat).
    sys.modules.setdefault("tensorboard.compat.notf", ModuleType("tensorboard.compat.notf"))
    from tensorboard.program import TensorBoard, TensorBoardServerException

    tensorboard = TensorBoard()
    tensorboard.configure(logdir=str(folder), host="127.0.0.1", port=port, reload_interval=5)
    try:
        return tensorboard.launch()
    except TensorBoardServerException as error:
        raise InputError(f"TensorBoard cannot be served at port {port}: {error.msg.strip()}") from error
