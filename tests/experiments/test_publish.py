"""A run becomes a folder for the Hub: it can be loaded, and the Hub's own library reads its card; without a network."""

import math
import shutil

import pytest
from huggingface_hub import ModelCard
from huggingface_hub.repocard_data import eval_results_to_model_index

from experiments import load, publish
from experiments.engine import records
from experiments.engine.sharing import find_audit


@pytest.fixture(scope="module")
def make(uninterrupted, tmp_path_factory):
    """Returns a function that makes the folder of the run."""

    def run(*arguments, run=uninterrupted):
        folder = tmp_path_factory.mktemp("share") / "model"
        nowhere = str(folder.with_name("nowhere"))
        publish.main([str(run), "--output", str(folder), "--published", nowhere, *map(str, arguments)])
        return folder

    return run


@pytest.fixture(scope="module")
def folder(make):
    return make("--repository", "somebody/four-hands", "--license", "cc-by-4.0")


@pytest.fixture
def audit(uninterrupted, tmp_path):
    """The audit of the study of the run, as far as a card reads it."""
    place = tmp_path / "four_composers" / "audit-a"
    place.mkdir(parents=True)
    metrics = records.read_json(uninterrupted / "metrics.json")
    rows = [
        {
            "part": "ablation",
            "name": "without_velocity",
            "model": metrics["model"],
            "folds": "0",
            "finding": "It needs them.",
        },
        {"part": "ablation", "name": "random_key", "model": "fingerprint", "finding": "Of another model."},
    ]
    config = records.read_json(uninterrupted / "config.json")
    config["split"]["fold"] = "all"
    records.write_json(place / "audit.json", {"config": config})
    records.write_json(place / "metrics.json", metrics | {"rows": rows})
    return place


def test_it_holds_three_files_and_the_model_answers_as_before(folder, uninterrupted):
    assert {path.name for path in folder.iterdir()} == {"README.md", "model.h5", "model.json"}
    for name in ("model.h5", "model.json"):
        assert (folder / name).read_bytes() == (uninterrupted / name).read_bytes()
    assert load(folder).classes == load(uninterrupted).classes


def test_the_hub_reads_its_card(folder, uninterrupted):
    card = ModelCard.load(folder / "README.md")
    assert (card.data.license, card.data.library_name, card.data.model_name) == (
        "cc-by-4.0",
        "keras",
        "four-hands",
    )
    expected = records.read_json(uninterrupted / "metrics.json")["test"]["piece"]
    found = {result.metric_type: result.metric_value for result in card.data.eval_results}
    assert math.isclose(found["f1"], expected["macro_f1"], abs_tol=1e-4)
    assert math.isclose(found["accuracy"], expected["accuracy"], abs_tol=1e-4)
    (index,) = eval_results_to_model_index(card.data.model_name, card.data.eval_results)
    assert {metric["type"] for metric in index["results"][0]["metrics"]} == set(found)
    assert "{{" not in card.text and "None" not in card.text


def test_the_card_says_how_to_load_it_and_what_to_think_of_it(folder):
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert 'load("somebody/four-hands")' in text
    assert "128 x 150 x 1" in text
    assert "fingerprint" in text and "majority" in text
    assert "on works that training never heard" in text
    assert "were not calibrated" in text
    assert "was not audited" in text


def test_the_card_says_how_the_model_is_asked(make, uninterrupted, tmp_path):
    plain = (make() / "README.md").read_text(encoding="utf-8")
    assert "its chunks, normalised.\n" in plain
    run = tmp_path / "run"
    shutil.copytree(uninterrupted, run)
    answering = {"answer_overlap": 2, "answer_transpose": 1, "bag": 8}
    records.write_json(run / "model.json", records.read_json(run / "model.json") | {"answering": answering})
    text = (make(run=run) / "README.md").read_text(encoding="utf-8")
    assert "normalised. A piece is read from 2 places a chunk" in text
    assert "in 3 keys, up to 1 semitone up and down" in text and "answers made so" in text


def test_what_an_audit_found_stands_in_the_card(make, audit):
    text = (make("--audit", audit) / "README.md").read_text(encoding="utf-8")
    assert "- **without velocities (fold 0)**: It needs them." in text
    assert "Of another model" not in text


def test_the_audit_of_the_same_study_is_found(uninterrupted, audit, tmp_path):
    assert find_audit(uninterrupted, tmp_path) == audit
    found = records.read_json(audit / "audit.json")
    found["config"]["training"]["mixup"] = 0.2
    records.write_json(audit / "audit.json", found)
    assert find_audit(uninterrupted, tmp_path) is None


def test_an_audit_of_a_network_that_was_trained_otherwise_is_refused(make, audit, capsys):
    found = records.read_json(audit / "audit.json")
    found["config"]["training"]["mixup"] = 0.2
    records.write_json(audit / "audit.json", found)
    with pytest.raises(SystemExit):
        make("--audit", audit)
    assert "a network that was made otherwise" in capsys.readouterr().err


def test_a_calibrated_model_says_so(make, uninterrupted, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(uninterrupted, run)
    scores = {"before": {"calibration_error": 0.2}, "after": {"calibration_error": 0.05}}
    found = {
        "training_prior": [0.25] * 4,
        "temperature": 1.5,
        "exponent": 0.0,
        "test": scores | {"pieces": 12},
    }
    records.write_json(run / "model.json", records.read_json(run / "model.json") | {"calibration": found})
    text = (make(run=run) / "README.md").read_text(encoding="utf-8")
    assert "(1.50)" in text and "0.050 instead of 0.200" in text
    assert "on 12 pieces that did not fit it (not all of those tested" in text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda run: (run / "model.h5").unlink(), "holds no weights, for none are published"),
        (lambda run: (run / "metrics.json").unlink(), "finished run folder with its model.h5"),
        (lambda run: (run / "model.h5").write_bytes(b"damaged"), "it was cut short or replaced"),
    ],
)
def test_what_cannot_be_handed_on_is_one_sentence(make, uninterrupted, tmp_path, capsys, change, sentence):
    run = tmp_path / "run"
    shutil.copytree(uninterrupted, run)
    change(run)
    with pytest.raises(SystemExit) as stopped:
        make(run=run)
    assert stopped.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--repository", "no name"), "to be owner/name"),
        (("--repository", "owner/name@main"), "to be owner/name"),
        (("--audit", "nowhere"), "the folder of a finished audit"),
    ],
)
def test_wrong_flags_are_one_sentence(make, capsys, arguments, sentence):
    with pytest.raises(SystemExit) as stopped:
        make(*arguments)
    assert stopped.value.code == 2
    assert sentence in capsys.readouterr().err


def test_the_run_itself_is_left_alone(uninterrupted, capsys):
    with pytest.raises(SystemExit):
        publish.main([str(uninterrupted), "--output", str(uninterrupted)])
    assert "another than the run's" in capsys.readouterr().err
