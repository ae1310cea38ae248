"""What an `.h5` file is made of, told before Keras reads it: a stranger's file must not run code here.

Keras' own guard does not suffice: before 3.11.3, which setup.cfg therefore asks for, `safe_mode` was ignored for `.h5`
(CVE-2025-9905), and other layers than `Lambda` reach out too, by reading files (lookups), unpickling, or running a
saved TensorFlow graph. So nothing is built that is not on the list below; no weights are read that lie in other files
(CVE-2026-1669); and the size of the network is found without making room for it.

A class may be named twice, by `class_name` and by `registered_name`, and which of the two Keras believes depends on
whether there is a `module` too: so the two must agree.
"""

import importlib
import json
import math
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py

from models import BUILDERS

PACKAGE = "rollcall"
"""Under which our own layers are registered with Keras."""

MODELS = {"Functional", "Model", "Sequential"}

_PER_AXIS = ("Conv", "ZeroPadding", "Cropping", "UpSampling", "SpatialDropout")
_POOLING = ("MaxPooling", "AveragePooling", "GlobalMaxPooling", "GlobalAveragePooling")
LAYERS = {
    *(f"{name}{rank}D" for name in (*_PER_AXIS, *_POOLING) for rank in (1, 2, 3)),
    *("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"),
    *("Conv1DTranspose", "Conv2DTranspose", "ConvLSTM1D", "ConvLSTM2D"),
    *("InputLayer", "Dense", "EinsumDense", "Embedding", "Flatten", "Reshape", "Permute", "RepeatVector", "Identity"),
    *("RNN", "SimpleRNN", "SimpleRNNCell", "LSTM", "LSTMCell", "GRU", "GRUCell", "StackedRNNCells"),
    *("Bidirectional", "TimeDistributed", "Masking"),
    *("Attention", "AdditiveAttention", "MultiHeadAttention"),
    *("BatchNormalization", "LayerNormalization", "GroupNormalization", "UnitNormalization", "RMSNormalization"),
    *("SpectralNormalization", "Normalization", "Rescaling"),
    *("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"),
    *("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "ActivityRegularization"),
    *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"),
}  # fmt: skip
"""Keras' layers that only compute: none takes code, a path, or a network of another framework."""

OF_MODULE = {
    None: LAYERS | MODELS | {"__keras_tensor__"},
    "keras": MODELS | {"DTypePolicy"},
    "keras.models": MODELS,
    "keras.src.models.functional": MODELS,
    "keras.layers": LAYERS,
}
"""Which classes may be asked for by which module."""

PLAIN_MODULES = {"keras.initializers", "keras.regularizers", "keras.constraints"}
"""All of whose classes only compute."""

LARGEST_CONFIG = 4_000_000
"""Characters; the largest of our networks has some 50,000."""

LARGEST_NUMBER_OF_WEIGHTS = 250_000_000
"""A gigabyte in float32."""

LARGEST_OUTPUT = 10_000_000
"""Numbers that one layer may make of one example; a batch of 64 then takes 2.5 GB."""

CHUNKS_OF_A_BAG = 8
"""How long an example is taken to be where the file leaves that to who asks, as models of bags do."""


class ScreeningError(ValueError):
    """A file that Keras should not read; the message says why, for the end of a sentence."""


def screen(path: Path) -> None:
    """Refuses a file that could run code, read other files, or fill the memory.

    Args:
        path: An `.h5` file.

    Raises:
        ScreeningError: It is one, or no model at all.
    """
    try:
        with h5py.File(path, "r") as file:
            config = _read_config(file)
            _check_weights(file)
    except (OSError, RuntimeError) as error:  # what h5py raises for files that are damaged, or no HDF5
        reason = "it is no HDF5 file" if not h5py.is_hdf5(path) else "it is damaged or cut short"
        raise ScreeningError(reason) from error
    ours = _registered()
    for part in _objects(config):
        _check_object(part, ours)
    # Keras keeps a list, one a thread, of variables that wait for their values: it should die with these.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_check_size, config).result()


def _read_config(file: h5py.File) -> dict[str, Any]:
    text = file.attrs.get("model_config")
    if not isinstance(text, str | bytes):
        raise ScreeningError("it holds weights alone or something else, but no model")
    if len(text) > LARGEST_CONFIG:
        raise ScreeningError(f"its description of the network is longer than {LARGEST_CONFIG:,} characters")
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ScreeningError("its description of the network is not JSON") from error
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        raise ScreeningError("its description of the network is not one of Keras'")
    if config.get("class_name") not in MODELS:
        raise ScreeningError(f"it is a {config.get('class_name')}, not a functional or sequential network")
    return config


def _check_weights(file: h5py.File) -> None:
    """Refuses weights in other files, and more of them than anybody's network has."""
    sizes = []

    # What a visitor returns ends the visit; it must not raise, which h5py does not survive.
    def problem_of_link(name: str, link: h5py.HardLink | h5py.SoftLink | h5py.ExternalLink) -> str | None:
        return (
            None if isinstance(link, h5py.HardLink) else f"{name} leads elsewhere instead of holding weights"
        )

    def problem_of_data(name: str, item: h5py.Group | h5py.Dataset) -> str | None:
        if isinstance(item, h5py.Group):
            return None
        if item.external or item.is_virtual:
            return f"{name} lies in another file"
        sizes.append(item.size or 0)
        return None if item.dtype.kind in "fiub" else f"{name} holds no numbers"

    problem = file.visititems_links(problem_of_link) or file.visititems(problem_of_data)
    if problem:
        raise ScreeningError(problem)
    _check_number_of_weights(sum(sizes))


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    """Yields whatever names a class, at any depth."""
    waiting = [config]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if "class_name" in part:
                yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _check_object(part: dict[str, Any], ours: Collection[str]) -> None:
    name, module, registered = (part.get(key) for key in ("class_name", "module", "registered_name"))
    if not all(value is None or isinstance(value, str) for value in (name, module, registered)):
        raise ScreeningError("it names a class by something that is no name")
    # What Keras writes: classes of our own by either name, functions by their `config`, and its own classes.
    if registered == f"{PACKAGE}>{name}":
        allowed = registered in ours
    elif registered not in (None, part.get("config") if name == "function" else name):
        allowed = False
    elif name in ours:
        allowed = module is None
    elif name == "function":
        # Keras looks for the name among its own activations.
        allowed = module in ("builtins", "keras.activations") and str(part.get("config")).isidentifier()
    elif module in PLAIN_MODULES:
        allowed = bool(name) and name.isidentifier() and name[0].isupper()
    else:
        allowed = name in OF_MODULE.get(module, ())
    if not allowed:
        asked = ".".join(filter(None, (module, name)))
        asked += f" registered as {registered}" if registered not in (None, name) else ""
        what = "a Lambda layer, which is code" if name in ("Lambda", "__lambda__") else f"{asked!r}"
        raise ScreeningError(f"it asks for {what}, and only layers that cannot run code are built")


def _registered() -> dict[str, Any]:
    """Returns our own classes by the names that they are registered under."""
    import keras

    for module in BUILDERS.values():
        importlib.import_module(module)  # registers its layers
    found = keras.saving.get_custom_objects()
    return {
        name: made
        for name, made in found.items()
        if name.startswith(f"{PACKAGE}>") and made.__module__.startswith("models.")
    }


def _check_size(config: dict[str, Any]) -> None:
    """Builds the network without its weights, and refuses it if they or what it computes would be too large."""
    import keras
    from keras.src.saving.serialization_lib import (
        SafeModeScope,
    )  # `load_model` has it; nothing public builds in it

    from models.sizes import numbers_of, shapes

    kind = keras.Sequential if config["class_name"] == "Sequential" else keras.Model
    try:
        with SafeModeScope(True), keras.StatelessScope(initialize_variables=False):
            model = kind.from_config(_with_fixed_inputs(config["config"]))
            num_weights = model.count_params()
            numbers = list(numbers_of(model, shapes(model.input), shapes(model.output)))
    except Exception as error:  # of whatever kind: Keras does not expect a description made by hand
        raise ScreeningError(f"Keras {keras.__version__} cannot build it: {_first_line(error)}") from error
    _check_number_of_weights(num_weights)
    for number in numbers:
        if not math.isfinite(number):
            raise ScreeningError("how much one of its layers makes of one example is not fixed")
        if number > LARGEST_OUTPUT:
            raise ScreeningError(f"one of its layers makes {number:,} numbers of one example")


def _with_fixed_inputs(config: dict[str, Any]) -> dict[str, Any]:
    """Returns a copy, which Keras may change, in which no axis but that of the batch can have any length."""
    copy = json.loads(json.dumps(config))
    for layer in copy["layers"]:
        for name in {"batch_shape", "batch_input_shape"} & set(
            layer["config"]
        ):  # the latter in files of Keras 2
            batch, *sizes = layer["config"][name]
            layer["config"][name] = [batch, *(CHUNKS_OF_A_BAG if size is None else size for size in sizes)]
    return copy


def _check_number_of_weights(number: int) -> None:
    if number > LARGEST_NUMBER_OF_WEIGHTS:
        raise ScreeningError(
            f"it has {number:,} weights, and more than {LARGEST_NUMBER_OF_WEIGHTS:,} are refused"
        )


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
