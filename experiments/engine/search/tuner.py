"""The worker's side of keras-tuner's engine: one trial after another, each run by a function."""

from collections.abc import Callable
from pathlib import Path

from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial

from experiments.engine.search.client import RemoteOracle
from experiments.engine.search.writing import in_writable_folders


class EndsEarly(Exception):
    """Ends the loop of keras-tuner's engine between two trials."""


class CrossValidationTuner(BaseTuner):
    """Runs the trials that a chief hands out, until it says that the search is over.

    What a trial raises makes it a failed one, with the trace as its message; but `ChiefLost`, `CannotWrite`, Ctrl-C and
    the like end the worker.

    Args:
        oracle: The connection to the chief.
        folder: The search folder.
        run: Returns the metrics of a trial, `val_macro_f1` among them.
        ends_early: Asked after each trial: whether to end though the search is not over.
    """

    def __init__(
        self,
        oracle: RemoteOracle,
        *,
        folder: Path,
        run: Callable[[Trial], dict[str, float]],
        ends_early: Callable[[], bool] = lambda: False,
    ):
        super().__init__(oracle, directory=str(folder.parent), project_name=folder.name)
        self.tuner_id = oracle.tuner_id
        self._run, self._ends_early = run, ends_early

    def search(self) -> bool:
        """Runs trials; returns whether the search is over."""
        try:
            super().search()
        except EndsEarly:
            return False
        return True

    def on_trial_end(self, trial: Trial) -> None:
        super().on_trial_end(trial)
        if self._ends_early():
            raise EndsEarly

    def run_trial(self, trial: Trial) -> dict[str, float]:
        with in_writable_folders():
            return self._run(trial)

    def save(self) -> None:
        """Does nothing: the chief keeps the books."""
