"""How sure may a saved model be? Makes its probabilities true, and lets it say "none of these".

    python -m experiments.calibrate results/runs/four_composers/RUN
    python -m experiments.calibrate RUN --unknown FOLDER
    python -m experiments.calibrate MODEL --study STUDY

A temperature, and how much more longer pieces are to be trusted, are fitted on the pieces that chose the run's epoch;
with --study on what the models of a study over all folds answered, each for works that it did not hear: more pieces,
and the only ones for a model that was trained on all works (`experiments.ship`). What makes answers for other pieces
worse, by log-loss and by calibration error, is left out then.
Where the corpus has music by composers whom the model does not know, or FOLDER has a folder for each, half of these
teach how sure, and of how much one mind, the answers for a piece by one of the known ones are, and choose below which
score, for each composer answered, it is by none of them; how often that is wrong is measured on the other half, and on
the run's test pieces. What was found is written into `model.json`, under `calibration`, where
`experiments.predict` and `experiments.demo` find it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.config import REPOSITORY, Places
from experiments.engine.publishing import check_model_file, is_study
from experiments.engine.records import is_finished
from features.errors import InputError
from models.pretrained import MODEL_FILE


@dataclass(frozen=True)
class Arguments:
    """What to calibrate, and with which music."""

    run: Annotated[Path, tyro.conf.Positional]
    """A finished run folder of one fold; with --study any folder with model.h5, model.json and config.json."""
    study: Path | None = None
    """A finished study of the same settings (over all folds, or a run of one) to fit on the answers of."""
    unknown: Path | None = None
    """A folder with a folder for each composer whom the model does not know; none: those of the run's corpus."""
    data_home: Path | None = None
    """Where the run's corpus lies: a zip file, a folder, or a CSV file."""
    cache_dir: Path = REPOSITORY / ".cache"
    """Where prepared data is kept."""


@as_sentences(
    interrupted="Interrupted; the model is as it was.", advice="Make room, or choose another --cache-dir."
)
def main(argv: Sequence[str] | None = None) -> None:
    """Calibrates the run that the command line names."""
    asked = read_arguments(
        Arguments, argv, description=__doc__, name="calibrate", default=Arguments(tyro.MISSING)
    )
    check_model_file(asked.run / MODEL_FILE)
    is_whole = is_finished(asked.run) if asked.study is None else (asked.run / "config.json").exists()
    if not is_whole or not (asked.run / MODEL_FILE).exists():
        raise InputError(
            f"Expected a finished run folder with its model.h5, but {asked.run} is none; name another, for a study "
            "over all folds one of its folds/ (with --study, a folder with model.h5, model.json and config.json)."
        )
    if asked.study is not None and (
        not is_study(asked.study) or asked.study.resolve() == asked.run.resolve()
    ):
        raise InputError(
            f"Expected --study to name a finished study over all folds, or a run of one by another model, but "
            f"{asked.study} is none; run one with --fold all."
        )
    from experiments.engine.predicting.calibrating import calibrate
    from experiments.engine.predicting.reporting import print_calibration

    places = Places(data_home=asked.data_home, cache_dir=asked.cache_dir)
    print_calibration(calibrate(asked.run, places, study=asked.study, unknown=asked.unknown), asked.run)


if __name__ == "__main__":
    main()
