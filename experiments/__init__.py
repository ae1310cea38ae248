"""Questions and tools: each module here has a `main(argv=None)` and a line of its own."""

EXPERIMENTS = {
    "four_composers": "experiments.four_composers",
    "catalogue": "experiments.catalogue",
    "leaderboard": "experiments.leaderboard",
    "benchmark": "experiments.benchmark",
}
