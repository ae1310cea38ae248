"""Folders of results as TensorBoard reads them: event files are made of what a run left, where there are none."""

import contextlib
import hashlib
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from experiments.engine.search.config import SEARCH_FILE
from experiments.engine.search.files import read_history
from experiments.engine.search.watching.events import FOLDER, write_search_events, write_space
from experiments.engine.search.watching.tensorboard_files import PATTERN, EventFile, history_summaries, image
from features.errors import InputError

BEST_FOLDER = "best"
"""In a search folder, the run of its best setting."""


class Shown:
    """What TensorBoard shows of a folder, in a folder of the cache that follows it.

    The event files of the trials of a search are linked there; where there are none, and of runs, they are made there.
    The run of the best setting of a search is shown as `best`, beside its trials.

    Args:
        path: The folder that was asked for.
        cache_dir: Where the cache is.

    Attributes:
        folder: What TensorBoard reads; filled by `update`.
        searches: The search folders in the folder that was asked for.
        runs: The run folders in it; of a search only that of its best setting.

    Raises:
        InputError: There is nothing to show.
    """

    def __init__(self, path: Path, cache_dir: Path):
        if not path.is_dir():
            raise InputError(f"Expected a folder of results, but there is no {path}; name another.")
        self.path = path
        self.searches: list[Path] = []
        self.runs: list[Path] = []
        self._list()
        if not self.searches and not self.runs:
            raise InputError(
                f"Expected a search or a run in {path}, but it holds no {SEARCH_FILE} and no history.csv; name a "
                "folder in results/runs or results/published."
            )
        self.made: dict[Path, Any] = {}
        digest = hashlib.blake2b(str(path).encode(), digest_size=6).hexdigest()
        self.folder = cache_dir / "dashboard" / f"{path.name}-{digest}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def update(self) -> None:
        """Takes up what is new: searches, their trials, runs, and epochs of runs."""
        gone = contextlib.suppress(FileNotFoundError)  # deleted or renamed in this very moment: the next time
        with gone:
            self._list()
        for search in self.searches:
            with gone:
                self._show_search(search)
        # One for all: of several TensorBoard would read any.
        write_space(self.searches, self.folder)
        for run in self.runs:
            with gone:
                self._show_run(run)

    def _list(self) -> None:
        self.searches = sorted(file.parent for file in self.path.rglob(SEARCH_FILE))
        folders = [file.parent for file in sorted(self.path.rglob("history.csv"))]
        self.runs = [folder for folder in folders if not self._is_of_a_trial(folder)]

    def _is_of_a_trial(self, folder: Path) -> bool:
        return any(search in folder.parents and folder != search / BEST_FOLDER for search in self.searches)

    def _place(self, folder: Path) -> Path:
        alone = folder == self.path and folder not in self.searches
        return self.folder / (folder.name if alone else folder.relative_to(self.path))

    def _show_search(self, search: Path) -> None:
        place = self._place(search)
        if _has_events(search):
            if self.made.pop(search, None):  # they were made before it had its own
                shutil.rmtree(place)
                self.made.pop(search / BEST_FOLDER, None)
            place.mkdir(parents=True, exist_ok=True)
            for entry in (search / FOLDER).iterdir():
                if entry.is_dir() and not entry.name.startswith("."):
                    _link(entry, place / entry.name)
        elif search not in self.made:
            print(f"Making the event files of {search}.", file=sys.stderr)
            place.mkdir(parents=True, exist_ok=True)
            write_search_events(search, place)
            self.made[search] = True

    def _show_run(self, run: Path) -> None:
        """Makes the event file of a run if it has new epochs or figures."""
        files = [run / "history.csv", *sorted(run.glob("figures/*.png"))]
        changed = [(file.name, file.stat().st_mtime_ns) for file in files]
        if self.made.get(run) != changed:
            write_run_events(run, self._place(run))
            self.made[run] = changed


def _has_events(search: Path) -> bool:
    return next((search / FOLDER).rglob(PATTERN), None) is not None


def _link(source: Path, target: Path) -> None:
    """Links a folder, so that what is linked is seen to grow; where links are not allowed, a copy as it is now."""
    if target.is_symlink():
        return
    try:
        if not target.exists():
            target.symlink_to(source, target_is_directory=True)
            return
    except OSError:  # Windows wants a permission for it
        pass
    with contextlib.suppress(FileNotFoundError, shutil.Error):  # replaced in this very moment: the next time
        shutil.copytree(source, target, dirs_exist_ok=True)


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
