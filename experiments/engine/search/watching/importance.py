"""How much each hyper-parameter matters, as far as the trials tell."""

from typing import Any

from experiments.engine.search.state import SearchState
from experiments.engine.search.watching.axes import axes_of, scored_trials

LEAST_TRIALS = 5
"""With fewer scores nothing can be said about what matters."""


def importance(state: SearchState) -> list[dict[str, Any]]:
    """Estimates how much each hyper-parameter matters, from the trials that have a score.

    A random forest learns the scores from the settings; what matters is what makes its answers worse when it is
    shuffled (permutation importance; Breiman, 2001).

    Returns:
        `name`, `share` (of all importance) and its `spread` over ten shuffles, the most important first; nothing with
        too few trials.
    """
    trials = scored_trials(state)
    axes = axes_of(state, trials)
    if len(trials) < LEAST_TRIALS or not axes or len({trial.score for trial in trials}) < 2:
        return []
    import numpy as np
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance

    settings, scores = np.array([axis.places for axis in axes]).T, np.array([trial.score for trial in trials])
    forest = RandomForestRegressor(100, random_state=0).fit(settings, scores)
    found = permutation_importance(forest, settings, scores, n_repeats=10, random_state=0)
    means = found.importances_mean.clip(0)
    if not means.any():
        return []
    rows = [
        {"name": axis.name, "share": float(mean), "spread": float(spread)}
        for axis, mean, spread in zip(
            axes, means / means.sum(), found.importances_std / means.sum(), strict=True
        )
    ]
    return sorted(rows, key=lambda row: -row["share"])
