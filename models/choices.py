"""Hyper-parameters that every builder has: those of the reference's search, and what depends on them.

A search may declare narrower ranges under the same names before the builder is asked; keras-tuner
then returns a value of the earlier ones. Whatever is not always used stands in a
`conditional_scope`, whose body is always executed, so that one build declares the whole space.
The same name must not stand in two scopes: keras-tuner 1.4.8 drops its value
(`ensure_active_values`), hence a learning rate of SGD's own.
"""

from dataclasses import dataclass

import keras

from models.blocks import one_of


@dataclass(frozen=True)
class Rates:
    """A range to draw from on a logarithmic scale.

    Attributes:
        lowest: what may be drawn at least.
        default: what the documented model has.
        highest: what may be drawn at most.
    """

    lowest: float
    default: float
    highest: float

    def choose(self, hp, name: str) -> float | None:
        """Returns the value of the hyper-parameter, `None` where it has no effect."""
        return hp.Float(name, self.lowest, self.highest, sampling="log", default=self.default)


def choose_init(hp) -> str:
    """Returns how kernels begin: `init`."""
    return hp.Choice("init", ["glorot_uniform", "he_normal"], default="glorot_uniform")


def choose_label_smoothing(hp) -> float:
    """Returns the share of each label that is spread over all classes: `label_smoothing`."""
    return hp.Choice("label_smoothing", [0.0, 0.05, 0.1, 0.2], default=0.0)


def choose_optimizer(
    hp, default: str, *, adam: Rates, sgd: Rates, momentum: float = 0.0
) -> keras.optimizers.Optimizer:
    """Returns an optimizer, with the hyper-parameters that it alone has.

    These are `optimizer`, `learning_rate` (of Adam and AdamW), `weight_decay` (of AdamW),
    `sgd_learning_rate` and `momentum` (of SGD).

    Args:
        hp: `keras_tuner.HyperParameters`.
        default: `"adam"`, `"adamw"` or `"sgd"`.
        adam: the learning rates of Adam and AdamW.
        sgd: the learning rates of SGD.
        momentum: the default momentum of SGD, 0.0 or 0.9.
    """
    name = hp.Choice("optimizer", ["adam", "adamw", "sgd"], default=default)
    with hp.conditional_scope("optimizer", ["adam", "adamw"]):
        learning_rate = adam.choose(hp, "learning_rate")
    with hp.conditional_scope("optimizer", ["adamw"]):
        weight_decay = Rates(1e-4, 1e-2, 1e-1).choose(hp, "weight_decay")
    with hp.conditional_scope("optimizer", ["sgd"]):
        sgd_learning_rate = sgd.choose(hp, "sgd_learning_rate")
        momentum = hp.Choice("momentum", [0.0, 0.9], default=momentum)
    optimizers = {
        "adam": lambda: keras.optimizers.Adam(learning_rate),
        "adamw": lambda: keras.optimizers.AdamW(learning_rate, weight_decay=weight_decay),
        "sgd": lambda: keras.optimizers.SGD(sgd_learning_rate, momentum=momentum),
    }
    return one_of("optimizer", name, optimizers)()


def choose_adamw(hp, learning_rate: float = 2e-3) -> keras.optimizers.Optimizer:
    """Returns the optimizer of a network whose layers are normalised: by default AdamW.

    Args:
        hp: `keras_tuner.HyperParameters`.
        learning_rate: the default of Adam and AdamW.
    """
    adam = Rates(3e-4, learning_rate, 1e-2)
    return choose_optimizer(hp, "adamw", adam=adam, sgd=Rates(2e-3, 2e-2, 5e-2), momentum=0.9)
