"""Which model should others get? One like those of a study, but trained on all works.

    python -m experiments.four_composers --fold all
    python -m experiments.ship results/runs/four_composers/STUDY
    python -m experiments.ship results/published/four_composers/STUDY --data-home midi-classic-music.zip
    python -m experiments.ship results/runs/all_composers/RUN
    python -m experiments.ship STUDY_ASKED_ANEW --weights results/runs/ship/STUDY

A study tells what to expect of its settings; its models have each heard only some of the works. This one hears all, for
as many epochs as theirs took to their best, on average, and is calibrated on what they answered for works that they did
not hear (`experiments.calibrate`). Nothing is left to test it on: its card has the scores of the study, and says so.
Where all folds cost too much, a run of one fold will do; scores and calibration then rest on the works of that fold.
The folder holds `model.h5`, `model.json` and `README.md`, which is the card; started again, it goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.config import REPOSITORY, Places
from experiments.engine.publishing import is_study
from experiments.engine.records import prepare_output
from features.errors import InputError


@dataclass(frozen=True)
class Arguments:
    """Like which models, with which music, and where to."""

    study: Annotated[Path, tyro.conf.Positional]
    """A finished study over all folds, or a run of one, of here or published."""
    output: Path | None = None
    """The folder to make (results/runs/ship/STUDY)."""
    unknown: Path | None = None
    """A folder with a folder for each composer whom the model does not know; none: those of the study's corpus."""
    repository: str = "OWNER/NAME"
    """Where the model will lie on the Hugging Face Hub, or its name among the shipped ones, for the card to say."""
    license: str = "mit"
    """Under which licence you give the weights away, as the Hub calls it."""
    weights: Path | None = None
    """What this tool made of the study that `experiments.reask` asked anew: its network is taken, not trained again."""
    teacher: tuple[str, ...] = ()
    """For a study whose models learnt from others: what this tool made of the studies of these, in the same order."""
    audit: Path | None = None
    """Folder of an audit of the same study (the latest one beside it, or among the published)."""
    data_home: Path | None = None
    """Where the study's corpus lies: a zip file, a folder, or a CSV file."""
    download: bool = False
    """Fetch the corpus from the network if the corpus can be fetched."""
    cache_dir: Path = REPOSITORY / ".cache"
    """Where prepared data is kept."""
    results_dir: Path = REPOSITORY / "results" / "runs"
    """Where the folder goes, unless --output names one."""
    published: Path = REPOSITORY / "results" / "published"
    """Where published audits lie."""


@as_sentences(
    interrupted="Interrupted; start it again, and it goes on.",
    advice="Make room, or choose another folder with --output.",
)
def main(argv: Sequence[str] | None = None) -> None:
    """Makes the model that the command line asks for."""
    asked = read_arguments(Arguments, argv, description=__doc__, name="ship", default=Arguments(tyro.MISSING))
    if not is_study(asked.study):
        raise InputError(
            f"Expected a finished study over all folds, or a run of one, but {asked.study} is none; run one with "
            "--fold all."
        )
    from experiments.engine.predicting.reporting import print_calibration
    from experiments.engine.sharing import check_repository, find_audit
    from experiments.engine.shipping import ship

    check_repository(asked.repository)
    folder = (asked.output or asked.results_dir / "ship" / asked.study.resolve().name).expanduser()
    prepare_output(folder if folder.exists() else folder.parent)  # the folder itself once there is music
    found = ship(
        asked.study,
        folder,
        Places(asked.data_home, asked.download, asked.cache_dir, teachers=asked.teacher),
        unknown=asked.unknown,
        weights=asked.weights,
        repository=asked.repository,
        license=asked.license,
        audit=asked.audit or find_audit(asked.study, asked.published),
    )
    print_calibration(found, folder)
    print(f"Trained on all works: {folder} (read README.md).")


if __name__ == "__main__":
    main()
