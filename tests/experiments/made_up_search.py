"""Writes search folders as a search leaves them, without any training: for the tests of all that reads them."""

import csv
import json
import math
import random

HISTORY = (
    *("epoch", "seconds", "learning_rate", "loss", "accuracy"),
    *("val_loss", "val_accuracy", "val_macro_f1", "val_piece_macro_f1"),
)
CLASSES = ["Bach", "Monteverdi", "Palestrina", "Viennese quartet"]
FAILURE = "ResourceExhaustedError: out of memory, <b>width</b> 320 & more"
EPOCHS = 8


def hyperparameter(kind, name, conditions=(), **config):
    """What keras-tuner writes of a hyper-parameter."""
    parents = [
        {"class_name": "Parent", "config": {"name": parent, "values": values}}
        for parent, values in conditions
    ]
    return {"class_name": kind, "config": {"name": name, "conditions": parents} | config}


SPACE = [
    hyperparameter("Choice", "batch_size", values=[32, 64, 128], default=64, ordered=True),
    hyperparameter("Boolean", "move", default=True),
    hyperparameter("Choice", "schedule", values=["cosine", "constant"], default="cosine", ordered=False),
    hyperparameter("Choice", "width", values=[128, 192, 256, 320], default=192, ordered=True),
    hyperparameter(
        "Int", "num_blocks", min_value=3, max_value=6, step=1, sampling="linear", default=5
    ),
    hyperparameter(
        "Float", "dropout", min_value=0.0, max_value=0.3, step=None, sampling="linear", default=0.1
    ),
    hyperparameter("Choice", "optimizer", values=["adam", "adamw", "sgd"], default="adamw", ordered=False),
    hyperparameter(
        "Float", "learning_rate", [("optimizer", ["adam", "adamw"])],
        min_value=3e-4, max_value=1e-2, step=None, sampling="log", default=2e-3,
    ),
    hyperparameter(
        "Float", "weight_decay", [("optimizer", ["adamw"])],
        min_value=1e-4, max_value=1e-1, step=None, sampling="log", default=1e-2,
    ),
    hyperparameter(
        "Choice", "momentum", [("optimizer", ["sgd"])], values=[0.0, 0.9], default=0.9, ordered=True
    ),
    hyperparameter("Fixed", "init", value="he_normal"),
]  # fmt: skip


def make_search(
    folder,
    *,
    trials=12,
    running=True,
    failures=2,
    stopped=2,
    tuner="random",
    max_trials=None,
    folds=3,
    values=None,
):
    """Writes a search folder.

    Args:
        folder: Where to; is made.
        trials: How many there are, those at work included.
        running: Whether the last one is at work and the one before waits; else the search is finished.
        failures: How many of them failed; as many as there are: all.
        stopped: How many of them were stopped early.
        tuner: Its name; hyperband adds values of its own.
        max_trials: How many there will be.
        folds: Of each trial.
        values: Replaces values of every trial.

    Returns:
        The folder.
    """
    rng = random.Random(7)
    folder.mkdir(parents=True)
    settings = {
        "tuner": tuner, "space": "wide", "max_trials": max_trials or trials, "folds": folds, "stop_losing": True,
        "max_failures": 3, "search_seed": 0,
    }  # fmt: skip
    write(folder / "search.json", {"config": CONFIG, "search": settings})
    write(folder / "environment.json", {"started": "2026-03-01T09:00:00+00:00", "command": "python -m <b>"})
    write_rows(folder / "splits.csv", ("piece", "work", "source", "composer", "split", "fold"), splits(folds))
    ids = [f"{number:04d}" for number in range(trials)]
    at_work, waits = (ids[-1:], ids[-2:-1]) if running else ([], [])
    fails = ids[1 : 1 + failures] if failures < trials else ids
    stops = ids[1 + failures : 1 + failures + stopped]
    done = {}
    for trial_id in ids:
        chosen = draw(rng) | (rung(rng) if tuner == "hyperband" else {}) | (values or {})
        status = status_of(trial_id, {"RUNNING": at_work, "INVALID": waits, "FAILED": fails})
        trial = folder / f"trial_{trial_id}"
        trial.mkdir()
        if status in ("RUNNING", "INVALID"):
            score = None
            if status == "RUNNING":
                write_fold(trial / "fold_0", rng, chosen)
                write_fold(trial / "fold_1", rng, chosen, finished=False)
        elif status == "FAILED":
            score = None
            write_fold(trial / "fold_0", rng, chosen, finished=False)
            (trial / "failure.txt").write_text(f"Traceback\n{FAILURE}\n", encoding="utf-8")
            write(trial / "result.json", {"status": "failed", "reason": FAILURE, "score": None})
        else:
            early = trial_id in stops
            num_folds, inherited = rounds(chosen, folds)
            found = [
                write_fold(trial / f"fold_{k}", rng, chosen, inherited=EPOCHS // 2 if k < inherited else 0)
                for k in range(1 if early else num_folds)
            ]
            result = summed_up(found, early=early)
            score = result["score"]
            write(trial / "result.json", result)
            if len(found) == folds and not early:
                done[trial_id] = (result, chosen)
        write_trial(trial, trial_id, status, chosen, score)
    write_oracle(folder, ids, at_work, waits, chosen=draw(rng))
    if not running and done:
        finish(folder, ids, done, len(fails), len(stops))
    return folder


def status_of(trial_id, some):
    """keras-tuner's word for how a trial stands; one that waits for another worker is invalid until then."""
    return next((status for status, ids in some.items() if trial_id in ids), "COMPLETED")


def draw(rng):
    """Draws a setting; keras-tuner's values hold only what has an effect."""
    optimizer = rng.choice(["adam", "adamw", "sgd"])
    values = {
        "batch_size": rng.choice([32, 64, 128]), "move": rng.random() < 0.5,
        "schedule": rng.choice(["cosine", "constant"]), "width": rng.choice([128, 192, 256, 320]),
        "num_blocks": rng.randint(3, 6), "dropout": rng.uniform(0, 0.3), "optimizer": optimizer, "init": "he_normal",
    }  # fmt: skip
    if optimizer == "sgd":
        return values | {"momentum": rng.choice([0.0, 0.9])}
    values["learning_rate"] = 10 ** rng.uniform(-3.5, -2)
    return values | ({"weight_decay": 10 ** rng.uniform(-4, -1)} if optimizer == "adamw" else {})


def rung(rng):
    found = {
        "tuner/epochs": rng.choice([2, 4, 8]), "tuner/initial_epoch": 0, "tuner/bracket": 2,
    }  # fmt: skip
    return found | {"tuner/round": [2, 4, 8].index(found["tuner/epochs"])}


def rounds(values, folds):
    """On how many folds a trial validates, and how many of them an earlier trial began: Hyperband halves them."""
    if "tuner/round" not in values:
        return folds, 0
    shares = [math.ceil(folds * number / 3) for number in range(4)]
    return shares[values["tuner/round"] + 1], shares[values["tuner/round"]]


def write_fold(folder, rng, values, *, finished=True, inherited=0):
    """Writes a fold with learning curves that depend on the setting; one at work has half its epochs.

    Of these an earlier trial may have trained the first ones.
    """
    folder.mkdir()
    if inherited:
        write(folder / "inherited.json", {"epochs": inherited})
    best = 0.55 + 0.25 * (values.get("width") or 0) / 320 + 0.08 * (values.get("optimizer") != "sgd")
    best += rng.uniform(-0.03, 0.03)
    rows = []
    for epoch in range(EPOCHS if finished else EPOCHS // 2):
        score = best * (1 - math.exp(-(epoch + 1) / 2.5)) + rng.uniform(-0.02, 0.02)
        loss = 1.3 * math.exp(-epoch / 4)
        numbers = (
            epoch,
            7.5,
            2e-3,
            loss,
            1 - loss / 2,
            loss + 0.2 + 0.02 * epoch,
            score + 0.03,
            score,
            score + 0.05,
        )
        rows.append(dict(zip(HISTORY, numbers, strict=True)))
    write_rows(folder / "history.csv", HISTORY, rows)
    if not finished:
        return None
    own = len(rows) - inherited
    found = max(rows, key=lambda row: row["val_macro_f1"])
    fold = {
        "score": found["val_macro_f1"], "piece_score": found["val_piece_macro_f1"], "best_epoch": found["epoch"],
        "num_epochs": own, "seconds": 7.5 * own, "chunk_epochs": 900 * own,
        "num_parameters": 1500 * (values.get("width") or 1) * (values.get("num_blocks") or 1),
        "confusion": [[40 if row == column else 3 + row for column in range(4)] for row in range(4)],
    }  # fmt: skip
    write(folder / "fold.json", fold)
    return fold


def summed_up(folds, *, early):
    scores = [fold["score"] for fold in folds]
    mean = sum(scores) / len(scores)
    return {
        "status": "stopped early" if early else "completed",
        "reason": f"Clearly behind the best trial after {len(folds)} of 3 folds." if early else "",
        "score": mean - (0.05 if early else 0),
        "spread": math.dist(scores, [mean] * len(scores)) / (len(scores) - 1) ** 0.5 if len(scores) > 1 else None,
        "fold_scores": scores, "until": None, "num_parameters": folds[0]["num_parameters"],
        "epochs": sum(fold["num_epochs"] for fold in folds), "seconds": sum(fold["seconds"] for fold in folds),
        "chunk_epochs": sum(fold["chunk_epochs"] for fold in folds),
    }  # fmt: skip


def write_trial(folder, trial_id, status, values, score):
    """Writes what keras-tuner keeps of a trial."""
    write(
        folder / "trial.json",
        {
            "trial_id": trial_id, "hyperparameters": {"space": SPACE, "values": values}, "metrics": {"metrics": {}},
            "score": score, "best_step": 0, "status": status, "message": None,
        },
    )  # fmt: skip


def write_oracle(folder, ids, at_work, waits, *, chosen):
    write(
        folder / "oracle.json",
        {
            "ongoing_trials": {f"local-1-{number}": trial_id for number, trial_id in enumerate(at_work)},
            "hyperparameters": {"space": SPACE, "values": chosen}, "start_order": ids,
            "end_order": [trial_id for trial_id in ids if trial_id not in [*at_work, *waits]], "run_times": {},
            "retry_queue": waits, "seed": 1, "seed_state": 5, "tried_so_far": [], "id_to_hash": {},
        },
    )  # fmt: skip


def finish(folder, ids, done, num_failed, num_stopped):
    """Writes the best run and, last, what the search came to."""
    trial_id, (result, values) = max(done.items(), key=lambda item: item[1][0]["score"])
    (folder / "best").mkdir()
    test = {
        "chunk": scores(0.71), "piece": scores(0.82), "stacked": scores(0.84),
        "baselines": {"majority": scores(0.19), "fingerprint": scores(0.66)},
    }  # fmt: skip
    best = {
        "experiment": "four_composers",
        "run_id": "best",
        "model": "frame_cnn",
        "test": test,
        "protocol": "work",
    }
    best |= {
        "validation": {"chunk": scores(0.75), "piece": scores(0.83)},
        "train_seconds": 71.0,
        "num_epochs": 9,
    }
    write(folder / "best" / "metrics.json", best)
    (folder / "best" / "report.html").write_text("<!doctype html><title>best</title>", encoding="utf-8")
    write(
        folder / "metrics.json",
        {
            "experiment": "four_composers", "search_id": folder.name, "corpus": "music21_scores",
            "pieces": "reference", "protocol": "work", "fold": 0, "model": "frame_cnn", "tuner": "random",
            "space": "wide", "classes": CLASSES, "num_trials": len(ids), "num_completed": len(done),
            "num_stopped_early": num_stopped, "num_failed": num_failed, "seconds": 2000.0, "chunk_epochs": 123456,
            "best": {
                "trial_id": trial_id, "hyperparameters": values, "score": result["score"],
                "spread": result["spread"], "fold_scores": result["fold_scores"],
            },
            "test": test,
        },
    )  # fmt: skip


def scores(macro_f1):
    """As much of a score as is shown."""
    return {
        "count": 147, "accuracy": macro_f1 + 0.04, "balanced_accuracy": macro_f1, "macro_f1": macro_f1,
        "macro_f1_low": macro_f1 - 0.06, "macro_f1_high": macro_f1 + 0.05, "log_loss": 0.5,
        "calibration_error": 0.04,
    }  # fmt: skip


CONFIG = {
    "experiment": "four_composers",
    "corpus": {"corpus": "music21_scores", "pieces": "reference", "composers": []},
    "encoder": {"encoder": "piano_roll"},
    "split": {"protocol": "work", "fold": 0, "num_folds": 5, "split_seed": 42},
    "model": {"model": "frame_cnn", "hyperparameters": {}},
    "training": {"epochs": EPOCHS, "seed": 0},
}


def splits(folds):
    return [
        {
            "piece": f"{name} {number}", "work": f"{name} {number}", "source": "", "composer": name,
            "split": "test" if number == 0 else "train", "fold": "" if number == 0 else number % folds,
        }
        for name in CLASSES
        for number in range(8)
    ]  # fmt: skip


def write(path, values):
    path.write_text(json.dumps(values), encoding="utf-8")


def write_rows(path, columns, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
