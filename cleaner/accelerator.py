"""The compiled accelerator, where it was built: hot loops with the same results as the code in Python, bit by bit.

It is built on installation where there is a C compiler, and left out without an error where there is none. With
`CLEANCOPY_PURE=1` in the environment it is not used. `compiled` is the module, or None.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
import sys
from types import ModuleType
from typing import TypeVar

Class = TypeVar("Class", bound=type)
Value = TypeVar("Value")


def _found() -> ModuleType | None:
    if os.environ.get("CLEANCOPY_PURE", "") not in ("", "0"):
        return None
    if sys.byteorder != "little":  # it reads and writes the numbers of models and memories as they lie in files
        return None
    try:
        module = importlib.import_module("cleaner._accelerator")
    except ImportError:  # not built: no compiler, or a source tree that was not installed
        return None
    return module if getattr(module, "VERSION", None) == VERSION else None  # one left over from another version


#: Raised with every change of what the compiled functions take or give; `native/module.c` has it too.
VERSION = 23
compiled: ModuleType | None = _found()


def described() -> str:
    """Which code runs, for `cleancopy --version`."""
    return "compiled accelerator" if compiled is not None else "pure Python and NumPy"


def quick(dataclass: Class) -> Class:
    """A frozen dataclass with slots, whose objects are made in a tenth of the time; the same in all else."""
    fields = dataclasses.fields(dataclass)
    if compiled is None or not all(field.init for field in fields):
        return dataclass
    slow = vars(dataclass)["__init__"]
    defaults = tuple(slow if field.default is dataclasses.MISSING else field.default for field in fields)
    factories = tuple(
        slow if field.default_factory is dataclasses.MISSING else field.default_factory for field in fields
    )
    names = tuple(field.name for field in fields)
    dataclass.__init__ = compiled.quick_init(dataclass, names, defaults, factories, slow)  # type: ignore[misc]
    return dataclass


def replace(value: Value, /, **changes: object) -> Value:
    """As `dataclasses.replace`; of a quick class in a tenth of the time."""
    made: Value | None = None if compiled is None else compiled.replaced(value, changes)
    return dataclasses.replace(value, **changes) if made is None else made  # type: ignore[type-var]
