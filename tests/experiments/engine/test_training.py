"""Training is the same whether or not it was interrupted, and keeps the best epoch."""

import csv
import dataclasses
import hashlib

import keras
import numpy as np
import pytest

from experiments.engine.answering import predict
from experiments.engine.batches import ChunksInOrder, TrainingChunks
from experiments.engine.config import TrainingConfig
from experiments.engine.imbalance import class_weights
from experiments.engine.training import (
    HISTORY_COLUMNS,
    learning_rate,
    train,
)
from features.errors import InputError
from models.soft_targets import expect_distributions

TRAINED_ON = np.arange(2, 41)
CONFIG = TrainingConfig(epochs=4, batch_size=8, patience=None, transpose=2, seed=11)


class Validate:
    """Stands in for validation: gives the scores of a list, one an epoch, and may be interrupted."""

    def __init__(self, *macro_f1, interrupted_in=None):
        self.macro_f1, self.interrupted_in, self.weights = list(macro_f1), interrupted_in, []

    def __call__(self, model):
        epoch = len(self.weights)
        if epoch == self.interrupted_in:
            raise KeyboardInterrupt
        self.weights.append(model.get_weights())
        score = self.macro_f1[epoch] if epoch < len(self.macro_f1) else 0.5
        return {"val_loss": 1.0, "val_accuracy": 0.5, "val_macro_f1": score, "val_piece_macro_f1": 0.5}


def batches_of(music, config, *, first_epoch=0, count=8):
    batches = TrainingChunks(music, TRAINED_ON, config, first_epoch=first_epoch)
    return [batches[step] for step in range(count)]


def without_seconds(history):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in history]


def assert_same(ones, others):
    for one, other in zip(ones, others, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_batch_depends_on_seed_epoch_and_number_alone(music):
    assert_same(batches_of(music, CONFIG), batches_of(music, CONFIG))
    steps = TrainingChunks(music, TRAINED_ON, CONFIG, first_epoch=0).steps_per_epoch
    later = TrainingChunks(music, TRAINED_ON, CONFIG, first_epoch=0)
    later_batches = [later[step] for step in range(2 * steps, 2 * steps + 8)]  # out of order, too
    assert_same(later_batches, batches_of(music, CONFIG, first_epoch=2))


def test_seeds_and_epochs_differ(music):
    first = batches_of(music, CONFIG)[0][0]
    assert not np.array_equal(first, batches_of(music, CONFIG, first_epoch=1)[0][0])
    assert not np.array_equal(first, batches_of(music, TrainingConfig(batch_size=8, seed=12))[0][0])


def test_an_epoch_takes_every_chunk_at_most_once_and_leaves_out_less_than_a_batch(music):
    batches = TrainingChunks(
        music, TRAINED_ON, TrainingConfig(batch_size=8, transpose=0, move=False), first_epoch=3
    )
    assert batches.steps_per_epoch == 4
    seen = np.concatenate([batches[step][0] for step in range(4)])
    chunks = music.chunks(TRAINED_ON)
    which = [int(np.flatnonzero((chunks == chunk).all(axis=(1, 2, 3)))[0]) for chunk in seen]
    assert len(set(which)) == len(which) == 32


def test_a_batch_is_never_larger_than_the_training_part(music):
    batches = TrainingChunks(music, np.arange(5), CONFIG, first_epoch=0)
    assert batches.steps_per_epoch == 1
    assert len(batches[7][0]) == 5


def test_transposes_and_moves_no_further_than_told(music):
    config = TrainingConfig(batch_size=8, transpose=2)
    chunks = np.concatenate([batch[0] for batch in batches_of(music, config, count=60)])
    assert set(chunks[:, 10, 0, 0]) == {-2, -1, 0, 1, 2}
    assert set(chunks[:, 11, 0, 0]) == set(range(-4, 5))  # half of the eight frames
    still = TrainingConfig(batch_size=8, transpose=0, move=False)
    chunks = np.concatenate([batch[0] for batch in batches_of(music, still)])
    assert not chunks[:, 10:, 0, 0].any()


def test_plays_no_faster_and_no_slower_than_told(music):
    config = TrainingConfig(batch_size=8, tempo=0.25)
    rates = np.concatenate([batch[0] for batch in batches_of(music, config, count=200)])[:, 9, 0, 0]
    assert 1 / 1.25 <= rates.min() < 0.81 and 1.24 < rates.max() <= 1.25
    assert np.median(np.log(rates)) == pytest.approx(0, abs=0.02)  # as often faster as slower
    still = np.concatenate([batch[0] for batch in batches_of(music, TrainingConfig(batch_size=8))])
    assert not still[:, 9, 0, 0].any()


def test_without_tempo_all_is_drawn_as_it_was_before_there_was_any(music):
    """Published studies go on, fold by fold, with the batches that they began with; see also the frozen digest."""
    for epoch in range(3):
        rng = np.random.default_rng([CONFIG.seed, epoch])
        order, semitones, later = (
            rng.permutation(TRAINED_ON),
            rng.integers(-2, 3, len(TRAINED_ON)),
            rng.integers(-4, 5, len(TRAINED_ON)),
        )
        for config in (CONFIG, dataclasses.replace(CONFIG, tempo=0.1)):
            planned, changes, _ = TrainingChunks(music, TRAINED_ON, config, first_epoch=0)._plan_epoch(epoch)
            assert_same([(planned, changes["semitones"], changes["later"])], [(order, semitones, later)])
            assert ("rates" in changes) == (config.tempo > 0)


def test_batches_are_frozen(music):
    batches = batches_of(music, CONFIG, count=10)
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for b in batches for part in b))
    assert digest.hexdigest()[:16] == "1a2e4789a0d9e5c6"


def test_labels_belong_to_their_chunks_and_weights_to_their_labels(music):
    for chunks, labels, weights in batches_of(music, CONFIG):
        np.testing.assert_array_equal((chunks[:, :6] > 1).all(axis=(1, 2, 3)), labels == 1)
        np.testing.assert_array_equal(weights, class_weights(music.chunk_labels[TRAINED_ON])[labels])
    assert all(len(batch) == 2 for batch in batches_of(music, TrainingConfig(class_weights=False)))


def test_chunks_in_order_are_all_chunks_in_order(music):
    indices = np.array([7, 3, 5, 40, 0])
    batches = ChunksInOrder(music, indices, batch_size=2)
    assert batches.num_batches == 3
    np.testing.assert_array_equal(np.concatenate([batches[i][0] for i in range(3)]), music.chunks(indices))


def test_predicts_in_the_order_asked_for(music, make_model):
    model, indices = make_model(), np.array([7, 3, 5, 40, 0])
    expected = model.predict(music.chunks(np.arange(41)), verbose=0)[indices]
    np.testing.assert_allclose(predict(model, music, indices), expected, rtol=1e-5)


def test_the_learning_rate_falls_from_its_start_along_a_cosine():
    config = TrainingConfig(epochs=10, schedule="cosine")
    rates = [learning_rate(0.01, epoch, config) for epoch in range(10)]
    assert rates[0] == 0.01
    assert rates == sorted(rates, reverse=True)
    assert 0 < rates[-1] < 0.0005
    assert {learning_rate(0.01, epoch, TrainingConfig(schedule="constant")) for epoch in range(10)} == {0.01}


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
def test_the_history_tells_the_learning_rate_of_each_epoch(music, make_model, tmp_path, schedule):
    config = TrainingConfig(epochs=3, batch_size=8, schedule=schedule)
    history = train(make_model(), music, TRAINED_ON, config, validate=Validate(), folder=tmp_path, show=False)
    expected = [learning_rate(0.01, epoch, config) for epoch in range(3)]
    assert [row["learning_rate"] for row in history] == pytest.approx(expected)


def test_the_history_on_disk_is_the_one_returned_and_knows_no_test_part(music, make_model, tmp_path):
    history = train(make_model(), music, TRAINED_ON, CONFIG, validate=Validate(), folder=tmp_path, show=False)
    with open(tmp_path / "history.csv", newline="") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    assert rows == history
    assert tuple(rows[0]) == HISTORY_COLUMNS
    assert not any("test" in name for name in HISTORY_COLUMNS)


def test_patience_ends_training_and_keeps_the_best_epoch(music, make_model, tmp_path):
    validate, model = Validate(0.3, 0.6, 0.5, 0.6, 0.9), make_model()
    config = TrainingConfig(epochs=9, batch_size=8, patience=2)
    history = train(model, music, TRAINED_ON, config, validate=validate, folder=tmp_path, show=False)
    assert [row["val_macro_f1"] for row in history] == [0.3, 0.6, 0.5, 0.6]  # 0.9 is never seen
    for kept, best in zip(model.get_weights(), validate.weights[1], strict=True):
        np.testing.assert_array_equal(kept, best)


def test_without_patience_all_epochs_run_and_the_last_is_kept(music, make_model, tmp_path):
    validate, model = Validate(0.9, 0.1, 0.1, 0.1), make_model()
    history = train(model, music, TRAINED_ON, CONFIG, validate=validate, folder=tmp_path, show=False)
    assert len(history) == 4
    for kept, last in zip(model.get_weights(), validate.weights[-1], strict=True):
        np.testing.assert_array_equal(kept, last)


@pytest.mark.parametrize("patience", [None, 3])
@pytest.mark.parametrize("interrupted_in", [1, 2])
def test_an_interrupted_training_ends_like_one_that_was_not(
    music, make_model, tmp_path, interrupted_in, patience
):
    config = TrainingConfig(epochs=4, batch_size=8, patience=patience)
    scores = [0.4, 0.7, 0.6, 0.5]
    straight, resumed = tmp_path / "straight", tmp_path / "resumed"
    straight.mkdir(), resumed.mkdir()

    expected_model = make_model()
    expected = train(
        expected_model, music, TRAINED_ON, config, validate=Validate(*scores), folder=straight, show=False
    )

    with pytest.raises(KeyboardInterrupt):
        validate = Validate(*scores, interrupted_in=interrupted_in)
        train(make_model(), music, TRAINED_ON, config, validate=validate, folder=resumed, show=False)
    model = make_model()  # a new process would begin like this
    model.predict(np.zeros((1, *model.input_shape[1:])), verbose=0)
    validate = Validate(*scores[interrupted_in:])
    history = train(model, music, TRAINED_ON, config, validate=validate, folder=resumed, show=False)

    assert without_seconds(history) == without_seconds(expected)
    for ours, theirs in zip(model.get_weights(), expected_model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_answers_that_are_no_numbers_are_refused(music, make_model):
    model = make_model()
    model.set_weights([np.full_like(weights, np.inf) for weights in model.get_weights()])
    with pytest.raises(InputError, match="training has diverged; take a lower learning rate"):
        predict(model, music, np.arange(3))


def test_training_in_two_parts_is_training_in_one(music, make_model, tmp_path):
    """As a search does with what is promising: so many epochs first, later the others, at the rates of the whole."""
    config = TrainingConfig(epochs=4, batch_size=8, patience=None)
    whole, parts, noted = make_model(), _new(tmp_path), []
    expected = train(whole, music, TRAINED_ON, config, validate=Validate(), folder=tmp_path, show=False)
    train(make_model(), music, TRAINED_ON, config, validate=Validate(), folder=parts, until=2, show=False)
    model = make_model()
    history = train(
        *(model, music, TRAINED_ON, config),
        **{"validate": Validate(), "folder": parts, "until": 9, "show": False, "on_epoch": noted.append},
    )
    assert without_seconds(history) == without_seconds(expected)
    assert noted == history[2:]
    for ours, theirs in zip(model.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_dropout_and_the_optimizer_matter_to_that_test(music, make_model, tmp_path):
    """Two epochs anew after two do not end where four do: what is restored is more than weights."""
    four, weights_only = make_model(), make_model()
    train(four, music, TRAINED_ON, CONFIG, validate=Validate(), folder=tmp_path, show=False)
    with pytest.raises(KeyboardInterrupt):
        validate = Validate(interrupted_in=2)
        train(weights_only, music, TRAINED_ON, CONFIG, validate=validate, folder=_new(tmp_path), show=False)
    kept = make_model()
    kept.set_weights(validate.weights[-1])
    batches = TrainingChunks(music, TRAINED_ON, CONFIG, first_epoch=2)
    kept.fit(batches, steps_per_epoch=batches.steps_per_epoch, epochs=2, shuffle=False, verbose=0)
    assert not all(np.array_equal(a, b) for a, b in zip(kept.get_weights(), four.get_weights(), strict=True))


def _new(folder):
    (folder / "other").mkdir()
    return folder / "other"


def test_a_finished_training_is_not_trained_again(music, make_model, tmp_path):
    model = make_model()
    history = train(model, music, TRAINED_ON, CONFIG, validate=Validate(), folder=tmp_path, show=False)
    again = make_model()
    never = Validate(interrupted_in=0)
    assert train(again, music, TRAINED_ON, CONFIG, validate=never, folder=tmp_path, show=False) == history
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("damage", [lambda whole: whole[:200], lambda whole: b"", lambda whole: whole[:-300]])
def test_a_damaged_checkpoint_is_named(music, make_model, tmp_path, damage):
    how = {"validate": Validate(), "folder": tmp_path, "show": False}
    train(make_model(), music, TRAINED_ON, CONFIG, **how)
    path = tmp_path / "checkpoint.npz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=r"checkpoint\.npz, but it cannot be gone on with.*; remove it"):
        train(make_model(), music, TRAINED_ON, CONFIG, **how)


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(music, make_model, tmp_path, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        validate = Validate(interrupted_in=2)
        train(make_model(), music, TRAINED_ON, CONFIG, validate=validate, folder=tmp_path, show=False)
    before = (tmp_path / "checkpoint.npz").read_bytes()

    def full_disk(file, **arrays):
        file.write(b"half of it")
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="No space left"):
        train(make_model(), music, TRAINED_ON, CONFIG, validate=Validate(), folder=tmp_path, show=False)
    assert (tmp_path / "checkpoint.npz").read_bytes() == before
    monkeypatch.undo()
    assert (
        len(train(make_model(), music, TRAINED_ON, CONFIG, validate=Validate(), folder=tmp_path, show=False))
        == 4
    )


def test_training_in_bfloat16_goes_on_as_well(music, make_model, tmp_path):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        with pytest.raises(KeyboardInterrupt):
            validate = Validate(interrupted_in=2)
            train(make_model(), music, TRAINED_ON, CONFIG, validate=validate, folder=tmp_path, show=False)
        resumed = train(
            make_model(), music, TRAINED_ON, CONFIG, validate=Validate(), folder=tmp_path, show=False
        )
        straight = train(
            make_model(), music, TRAINED_ON, CONFIG, validate=Validate(), folder=_new(tmp_path), show=False
        )
    finally:
        keras.config.set_dtype_policy(before)
    assert without_seconds(resumed) == without_seconds(straight)


def test_asks_before_it_writes(music, make_model, tmp_path):
    """A process that was held up may have lost the folder to another one meanwhile."""
    files, asked = [tmp_path / name for name in ("history.csv", "checkpoint.npz")], []

    def ask():
        asked.append([file.read_bytes() for file in files if file.exists()])
        if len(asked) == 3:
            raise PermissionError("The folder is another's.")

    how = {"validate": Validate(), "folder": tmp_path, "show": False, "before_saving": ask}
    with pytest.raises(PermissionError, match="another's"):
        train(make_model(), music, TRAINED_ON, CONFIG, **how)
    assert [len(contents) for contents in asked] == [0, 2, 2]
    assert [file.read_bytes() for file in files] == asked[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.npz", "history.csv"]


VARIED = TrainingConfig(
    **{"epochs": 4, "batch_size": 8, "patience": None, "average": 0.9, "mixup": 0.3, "sampling": ("work",)}
)


def test_the_average_of_weights_is_kept_and_validated(music, make_model, tmp_path):
    """Step by step, by its definition; the weights that go on are not touched by it."""
    config = TrainingConfig(epochs=3, batch_size=8, patience=None)
    plain, averaged, seen = make_model(), make_model(), []
    note = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(plain.get_weights())
    )
    batches = TrainingChunks(music, TRAINED_ON, config, first_epoch=0)
    rates = keras.callbacks.LearningRateScheduler(lambda epoch: learning_rate(0.01, epoch, config))
    how = {"steps_per_epoch": batches.steps_per_epoch, "epochs": 3, "shuffle": False, "verbose": 0}
    plain.fit(batches, callbacks=[rates, note], **how)
    expected = seen[0]
    for step, weights in enumerate(seen, 1):
        share = max(0.1, 9 / (10 + step))
        expected = [one + share * (other - one) for one, other in zip(expected, weights, strict=True)]

    validate, config = Validate(), dataclasses.replace(config, average=0.9)
    train(averaged, music, TRAINED_ON, config, validate=validate, folder=tmp_path, show=False)
    for kept, validated, average in zip(averaged.get_weights(), validate.weights[-1], expected, strict=True):
        np.testing.assert_allclose(kept, average, rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(kept, validated)


@pytest.mark.parametrize("patience", [None, 3])
def test_an_interrupted_training_with_all_variations_ends_like_one_that_was_not(
    music, make_model, tmp_path, patience
):
    config, models = dataclasses.replace(VARIED, patience=patience), [make_model() for _ in range(3)]
    for model in models:
        expect_distributions(model)
    train(
        models[0], music, TRAINED_ON, config, validate=Validate(0.4, 0.7), folder=_new(tmp_path), show=False
    )
    with pytest.raises(KeyboardInterrupt):
        validate = Validate(0.4, 0.7, interrupted_in=2)
        train(models[1], music, TRAINED_ON, config, validate=validate, folder=tmp_path, show=False)
    train(models[2], music, TRAINED_ON, config, validate=Validate(), folder=tmp_path, show=False)
    for ours, theirs in zip(models[2].get_weights(), models[0].get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
