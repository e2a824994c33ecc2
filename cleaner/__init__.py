"""cleancopy: takes the outlet's talk about itself out of articles, and explains every removal."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cleaner.document import CleanedDocument, Document, Span, Status
from cleaner.labels import Action, Label, Policy
from cleaner.memory.store import Memory
from cleaner.pipeline import VERSION, Cleaner, clean

if TYPE_CHECKING:
    from cleaner.integrations.columns import CleanColumns, ColumnError

__version__ = VERSION

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
    """Columns come with the readers, which take as long to load as all the rest: only for who asks for them."""
    if name in ("CleanColumns", "ColumnError"):
        return getattr(import_module("cleaner.integrations.columns"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
