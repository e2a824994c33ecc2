"""Where the segments of a run lie, and what to say when there are none (NoSegmentsError)."""

from __future__ import annotations

from pathlib import Path

from archive.segments.writer import OPEN_SUFFIX, SUFFIX

WARC_FOLDER = "warc"
INDEX_NAME = "index.cdxj"


class NoSegmentsError(ValueError):
    """There is nothing to work on at a path; the message says what was looked for."""


def find_segments(path: Path) -> list[Path]:
    """The segments of a run's folder (in `warc/`), of a folder of segments, or the one given; sorted, `.open` ones too.

    Raises NoSegmentsError.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise NoSegmentsError(f"{path} is not there; give a run's output folder or a segment ({SUFFIX})")
    folder = path / WARC_FOLDER if (path / WARC_FOLDER).is_dir() else path
    segments = sorted(p for p in folder.iterdir() if p.is_file() and p.name.endswith((SUFFIX, SUFFIX + OPEN_SUFFIX)))
    if not segments:
        raise NoSegmentsError(f"{folder} holds no segments ({SUFFIX}); give a run's output folder or a segment")
    return segments
