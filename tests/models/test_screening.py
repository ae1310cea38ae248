"""What a stranger may send: none of it runs, reads another file, or fills the memory."""

import base64
import json
import marshal
import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras import layers
from keras.src.saving.serialization_lib import in_safe_mode

from models import screening
from models.bag_attention import ChunksOfBags, MeanOfBags
from models.blocks import SmoothedCrossentropy
from models.saving import ModelFileError, load
from models.screening import ScreeningError, screen
from models.transformer import Positions


@pytest.fixture
def path(tmp_path):
    inputs = keras.Input((3,), name="numbers")
    outputs = keras.layers.Dense(2, activation="softmax", name="probabilities")(inputs)
    path = tmp_path / "model.h5"
    keras.Model(inputs, outputs).save(path, include_optimizer=False)
    return path


def tamper(path, change):
    """Changes what the file says of its network."""
    with h5py.File(path, "a") as file:
        config = json.loads(file.attrs["model_config"])
        change(config)
        file.attrs["model_config"] = json.dumps(config)
    return path


def dense(config):
    return config["config"]["layers"][1]


def as_layer(**layer):
    return lambda config: dense(config).update(layer)


def lambda_layer(trap):
    code = compile(f"open({str(trap)!r}, 'w').close()", "trap", "eval")
    marshalled = base64.b64encode(marshal.dumps(code)).decode()
    return {"class_name": "__lambda__", "config": {"code": marshalled, "defaults": None, "closure": None}}


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_network_of_keras_layers_passes(path):
    screen(path)


def test_code_in_a_lambda_layer_is_refused_and_never_runs(path, tmp_path):
    trap = tmp_path / "sprung"
    config = {"name": "probabilities", "function": lambda_layer(trap)}
    tamper(path, as_layer(class_name="Lambda", config=config))
    with pytest.raises(ModelFileError, match="a Lambda layer, which is code"):
        load(path, description={})
    assert not trap.exists()


def test_code_in_a_setting_of_a_harmless_layer_is_refused(path, tmp_path):
    trap = tmp_path / "sprung"
    tamper(path, lambda config: dense(config)["config"].update(activation=lambda_layer(trap)))
    with pytest.raises(ScreeningError, match="Lambda layer, which is code"):
        screen(path)
    assert not trap.exists()


def test_a_lambda_layer_in_a_network_in_a_layer_is_found(path):
    inner = {"class_name": "Lambda", "config": {"function": ["4wAAAAA=", None, None]}}
    tamper(path, as_layer(class_name="TimeDistributed", config={"layer": inner}))
    with pytest.raises(ScreeningError, match="Lambda layer"):
        screen(path)


REFUSED = [
    ({"class_name": "system", "module": "os", "registered_name": None}, "os.system"),
    ({"class_name": "function", "module": "os", "config": "system"}, "os.function"),
    ({"class_name": "Popen", "module": "subprocess"}, "subprocess.Popen"),
    ({"class_name": "Dense", "module": "os"}, "os.Dense"),
    ({"class_name": "Dense", "registered_name": "somebody>Trojan"}, "somebody>Trojan"),
    ({"class_name": "Trojan"}, "Trojan"),
    ({"class_name": "rollcall>Unknown"}, "rollcall>Unknown"),
    ({"class_name": "rollcall>Positions", "module": "antigravity"}, "antigravity.rollcall>Positions"),
    ({"class_name": "TorchModuleWrapper"}, "TorchModuleWrapper"),
    ({"class_name": "TFSMLayer", "config": {"filepath": "/"}}, "TFSMLayer"),
    ({"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}, "StringLookup"),
    ({"class_name": "MelSpectrogram", "config": {}}, "MelSpectrogram"),
    ({"class_name": "Lambda", "config": {"function": ["4wAAAAA=", None, None]}}, "Lambda"),
    ({"class_name": "__lambda__", "config": {"code": "4wAAAAA="}}, "Lambda"),
    ({"class_name": "get_file", "module": "keras.utils"}, "keras.utils.get_file"),
    ({"class_name": "enable_unsafe_deserialization", "module": "keras.config"}, "keras.config.enable"),
    ({"class_name": "deserialize", "module": "keras.initializers"}, "keras.initializers.deserialize"),
    ({"class_name": "__typespec__", "module": "os"}, "__typespec__"),
    ({"class_name": "TypeSpec", "type_spec": "tf.TensorSpec", "serialized": []}, "TypeSpec"),
    ({"class_name": "__tuple__", "items": []}, "__tuple__"),
    ({"class_name": ["Lambda"]}, "no name"),
]


@pytest.mark.parametrize(("layer", "named"), REFUSED)
def test_what_is_not_on_the_list_is_refused_by_name(path, layer, named):
    tamper(path, as_layer(**layer))
    with pytest.raises(ScreeningError, match=named):
        screen(path)


OURS = "rollcall>Positions"


@pytest.mark.parametrize("keeps_module", [True, False])
@pytest.mark.parametrize("layer", [layer for layer, _ in REFUSED])
def test_a_name_of_ours_hides_none_of_them(path, layer, keeps_module):
    def change(config):
        dense(config).update(layer, registered_name=OURS)
        if not keeps_module:
            dense(config).pop("module", None)

    tamper(path, change)
    with pytest.raises(ScreeningError):
        screen(path)


@pytest.mark.parametrize(
    "part",
    [
        {"class_name": "Foo", "module": "keras.initializers", "config": {}},
        {"class_name": "function", "module": "keras.activations", "config": "relu"},
        {"class_name": "Dense", "module": "keras.layers", "config": {"units": 2}},
        {"class_name": "Dense", "config": {"units": 2}},
    ],
)
def test_what_bears_a_name_of_ours_and_another_is_refused(path, part):
    tamper(path, lambda config: dense(config)["config"].update(activation=part | {"registered_name": OURS}))
    with pytest.raises(ScreeningError, match=f"registered as {OURS}"):
        screen(path)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_layers_of_our_own_pass_by_themselves_and_in_others(path):
    inputs = keras.Input((2, 4, 3))
    x = keras.layers.TimeDistributed(Positions())(inputs)
    x = Positions()(keras.layers.Reshape((8, 3))(x))
    outputs = keras.layers.Dense(2, activation="softmax")(keras.layers.Flatten()(x))
    keras.Model(inputs, outputs).save(path, include_optimizer=False)
    screen(path)


def test_networks_are_built_in_safe_mode(path, monkeypatch):
    modes = []
    monkeypatch.setattr(keras.Model, "from_config", lambda config: modes.append(in_safe_mode()))
    with pytest.raises(ScreeningError, match="cannot build it"):
        screen(path)
    assert modes == [True]


def test_our_own_registered_classes_are_built(path):
    assert screening._registered()["rollcall>SmoothedCrossentropy"] is SmoothedCrossentropy


@pytest.mark.parametrize("name", ["model_weights", "probabilities"])
@pytest.mark.parametrize("link", [h5py.ExternalLink("/etc/passwd", "/"), h5py.SoftLink("/elsewhere")])
def test_weights_that_lie_elsewhere_are_refused(path, name, link):
    with h5py.File(path, "a") as file:
        group = file if name == "model_weights" else file["model_weights"]
        del group[name]
        group[name] = link
    with pytest.raises(ScreeningError, match=f"{name} leads elsewhere"):
        screen(path)


def test_weights_kept_in_another_file_are_refused(path, tmp_path):
    (tmp_path / "secret").write_bytes(bytes(64))
    with h5py.File(path, "a") as file:
        file.create_dataset("stolen", (4,), "f4", external=[(tmp_path / "secret", 0, 16)])
    with pytest.raises(ScreeningError, match="stolen lies in another file"):
        screen(path)


def test_weights_gathered_from_another_file_are_refused(path, tmp_path):
    layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
    layout[:] = h5py.VirtualSource(tmp_path / "other.h5", "weights", shape=(4,))
    with h5py.File(path, "a") as file:
        file.create_virtual_dataset("stolen", layout)
    with pytest.raises(ScreeningError, match="stolen lies in another file"):
        screen(path)


def test_weights_that_are_no_numbers_are_refused(path):
    with h5py.File(path, "a") as file:
        file["words"] = ["no", "number"]
    with pytest.raises(ScreeningError, match="words holds no numbers"):
        screen(path)


def test_a_small_file_that_declares_huge_weights_is_refused(path):
    with h5py.File(path, "a") as file:
        file.create_dataset("bomb", (10**12,), "f4", chunks=(1024,))
    assert path.stat().st_size < 1_000_000
    with pytest.raises(ScreeningError, match="1,000,000,000,008 weights"):
        screen(path)


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        ({"config": {"units": 10**12}}, "weights, and more than 250,000,000 are refused"),
        (
            {"class_name": "RepeatVector", "config": {"n": 10**9}},
            "one of its layers makes 3,000,000,000 numbers",
        ),
        ({"config": {"units": -1}}, "cannot build it"),
        ({"config": "no settings"}, "cannot build it"),
    ],
)
def test_a_network_that_no_memory_holds_is_refused_before_it_is_built(path, layer, reason):
    tamper(path, as_layer(**layer))
    with pytest.raises(ScreeningError, match=reason):
        screen(path)


def in_network(layer):
    """What it makes is not seen from outside."""
    return lambda x: keras.Sequential([layer, layers.GlobalMaxPooling1D()])(x)


def attends(attention):
    def compared(x):
        return layers.GlobalMaxPooling1D()(attention(x))

    return compared


def in_lists(attention):
    return attends(lambda x: attention([x, x]))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize(
    ("shape", "hides"),
    [
        ((3,), in_network(layers.RepeatVector(10**7))),
        ((3,), in_network(keras.Sequential([layers.RepeatVector(10**7), layers.ReLU()]))),
        (
            (5_000, 3),
            layers.TimeDistributed(
                keras.Sequential([layers.RepeatVector(5_000), layers.Flatten(), layers.Dense(1)])
            ),
        ),
        ((2**12, 1), attends(lambda x: layers.MultiHeadAttention(1, 1)(x, x))),
        ((2**11, 1), attends(lambda x: layers.MultiHeadAttention(4, 1)(query=x, value=x))),
        ((8, 1), attends(lambda x: layers.MultiHeadAttention(1, 2 * 10**6)(x, x))),
        ((2**11, 4), in_lists(layers.Attention(score_mode="concat"))),
        ((2**10, 10), in_lists(layers.AdditiveAttention())),
        ((3_000_000, 1), layers.LSTM(1)),
        ((3_000_000, 1), layers.Bidirectional(layers.GRU(1))),
        ((2_000, 1), layers.LSTM(1, unroll=True)),
        ((4, 4, 1), layers.Conv2D(1, 2, dilation_rate=5_000, padding="same")),
        ((1_000, 2), layers.SeparableConv1D(1, 2, depth_multiplier=10**4)),
        ((2_000, 50, 1), lambda x: layers.Dense(200)(ChunksOfBags()(x))),
    ],
)
def test_memory_that_is_not_seen_from_outside_is_counted(path, shape, hides):
    inputs = keras.Input(shape)
    keras.Model(inputs, hides(inputs)).save(path, include_optimizer=False)
    with pytest.raises(ScreeningError, match="one of its layers makes .* numbers of one example"):
        screen(path)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_bags_of_any_number_of_chunks_pass_but_hide_no_steps(path):
    bags = keras.Input((None, 1_000, 2))
    chunks = ChunksOfBags()(bags)
    of_chunks = layers.GlobalMaxPooling1D()(chunks)
    outputs = MeanOfBags()([of_chunks, layers.Dense(1)(of_chunks), bags])
    keras.Model(bags, outputs).save(path, include_optimizer=False)
    screen(path)
    steps = layers.Reshape((-1, 2))(bags)
    keras.Model(bags, attends(lambda x: layers.MultiHeadAttention(1, 1)(x, x))(steps)).save(path)
    with pytest.raises(ScreeningError, match="makes 64,000,000 numbers"):
        screen(path)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_network_in_a_network_that_takes_any_length_is_refused(path):
    inputs = keras.Input((3,))
    inner = keras.Sequential([keras.Input((None, 3)), layers.LSTM(1)])
    keras.Model(inputs, inner(layers.RepeatVector(4)(inputs))).save(path, include_optimizer=False)
    with pytest.raises(ScreeningError, match="is not fixed"):
        screen(path)


def zipped(path):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("model.h5", "")


def other_hdf5(path):
    with h5py.File(path, "w") as file:
        file["numbers"] = np.arange(3)


def nested(path):
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = "[" * 50_000


def not_a_network(path):
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Lambda", "config": {}})


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (lambda path: path.write_bytes(b""), "no HDF5 file"),
        (lambda path: path.write_text("not a model"), "no HDF5 file"),
        (zipped, "no HDF5 file"),
        (other_hdf5, "no model"),
        (nested, "not JSON"),
        (not_a_network, "it is a Lambda"),
    ],
)
def test_other_files_are_named_in_one_sentence(tmp_path, write, reason):
    path = tmp_path / "model.h5"
    write(path)
    with pytest.raises(ModelFileError, match=rf"model\.h5 was not loaded: .*{reason}") as caught:
        load(path, description={})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_is_cut_short_is_named(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelFileError, match=r"model\.h5 was not loaded: it is (damaged|no HDF5)"):
        load(path, description={})


def test_every_layer_of_the_list_is_one_of_keras():
    assert {name for name in screening.LAYERS if not hasattr(keras.layers, name)} == set()


def test_lists_leave_out_what_reaches_out():
    reaching = {"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "StringLookup"}
    assert not reaching & screening.LAYERS
