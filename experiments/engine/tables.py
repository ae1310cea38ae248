"""Names become modules: how the tables of the rooms are looked up."""

import importlib
from collections.abc import Mapping
from types import ModuleType

from features.errors import InputError
from models import BUILDERS

READ_OF = {"descriptors": ("sequence",), "messages": ("messages",)}
"""What a builder has to read, by encoder; of any other one, chunks, or bags of them."""


def check_name(table: Mapping[str, str], name: str, *, kind: str) -> None:
    """Refuses a name that a table does not hold, without importing anything.

    Args:
        table: From a name to a dotted module path, such as `models.BUILDERS`.
        name: The name asked for.
        kind: What the table holds, for the error message.

    Raises:
        InputError: The table has no such name; the message lists those it has.
    """
    if name not in table:
        raise InputError(f"There is no {kind} named {name!r}; known are {', '.join(sorted(table))}.")


def module_of(table: Mapping[str, str], name: str, *, kind: str) -> ModuleType:
    """Imports the module that a table holds under a name; see `check_name`.

    Example:
        >>> module_of({"path": "os.path"}, "path", kind="example").__name__.endswith("path")
        True
    """
    check_name(table, name, kind=kind)
    return importlib.import_module(table[name])


def readers_of(encoder: str) -> list[str]:
    """Returns the names of the builders that can read what an encoder makes; imports Keras.

    Example:
        >>> readers_of("messages")
        ['message_lstm']
    """
    wanted = READ_OF.get(encoder, ("chunk", "bag"))
    return [name for name in BUILDERS if module_of(BUILDERS, name, kind="model").RANK in wanted]
