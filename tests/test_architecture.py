"""Data flows one way, and every name in a table leads to what its table promises: read from the sources."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

from experiments import EXPERIMENTS, STUDIES
from features.corpora import CORPORA
from features.encoders import ENCODERS
from models import BUILDERS
from models.baselines import BASELINES

REPOSITORY = Path(__file__).resolve().parents[1]

ROOMS = ("features", "models", "experiments")

MAY_IMPORT = {"features": {"features"}, "models": {"models"}, "experiments": set(ROOMS)}

MAY_IMPORT_TENSORFLOW: set[str] = set()
"""Files that are allowed to; all others leave Keras its choice of backend."""

SOURCES = sorted(path for room in ROOMS for path in (REPOSITORY / room).rglob("*.py"))


def imports(path):
    """Yields every module that a file imports, at its top or later, and the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively; write the whole name."
            yield node.module, node.lineno


def test_there_are_sources_to_read():
    assert {path.relative_to(REPOSITORY).parts[0] for path in SOURCES} == set(ROOMS)
    assert len(SOURCES) > 40


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_imports_point_backwards_along_the_flow(path):
    room = path.relative_to(REPOSITORY).parts[0]
    for module, line in imports(path):
        package = module.split(".")[0]
        assert package not in set(ROOMS) - MAY_IMPORT[room], (
            f"{path}:{line}: {room} must not import {module}."
        )
        if path.relative_to(REPOSITORY).as_posix() not in MAY_IMPORT_TENSORFLOW:
            assert package != "tensorflow", f"{path}:{line}: use Keras, whatever its backend."
        assert package != "tests", f"{path}:{line}: the product does not know its tests."


def test_names_in_tables_stay_in_their_room():
    """Tables hold names, which no reading of imports finds."""
    for room, tables in {"features": (CORPORA, ENCODERS), "models": (BUILDERS,)}.items():
        assert all(module.startswith(f"{room}.") for table in tables for module in table.values())


@pytest.mark.parametrize("name", CORPORA)
def test_a_corpus_has_load_and_says_what_it_is(name):
    module = importlib.import_module(CORPORA[name])
    assert list(inspect.signature(module.load).parameters) == ["request"]
    assert module.__doc__


@pytest.mark.parametrize("name", ENCODERS)
def test_an_encoder_has_make_and_all_that_a_data_set_asks_of_it(name):
    module = importlib.import_module(ENCODERS[name])
    encoder = module.make()
    assert module.make(**encoder.settings()) == encoder
    assert encoder.row_settings()
    assert all(isinstance(size, int) for size in encoder.chunk_shape)
    assert encoder.chunk_frames > 0
    assert encoder.chunk_starts(0).tolist() == []
    assert encoder.chunk_starts(1).tolist() == [0]
    assert {"rows", "starts", "ends", "shift"} <= set(inspect.signature(encoder.decode).parameters)
    reads = "events" if hasattr(encoder, "encode_events") else "notes"
    encode = encoder.encode_events if reads == "events" else encoder.encode
    assert list(inspect.signature(encode).parameters) == [reads]
    assert module.__doc__


@pytest.mark.parametrize("name", BUILDERS)
def test_a_builder_has_build_and_rank(name):
    module = importlib.import_module(BUILDERS[name])
    assert list(inspect.signature(module.build).parameters) == ["hp", "input_shape", "num_classes"]
    assert module.RANK in {"chunk", "sequence", "messages", "bag"}
    assert module.__doc__


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_builds_what_fits_and_predicts(name):
    baseline = BASELINES[name]
    assert baseline.reads in {"fingerprint", "histograms", "piece_histograms"}
    model = baseline.build(0, 1)
    assert callable(model.fit)
    assert callable(model.predict_proba)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_has_main_and_asks_something(name):
    module = importlib.import_module(EXPERIMENTS[name])
    (argv,) = inspect.signature(module.main).parameters.values()
    assert argv.default is None
    assert "?" in module.__doc__.splitlines()[0]
    assert f"python -m experiments.{name}" in module.__doc__


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_can_be_configured_by_others(name):
    """As a search does, which runs it with other settings."""
    module = importlib.import_module(STUDIES[name])
    assert module.DEFAULT.experiment == name
    assert list(inspect.signature(module.configure).parameters) == ["config"]
    assert module.configure(module.DEFAULT).experiment == name


def test_every_experiment_is_listed():
    modules = {path.stem for path in (REPOSITORY / "experiments").glob("*.py")} - {"__init__", "__main__"}
    assert modules == set(EXPERIMENTS)
    assert all(EXPERIMENTS[name] == f"experiments.{name}" for name in modules)
