"""Does the order of a list of files tell who wrote the next one? The notebook's LSTM on lengths and note counts.

    python -m experiments.file_order --corpus midi_classics --data-home midi-classic-music.zip

The composer classification notebook reports an accuracy of 0.9015 (macro-F1 0.86) for an LSTM that reads the length and
the number of notes of ten consecutive files, in the order of the walk through the folders, and tells the composer of
the file after them. This trains the same network (128, dropout 0.2, 64, dropout 0.2, Adam 0.001, 50 epochs, batches of
32) on the same windows and split, and then asks what that number means: beside it stands an answer that reads nothing
and names the composer of the file before, and the list is shuffled, and works are held out.

Some minutes on two cores. For the same network on music, see `experiments.descriptor_sequences`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.config import REPOSITORY, CorpusConfig
from experiments.engine.records import command_line, commit, prepare_output, write_csv, write_json
from experiments.engine.tables import module_of
from experiments.four_composers import COMPOSERS
from features.corpora import CORPORA
from features.corpora.catalogue import Request
from features.errors import InputError
from features.words import counted

if TYPE_CHECKING:
    from experiments.engine.file_lists import FileList, Windows

MODEL = "descriptor_lstm"

BATCH_SIZE = 32

EXPLANATION = """
The file before: names the composer of the file before the one that is asked for; it reads nothing and learns nothing.
In the order of the walk all files of a composer follow each other, so that it is right but where the composer changes;
an LSTM that scores less has learnt less than that. With the list shuffled nothing is left to learn from its order, and
with works held out as well nothing of the files themselves. Own numbers: what the two numbers tell of a piece."""


@dataclass(frozen=True)
class Arguments:
    """Which list of files, and how often."""

    corpus: str = CorpusConfig().corpus
    """Name of a corpus: music21_scores, midi_classics, composer_folders, synthetic; its pieces as they stand."""
    composers: tuple[str, ...] = ()
    """The composers to tell apart; none: the four of the corpus, or all it has."""
    seeds: int = 3
    """How often each network is trained, with other weights and, where the list is shuffled, in another order."""
    epochs: int = 50
    """Passes over the training windows."""
    output: Path | None = None
    """Write the scores (file_order.json) and the list (files.csv) to this folder."""
    smoke: bool = False
    """Rehearse: synthetic corpus, one seed, one epoch, seconds."""
    data_home: Path | None = None
    """Where the corpus lies: a zip file, a folder, or a CSV file."""
    download: bool = False
    """Fetch the corpus from the network if the corpus can be fetched."""
    cache_dir: Path = REPOSITORY / ".cache"
    """Where prepared data is kept."""

    def __post_init__(self) -> None:
        """Refuses numbers with which nothing is trained."""
        for name in ("seeds", "epochs"):
            if getattr(self, name) < 1:
                raise InputError(f"Expected {name} to be 1 or more, but received {getattr(self, name)}.")


@as_sentences(
    interrupted="Interrupted; start it again for all scores.",
    advice="Make room, or choose other folders with --output and --cache-dir.",
)
def main(argv: Sequence[str] | None = None) -> None:
    """Trains the network in every way, prints the scores and writes them down."""
    arguments = read_arguments(Arguments, argv, description=__doc__, name="file_order")
    if arguments.smoke:
        arguments = rehearsal(arguments)
    output = prepare_output(arguments.output)
    files = read_list(arguments)
    rows = score_all(files, arguments)
    print_scores(rows, files, arguments)
    if output:
        write_scores(rows, files, arguments, output)


def rehearsal(arguments: Arguments) -> Arguments:
    """Returns what a rehearsal does."""
    return replace(arguments, corpus="synthetic", composers=(), seeds=1, epochs=1, data_home=None)


def read_list(arguments: Arguments) -> "FileList":
    """Returns the files of the composers asked for, in the order of the walk.

    Raises:
        InputError: The corpus cannot be used, or is too small for windows.
    """
    from experiments.engine.file_lists import WINDOW, list_files

    corpus = module_of(CORPORA, arguments.corpus, kind="corpus")
    request = Request(
        data_home=arguments.data_home and arguments.data_home.expanduser(),
        cache_dir=arguments.cache_dir,
        download=arguments.download,
    )
    pieces = corpus.load(request)
    wanted = arguments.composers or COMPOSERS.get(arguments.corpus)
    files = list_files(
        pieces, wanted or sorted({piece.composer for piece in pieces}), cache_dir=arguments.cache_dir
    )
    if len(files.classes) < 2 or len(files.pieces) < 4 * WINDOW:
        raise InputError(
            f"Found {counted(len(files.pieces), 'file')} by {', '.join(files.classes)}; to cut windows of {WINDOW} "
            f"files, {4 * WINDOW} are needed, and two composers."
        )
    return files


def score_all(files: "FileList", arguments: Arguments) -> dict[str, dict[str, Any]]:
    """Trains the network in every way with every seed; returns the scores of each way."""
    from tqdm import tqdm

    from experiments.engine.file_lists import WAYS

    scores: dict[str, list[dict[str, float]]] = {name: [] for name in WAYS}
    with tqdm(desc="Training", total=len(WAYS) * arguments.seeds, unit="network") as bar:
        for name, way in WAYS.items():
            for seed in range(arguments.seeds):
                train, test = way(files, seed)
                scores[name].append(
                    score(train, test, len(files.classes), seed=seed, epochs=arguments.epochs)
                )
                bar.update()
    return {name: over_seeds(found) for name, found in scores.items()}


def score(train: "Windows", test: "Windows", num_classes: int, *, seed: int, epochs: int) -> dict[str, float]:
    """Trains the network on some windows; returns its scores on others, beside answers that need no network."""
    import keras
    import keras_tuner
    import numpy as np

    from models import BUILDERS

    keras.utils.clear_session()  # of the networks before
    keras.utils.set_random_seed(seed)
    builder = module_of(BUILDERS, MODEL, kind="model")
    model = builder.build(keras_tuner.HyperParameters(), train.numbers.shape[1:], num_classes)
    model.fit(train.numbers, train.labels, epochs=epochs, batch_size=BATCH_SIZE, verbose=0)
    answers = {
        "lstm": np.asarray(model(test.numbers)).argmax(
            axis=1
        ),  # not `predict`, which would be compiled each time
        "majority": np.full(len(test.labels), np.bincount(train.labels).argmax()),
        "before": test.before,
    }
    found = {"num_trained": len(train.labels), "num_tested": len(test.labels)}
    for name, given in answers.items():
        if given is not None:
            found |= {
                f"{name}_{kind}": value for kind, value in scores_of(test.labels, given, num_classes).items()
            }
    return found


def scores_of(labels, answers, num_classes: int) -> dict[str, float]:
    """Returns accuracy and macro-F1 of some answers."""
    from sklearn.metrics import confusion_matrix

    from experiments.engine.evaluation import macro_f1

    confusions = confusion_matrix(labels, answers, labels=range(num_classes))
    return {"accuracy": float((labels == answers).mean()), "macro_f1": float(macro_f1(confusions))}


def over_seeds(found: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Returns the mean of every score, and those of the network by seed.

    Example:
        >>> over_seeds([{"num_tested": 9, "lstm_accuracy": 0.5}, {"num_tested": 9, "lstm_accuracy": 1.0}])
        {'num_tested': 9.0, 'lstm_accuracy': 0.75, 'lstm_accuracy_by_seed': [0.5, 1.0]}
    """
    means: dict[str, Any] = {name: sum(one[name] for one in found) / len(found) for name in found[0]}
    by_seed = {f"{name}_by_seed": [one[name] for one in found] for name in means if name.startswith("lstm")}
    return means | by_seed


def print_scores(rows: Mapping[str, Mapping[str, Any]], files: "FileList", arguments: Arguments) -> None:
    """Prints a row for each way, and what the columns mean."""
    from rich.table import Table

    from experiments.engine.terminal import console

    times = f"mean of {arguments.seeds} seeds (lowest-highest)" if arguments.seeds > 1 else "one seed"
    table = Table(
        title=f"{arguments.corpus}: {len(files.pieces):,} files by {', '.join(files.classes)}; {times}"
    )
    for heading in (
        "windows",
        "tested",
        "majority:\naccuracy",
        "file before:\naccuracy",
        "LSTM:\naccuracy",
        "\nmacro-F1",
    ):
        table.add_column(heading, justify="left" if heading == "windows" else "right", no_wrap=True)
    for name, row in rows.items():
        before = f"{row['before_accuracy']:.3f}" if "before_accuracy" in row else ""
        lstm = [
            with_range(row[f"lstm_{kind}"], row[f"lstm_{kind}_by_seed"]) for kind in ("accuracy", "macro_f1")
        ]
        table.add_row(name, f"{row['num_tested']:.0f}", f"{row['majority_accuracy']:.3f}", before, *lstm)
    terminal = console(at_least=116)
    terminal.print(table)
    terminal.print(EXPLANATION.strip(), soft_wrap=True)


def with_range(mean: float, values: Sequence[float]) -> str:
    """Returns a mean with the lowest and the highest value, if there are several.

    Example:
        >>> with_range(0.5, [0.4, 0.6]), with_range(0.5, [0.5])
        ('0.500 (0.400-0.600)', '0.500')
    """
    return f"{mean:.3f}" + (f" ({min(values):.3f}-{max(values):.3f})" if len(values) > 1 else "")


def write_scores(
    rows: Mapping[str, Mapping[str, Any]], files: "FileList", arguments: Arguments, output: Path
) -> None:
    """Writes the list of files as `files.csv` and the scores as `file_order.json`."""
    from experiments.engine.device import describe_device  # imports Keras
    from experiments.engine.file_lists import WAYS

    columns = ("piece", "work", "composer", "length_as_read_s", "num_notes_as_read", "length_s", "num_notes")
    composers = [files.classes[label] for label in files.labels]
    numbers = zip(*files.as_read.tolist(), strict=True), zip(*files.true.tolist(), strict=True)
    lists = (files.pieces, files.works, composers, *numbers[0], *numbers[1])
    write_csv(
        output / "files.csv",
        columns,
        [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)],
    )
    made_with = {"command": command_line(), "commit": commit(), "device": describe_device()}
    described = {name: {"what": way.__doc__} | rows[name] for name, way in WAYS.items()}
    asked = {"corpus": arguments.corpus, "seeds": arguments.seeds, "epochs": arguments.epochs, "model": MODEL}
    write_json(
        output / "file_order.json", made_with | asked | {"classes": files.classes, "windows": described}
    )


if __name__ == "__main__":
    main()
