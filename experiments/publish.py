"""How is a trained model handed on? Makes of a run a folder that is ready for the Hugging Face Hub.

    python -m experiments.publish RUN
    python -m experiments.publish RUN --repository owner/name --license cc-by-4.0 --output FOLDER

The folder holds `model.h5`, `model.json` and a model card: scores with their intervals and baselines, also as metadata
that the Hub reads; how to load it; what it listens to, if the study was audited; how sure it may be; its limits.
Nothing is uploaded. (`leaderboard --publish` is another thing: it puts a run's records among those of this repository.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from experiments.engine.command import as_sentences, read_arguments
from experiments.engine.config import REPOSITORY
from experiments.engine.publishing import check_model_file
from experiments.engine.records import is_finished, prepare_output
from features.errors import InputError
from models.pretrained import MODEL_FILE


@dataclass(frozen=True)
class Arguments:
    """What to hand on, and under which name."""

    run: Annotated[Path, tyro.conf.Positional]
    """A finished run folder with its model.h5; of a study over all folds, one of its folds."""
    repository: str = "OWNER/NAME"
    """Where it will lie on the Hub, for the card to say."""
    license: str = "mit"
    """Under which licence you give the weights away, as the Hub calls it."""
    audit: Path | None = None
    """Folder of an audit of the same study (the latest one beside the run, or among the published)."""
    output: Path | None = None
    """The folder to make (results/runs/publish/RUN)."""
    results_dir: Path = REPOSITORY / "results" / "runs"
    """Where the folder goes, unless --output names one."""
    published: Path = REPOSITORY / "results" / "published"
    """Where published audits lie."""


@as_sentences(
    interrupted="Interrupted; start it again.",
    advice="Make room, or choose another folder with --output.",
)
def main(argv: Sequence[str] | None = None) -> None:
    """Makes the folder of the run that the command line names."""
    asked = read_arguments(
        Arguments, argv, description=__doc__, name="publish", default=Arguments(tyro.MISSING)
    )
    check_model_file(asked.run / MODEL_FILE)
    if not is_finished(asked.run) or not (asked.run / MODEL_FILE).exists():
        raise InputError(
            f"Expected a finished run folder with its {MODEL_FILE}, but {asked.run} is none; name another, for a study "
            "over all folds one of its folds/."
        )
    from experiments.engine.sharing import check_repository, find_audit, share

    check_repository(asked.repository)
    output = asked.output or asked.results_dir / "publish" / asked.run.resolve().name
    if output.exists() and output.resolve() == asked.run.resolve():
        raise InputError(
            "The folder should be another than the run's, which stays as it is; choose --output."
        )
    folder = prepare_output(output)
    audit = asked.audit or find_audit(asked.run, asked.published)
    share(asked.run, folder, repository=asked.repository, license=asked.license, audit=audit)
    print(
        f"Ready: {folder} (what it listens to: {'no audit found' if audit is None else audit}). Read README.md, then:\n"
        f"hf upload {asked.repository} {folder}"
    )


if __name__ == "__main__":
    main()
