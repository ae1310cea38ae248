"""Compiled code uses nothing of other files: numba keeps it on disk and renews it only when its own file changes."""

import ast
import dis
import importlib
import inspect
import pkgutil
from types import ModuleType

import numba
import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import features

COMPILED = [
    (name, function)
    for _, name, _ in pkgutil.walk_packages(features.__path__, "features.")
    for function in vars(importlib.import_module(name)).values()
    if isinstance(function, Dispatcher) and function.py_func.__module__ == name
]


def defined_names(module: ModuleType) -> dict[str, ast.AST]:
    """The names that the file itself gives a value, and what the value is."""
    found = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = ast.Pass()
        elif isinstance(node, ast.Assign):
            names = [name.id for name in ast.walk(ast.Tuple(node.targets)) if isinstance(name, ast.Name)]
            found |= dict.fromkeys(names, node.value)
    return found


def foreign_names(module: ModuleType, names: set[str]) -> set[str]:
    """Of the names of a module's globals, those that other files decide on, directly or through a constant."""
    defined, foreign, seen = defined_names(module), set(), set()
    waiting = {name for name in names if name in vars(module)}
    while waiting:
        name = waiting.pop()
        seen.add(name)
        if name not in defined:
            if vars(module)[name] not in (np, numba):
                foreign.add(name)
            continue
        used = {node.id for node in ast.walk(defined[name]) if isinstance(node, ast.Name)}
        waiting |= {other for other in used if other in vars(module)} - seen
    return foreign


def loaded_globals(function) -> set[str]:
    return {step.argval for step in dis.get_instructions(function) if step.opname == "LOAD_GLOBAL"}


def test_there_is_compiled_code():
    assert len(COMPILED) > 20


@pytest.mark.parametrize(
    ("name", "function"), COMPILED, ids=[f"{name}.{function.__name__}" for name, function in COMPILED]
)
def test_compiled_code_uses_nothing_of_other_files(name, function):
    module = importlib.import_module(name)
    assert foreign_names(module, loaded_globals(function.py_func)) == set(), (
        "hand these over as arguments, or define them in the same file: numba's cache does not notice their changes"
    )


def test_what_comes_from_elsewhere_is_found():
    module = importlib.import_module("features.midi.pairing")
    names = {"NOTE_ON", "DRUM_CHANNEL", "np", "_set_instrument", "_STATUS", "len"}
    assert foreign_names(module, names) == {"NOTE_OFF", "NOTE_ON", "CONTROL", "PROGRAM", "BEND"}
