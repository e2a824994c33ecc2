"""cleancopy: takes the outlet's talk about itself out of articles, and explains every removal."""

from cleaner.document import CleanedDocument, Document, Span, Status
from cleaner.labels import Action, Label, Policy
from cleaner.pipeline import VERSION, Cleaner, clean

__version__ = VERSION

__all__ = [
    "Action",
    "CleanedDocument",
    "Cleaner",
    "Document",
    "Label",
    "Policy",
    "Span",
    "Status",
    "__version__",
    "clean",
]
