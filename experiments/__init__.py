"""Questions and tools: each module here has a `main(argv=None)` and a line of its own."""

STUDIES = {
    "four_composers": "experiments.four_composers",
    "all_composers": "experiments.all_composers",
    "descriptor_sequences": "experiments.descriptor_sequences",
}
"""What can be run, searched and compared; each has its configuration in `DEFAULT` and fills in `configure`."""

TOOLS = {
    "tune": "experiments.tune",
    "catalogue": "experiments.catalogue",
    "explore": "experiments.explore",
    "audit": "experiments.audit",
    "augment": "experiments.augment",
    "file_order": "experiments.file_order",
    "imbalance": "experiments.imbalance",
    "leaderboard": "experiments.leaderboard",
    "benchmark": "experiments.benchmark",
    "dashboard": "experiments.dashboard",
}

EXPERIMENTS = STUDIES | TOOLS
