"""What a worker does: it asks the chief for trials and runs them, until there are none."""

from collections.abc import Callable
from pathlib import Path

from experiments.engine import records
from experiments.engine.config import Places
from experiments.engine.runner import Study, prepare, split_of
from experiments.engine.search.config import Search, load_search
from features.datasets import Dataset
from features.errors import InputError
from features.splits.inner import inner_folds
from features.splits.protocols import Split

TOKEN_FILE = ".token"
"""Holds the secret of a search: who cannot read its folder cannot talk to its chief."""


def folds_of(search: Search, dataset: Dataset, split: Split) -> list[Split]:
    """Returns what each fold of a search trains on and validates on; the test part is on no side."""
    apart = {"source": dataset.sources, "composer": dataset.writers}
    return inner_folds(
        split,
        search.settings.folds,
        composers=dataset.composers,
        pieces=dataset.pieces,
        works=dataset.works,
        num_chunks=dataset.num_chunks,
        sources=apart.get(search.config.split.protocol),
        seed=search.config.split.split_seed,
        rare=search.config.split.rare,
    )


def work(
    folder: Path, address: str, places: Places, *, name: str, on_reached: Callable[[], None] = lambda: None
) -> bool:
    """Runs trials of a search until its chief has no more, or this process has grown too much.

    Args:
        folder: The search folder; on another host it lies on a disk that both have.
        address: Of the chief, as `HOST:PORT`.
        places: Where the corpus and the prepared data lie on this host.
        name: Tells workers apart.
        on_reached: Called when the chief has answered.

    Returns:
        Whether the search is over.

    Raises:
        InputError: The folder is none of a search, the corpus is not that of the chief, the chief cannot be reached, or
            a file cannot be written.
    """
    from experiments.engine.search.writing import in_writable_folders

    with in_writable_folders():
        return _work(folder, address, places, name=name, on_reached=on_reached)


def _work(folder: Path, address: str, places: Places, *, name: str, on_reached: Callable[[], None]) -> bool:
    search = load_search(folder)
    dataset = prepare(search.config, places)
    # The chief has compared this with the works and folds that it wrote; here only the files may differ.
    records.check_contents(folder, records.contents_digest(dataset.pieces, dataset.contents))
    folds = folds_of(search, dataset, split_of(Study(search.config, places, dataset)))

    from experiments.engine.search.client import connect
    from experiments.engine.search.memory import Growth
    from experiments.engine.search.trials import Trials
    from experiments.engine.search.tuner import CrossValidationTuner

    with connect(address, tuner_id=name, token=read_token(folder)) as oracle:
        on_reached()
        trials = Trials(folder, search, dataset, folds, check=oracle.check, teachers=places.teachers)
        tuner = CrossValidationTuner(
            oracle, folder=folder, run=trials.metrics, ends_early=Growth().is_too_much
        )
        return tuner.search()


def read_token(folder: Path) -> str:
    """Reads the secret of a search.

    Raises:
        InputError: There is none, or this user may not read it.
    """
    try:
        return (folder / TOKEN_FILE).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise InputError(
            f"Expected the secret of a search in {folder / TOKEN_FILE}, but it cannot be read ({error.strerror}); "
            "join with the user who started the search, in its folder."
        ) from error
