"""WARC 1.1 storage of articles: written as transactions, read back, verified, repaired, restored.

Knows nothing of cleaning: what verifying and restoring need of it is handed in as functions (`Checks`).
"""

from archive.checking.ledger import Checks, LedgerError, OtherRendererError
from archive.checking.originals import Missing, Sources
from archive.checking.repair import RepairError, repair
from archive.checking.restore import Restored, restore
from archive.checking.verify import Unchecked, verify, verify_segment
from archive.segments.problems import Problem
from archive.segments.reader import Group, Record, articles, groups
from archive.segments.records import Article, ArticleError, Reference, RunInfo
from archive.segments.writer import Placed, Segment, SegmentError, SegmentWriter, segment_name

__all__ = [
    "Article",
    "ArticleError",
    "Checks",
    "Group",
    "LedgerError",
    "Missing",
    "OtherRendererError",
    "Placed",
    "Problem",
    "Record",
    "Reference",
    "RepairError",
    "Restored",
    "RunInfo",
    "Segment",
    "SegmentError",
    "SegmentWriter",
    "Sources",
    "Unchecked",
    "articles",
    "groups",
    "repair",
    "restore",
    "segment_name",
    "verify",
    "verify_segment",
]
