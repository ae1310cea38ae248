"""Names become modules: how the tables of the rooms are looked up."""

import importlib
from collections.abc import Mapping
from types import ModuleType

from features.errors import InputError


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
