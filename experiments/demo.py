"""Can you tell who wrote it, and can the model? Opens a page to drop music on, to hear it, and to guess.

    python -m experiments.demo
    python -m experiments.demo --model results/runs/four_composers/RUN --port 7008 --no-open

Drop a MIDI file, pick a piece that comes with music21, or be surprised with fifteen seconds of one; see it, hear it,
guess, and then see what the model thinks, over time, and which notes decided. Everything happens on this machine: the
page asks no other host for anything, and what is dropped on it is read in memory and kept nowhere.
"""

import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass

from experiments.dashboard import MOST_PORT
from experiments.engine.command import as_sentences, read_arguments
from features.errors import InputError
from models.pretrained import DEFAULT


@dataclass(frozen=True)
class Arguments:
    """Whom to ask, and where."""

    model: str = DEFAULT
    """A shipped model by its name, or a run folder, or an .h5 file with its .json beside it."""
    prior: str | None = None
    """How often each composer is to be expected; see experiments.predict."""
    host: str = "127.0.0.1"
    """Address to serve; 0.0.0.0 shows the page to everybody in the network."""
    port: int = 7007
    """Where the page is served; 0: any free port."""
    open: bool = True
    """Whether to open it in a browser."""


@as_sentences(interrupted="Ended.", advice="Choose another model.")
def main(argv: Sequence[str] | None = None) -> None:
    """Serves the page until Ctrl-C."""
    asked = read_arguments(Arguments, argv, description=__doc__, name="demo")
    if not 0 <= asked.port <= MOST_PORT:
        raise InputError(f"Expected --port to be 0 to {MOST_PORT}, but received {asked.port}.")
    from experiments.engine.demo.app import App
    from experiments.engine.demo.listening import Ear
    from experiments.engine.demo.serving import open_server
    from experiments.engine.predicting.asking import Asker
    from experiments.engine.saved_models import load_saved_model

    ear = Ear(Asker(load_saved_model(asked.model), prior=asked.prior))
    server = open_server(App(ear, host=asked.host), asked.port)
    url = f"http://{_shown(asked.host)}:{server.port}"
    print(f"Listening at {url}; Ctrl-C ends it.", flush=True)
    if asked.open:
        webbrowser.open(url)
    server.serve_forever()  # until Ctrl-C, which also closes it
    ear.close()


def _shown(host: str) -> str:
    """A host as an address has it: one that means all of this machine's is none to open."""
    if host in ("0.0.0.0", "::"):
        return "localhost"
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    main()
