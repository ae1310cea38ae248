"""What do the learning curves say, and which settings matter? Opens TensorBoard on a search, a study or a run.

    python -m experiments.dashboard results/runs/four_composers/search-NAME
    python -m experiments.dashboard results/published/four_composers/RUN
    python -m experiments.dashboard results/runs --port 7007 --no-open

PATH may also be a folder of several of these. A search shows its hyper-parameters under HPARAMS, its learning curves
under TIME SERIES, its confusion matrices under IMAGES; runs show their learning curves and figures. Nothing is
written to their folders, and only this machine can see the page.
"""

import contextlib
import time
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.config import REPOSITORY
from features.errors import InputError

REFRESH_S = 15.0
"""How often new searches, runs and epochs are looked for."""

MOST_PORT = 65535


@dataclass(frozen=True)
class Arguments:
    """What to show."""

    path: tyro.conf.Positional[Path] = REPOSITORY / "results" / "runs"
    """A search folder, a run folder, the folder of a study over all folds, or a folder of several."""
    port: int = 6006
    """Where the page is served; 0: any free port."""
    open: bool = True
    """Whether to open it in a browser."""
    cache_dir: Path = REPOSITORY / ".cache"
    """Where the event files of runs are made, which TensorBoard reads."""


@as_sentences(
    interrupted="Ended.",
    advice="Make room, or choose another folder with --cache-dir.",
)
def main(argv: Sequence[str] | None = None) -> None:
    """Shows what the command line names, until Ctrl-C."""
    arguments = read_arguments(Arguments, argv, description=__doc__, name="dashboard")
    if not 0 <= arguments.port <= MOST_PORT:
        raise InputError(f"Expected --port to be 0 to {MOST_PORT}, but received {arguments.port}.")
    from experiments.engine.showing import Shown, serve

    shown = Shown(arguments.path.expanduser().resolve(), arguments.cache_dir.expanduser().resolve())
    shown.update()
    url = serve(shown.folder, arguments.port)
    print(f"TensorBoard shows {arguments.path} at {url}; Ctrl-C ends it.", flush=True)
    if arguments.open:
        webbrowser.open(f"{url}#{'hparams' if shown.searches else 'timeseries'}")
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(REFRESH_S)
            shown.update()


if __name__ == "__main__":
    main()
