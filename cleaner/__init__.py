"""cleancopy: takes the outlet's talk about itself out of articles, and explains every removal."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cleaner.document import CleanedDocument, Document, Span, Status
    from cleaner.integrations.columns import CleanColumns, ColumnError
    from cleaner.labels import Action, Label, Policy
    from cleaner.memory.store import Memory
    from cleaner.pipeline import Cleaner, clean

    __version__: str

#: Where each public name is defined. Nothing is loaded before it is asked for: models and parsers take a while.
_HOME = {
    "Action": "cleaner.labels",
    "CleanColumns": "cleaner.integrations.columns",
    "CleanedDocument": "cleaner.document",
    "Cleaner": "cleaner.pipeline",
    "ColumnError": "cleaner.integrations.columns",
    "Document": "cleaner.document",
    "Label": "cleaner.labels",
    "Memory": "cleaner.memory.store",
    "Policy": "cleaner.labels",
    "Span": "cleaner.document",
    "Status": "cleaner.document",
    "clean": "cleaner.pipeline",
}

__all__ = [
    "Action",
    "CleanColumns",
    "CleanedDocument",
    "Cleaner",
    "ColumnError",
    "Document",
    "Label",
    "Memory",
    "Policy",
    "Span",
    "Status",
    "__version__",
    "clean",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("cleancopy")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__") and name not in __all__)]
