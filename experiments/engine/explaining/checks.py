"""What was found when the explanations of a model were checked: of itself, or else of a model that was made alike."""

from pathlib import Path
from typing import Any

from experiments.engine import records
from experiments.engine.explaining.checking import checked_on, verdict
from experiments.engine.explaining.places import CHECK_FILE
from experiments.engine.predicting.asking import CALIBRATION
from experiments.engine.publishing import TRAINED_BY
from experiments.engine.saved_models import SavedModel


def checks_of(saved: SavedModel, home: Path, published: Path) -> list[dict[str, Any]]:
    """Returns the checks of a model, those of its own folder and those that are published.

    A model that has heard all works cannot be checked on them. The checks of those models speak for it that were made
    alike, without a fold of the works, and by which it was calibrated; `alike` then names the one that was checked.
    What is explained is the network, so that a check holds in whatever way the network is asked.

    Args:
        saved: The model.
        home: The folder of all its explanations.
        published: Where published runs and checks lie, by experiment.
    """
    own = [records.read_json(path) for path in sorted(home.glob(f"check-*/{CHECK_FILE}"))]
    others = [records.read_json(path) for path in sorted(published.glob(f"explain/*/{CHECK_FILE}"))]
    own += [check for check in others if _weights_of(check["model"]) == _weights_of(home.name)]
    if own:
        return own
    study = (saved.description.get(CALIBRATION) or {}).get("fitted_on", {}).get("study")
    folds = {name for path in published.glob(f"*/{study}/folds/*/*") for name in _trained_by(path)}
    runs = [check["model"].rpartition("-")[0] for check in others]  # without the digest of the weights
    return [check | {"alike": run} for check, run in zip(others, runs, strict=True) if run in folds]


def _weights_of(name: str) -> str:
    """Returns the digest of the weights, with which the name of a model's explanations ends."""
    return name.rpartition("-")[2]


def _trained_by(run: Path) -> set[str]:
    """Returns the name of a run, and of that which trained its network, if it took one."""
    path = run / "environment.json"
    made_with = records.read_json(path) if path.exists() else {}
    return {run.name, made_with.get(TRAINED_BY, {}).get("run", run.name)}


def check_sentences(checks: list[dict[str, Any]]) -> list[str]:
    """Returns whether explanations of a model can be believed, as far as it has been checked."""
    if not checks:
        return [
            "Whether explanations of this model can be believed has not been checked: run it with --check."
        ]
    return [
        f"{whose(check)}{verdict(check)} ({check['corpus']}, {checked_on(check)} that it never heard.)"
        for check in checks
    ]


def whose(check: dict[str, Any]) -> str:
    """Returns what has to be said before the verdict of a check that is of another model; otherwise nothing.

    Example:
        >>> whose({"alike": "work-0"}), whose({})
        ('Of a model made alike, which has not heard all works (work-0): ', '')
    """
    return (
        f"Of a model made alike, which has not heard all works ({check['alike']}): "
        if "alike" in check
        else ""
    )
